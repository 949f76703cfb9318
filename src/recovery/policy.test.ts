import { describe, expect, it } from "vitest";
import { sealedBlob, WrittenLog } from "../../test/property/written-log.ts";
import { Failure } from "../failure.ts";
import type { FailureClass } from "../failure/catalogue.ts";
import { chat } from "../replay/contracts/chat.ts";
import { copilot } from "../replay/contracts/copilot.ts";
import { deepseek } from "../replay/contracts/deepseek.ts";
import { gemini } from "../replay/contracts/gemini.ts";
import { openai } from "../replay/contracts/openai.ts";
import { shortCallId } from "../replay/call-ids.ts";
import { project } from "../replay/project.ts";
import type { Action } from "./action.ts";
import { type Circumstances, decide } from "./policy.ts";
import { Situation } from "./situation.ts";

const now = 1_000_000;

function circumstances(given: Partial<Circumstances> = {}): Circumstances {
  const projection = project(openai, { issuer: "here", quarantines: [] }, []);
  return { now, random: 0.5, wait: false, projection, upTo: 0, ...given };
}

type Reason = Failure<"transport-interrupted">["data"]["reason"];
const transport = (reason: Reason): Failure => new Failure("transport-interrupted", "m", { reason });
const overloaded = (retryAfterMs?: number): Failure =>
  new Failure("overloaded", "m", retryAfterMs === undefined ? {} : { retryAfterMs });
const rateLimit = (retryAfterMs?: number): Failure =>
  new Failure("rate-limit", "m", retryAfterMs === undefined ? {} : { retryAfterMs });
const usageLimit = (resetsAt?: number): Failure =>
  new Failure("usage-limit", "m", resetsAt === undefined ? {} : { resetsAt });
const sealed = (): Failure => new Failure("sealed-reasoning-rejected", "m", {});
const unknown = (status?: number): Failure =>
  new Failure(
    "unknown-provider-failure",
    "m",
    {},
    { signal: { source: "http", message: "m", ...(status !== undefined && { status }) } },
  );

/** The delays of the retries until something else is decided, and that. */
function untilOther(failure: Failure, given: Partial<Circumstances> = {}): { delays: number[]; end: Action } {
  const situation = new Situation();
  const delays: number[] = [];
  for (;;) {
    const action = decide(failure, situation, circumstances(given));
    if (action.do !== "retry") return { delays, end: action };
    delays.push(action.delayMs);
    if (delays.length > 50) throw new Error("it never ends");
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe("a failed connection", () => {
  it("that was cut is tried again five times, with growing delays", () => {
    const { delays, end } = untilOther(transport("cut"));
    expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000]);
    expect(end).toEqual({ do: "stop", class: "transport-interrupted" });
  });

  it.each(["refused", "unresolved"] as const)(
    "that is %s every time ends the turn after four tries and within eight seconds",
    (reason) => {
      const { delays, end } = untilOther(transport(reason), { random: 0.999 });
      expect(delays).toHaveLength(3);
      expect(sum(delays)).toBeLessThan(8_000);
      expect(end).toEqual({ do: "stop", class: "transport-interrupted" });
    },
  );

  it("that fell silent is tried again twice", () => {
    expect(untilOther(transport("idle")).delays).toHaveLength(2);
  });

  it("is counted apart from other failures, and anew when a step has succeeded", () => {
    const situation = new Situation();
    for (let at = 0; at < 5; at++) decide(transport("cut"), situation, circumstances());
    expect(decide(overloaded(), situation, circumstances()).do).toBe("retry");
    expect(decide(transport("cut"), situation, circumstances()).do).toBe("stop");
    situation.progressed();
    expect(decide(transport("cut"), situation, circumstances())).toEqual({ do: "retry", delayMs: 250 });
  });
});

describe("an overloaded provider", () => {
  it("is past three 500s in under three seconds", () => {
    expect(sum(untilOther(overloaded(), { random: 0.999 }).delays.slice(0, 3))).toBeLessThan(2_500);
  });

  it("is asked a bounded number of times", () => {
    expect(untilOther(overloaded()).delays).toHaveLength(6);
  });

  it("gets the time that it asks for", () => {
    expect(decide(overloaded(5_000), new Situation(), circumstances())).toEqual({
      do: "retry",
      delayMs: 5_175,
    });
  });

  it("isn't asked sooner than without a time when it asks for a shorter one", () => {
    expect(untilOther(overloaded(1)).delays).toEqual(untilOther(overloaded()).delays);
  });
});

describe("a rate limit", () => {
  it("is waited out as long as the provider asks, never shorter, and not much longer", () => {
    for (const random of [0, 0.999]) {
      const action = decide(rateLimit(28), new Situation(), circumstances({ random }));
      expect(action.do === "retry" && action.delayMs).toBeGreaterThanOrEqual(28);
      expect(action.do === "retry" && action.delayMs).toBeLessThan(300);
    }
    expect(untilOther(rateLimit()).delays[0]).toBe(1_000);
  });

  it("of more than a minute ends the turn as limited, unless the person waits", () => {
    expect(decide(rateLimit(61_000), new Situation(), circumstances())).toEqual({
      do: "park",
      until: now + 61_000,
    });
    const waiting = decide(rateLimit(61_000), new Situation(), circumstances({ wait: true }));
    expect(waiting.do === "wait" && waiting.until).toBeGreaterThanOrEqual(now + 61_000);
  });
});

describe("a usage limit", () => {
  it("parks the session with the reset time, or without when nobody knows it", () => {
    expect(decide(usageLimit(now + 5_000), new Situation(), circumstances())).toEqual({
      do: "park",
      until: now + 5_000,
    });
    expect(decide(usageLimit(), new Situation(), circumstances({ wait: true }))).toEqual({ do: "park" });
  });

  it("is waited for until just after the reset", () => {
    for (const random of [0, 0.999]) {
      const action = decide(usageLimit(now + 3_000), new Situation(), circumstances({ wait: true, random }));
      expect(action.do === "wait" && action.until).toBeGreaterThanOrEqual(now + 3_000);
      expect(action.do === "wait" && action.until).toBeLessThan(now + 3_400);
    }
  });

  it("that is met again is waited for again, a bounded number of times", () => {
    const situation = new Situation();
    const waits: Action[] = [];
    for (let at = now; ; at += 10_000) {
      const action = decide(usageLimit(at + 9_000), situation, circumstances({ wait: true, now: at }));
      waits.push(action);
      if (action.do === "park") break;
    }
    expect(waits.map((action) => action.do)).toEqual(["wait", "wait", "wait", "park"]);
  });

  it.each([0, 5])(
    "that names a time which is past, because the clocks differ, is asked a moment later: %i ms later than it named first",
    (later) => {
      const situation = new Situation();
      const given = circumstances({ wait: true, random: 0, now: now + 10 });
      decide(usageLimit(now), situation, given);
      const again = decide(usageLimit(now + later), situation, given);
      expect(again).toEqual({ do: "wait", until: now + 1_010 });
    },
  );

  it("that was sat out before the turn began is its wait: the same time is asked for a moment later, and once it went on, no more", () => {
    const situation = new Situation({ hasWaited: true });
    const waiting = circumstances({ wait: true, random: 0 });
    expect(decide(usageLimit(now), situation, waiting)).toEqual({ do: "wait", until: now + 1_000 });
    expect(decide(usageLimit(now), situation, waiting)).toEqual({ do: "wait", until: now + 4_000 });
    expect(decide(usageLimit(now), situation, waiting).do).toBe("park");
    const other = new Situation({ hasWaited: true });
    other.progressed();
    expect(decide(usageLimit(now + 99), other, waiting).do).toBe("park");
    const none = new Situation();
    none.progressed();
    expect(decide(usageLimit(now + 99), none, waiting).do).toBe("wait");
  });

  it("is waited for once a turn: one continuation", () => {
    const situation = new Situation();
    decide(usageLimit(now + 10), situation, circumstances({ wait: true }));
    situation.progressed();
    expect(decide(usageLimit(now + 99), situation, circumstances({ wait: true })).do).toBe("park");
  });
});

describe("what can't be helped", () => {
  it.each<[FailureClass]>([
    ["billing"],
    ["refusal"],
    ["auth-denied"],
    ["auth-expired"],
    ["model-missing"],
    ["output-limit"],
    ["lease-lost"],
  ])("stops the turn with its class: %s", (failureClass) => {
    expect(
      decide(new Failure<FailureClass>(failureClass, "m", {} as never), new Situation(), circumstances()),
    ).toEqual({
      do: "stop",
      class: failureClass,
    });
  });

  it("ends as interrupted when the person cancelled", () => {
    expect(decide(new Failure("cancelled", "m", {}), new Situation(), circumstances())).toEqual({
      do: "interrupt",
    });
  });

  it("is tried twice when nobody knows what it is, and never when the request itself was refused", () => {
    expect(untilOther(unknown()).delays).toHaveLength(2);
    expect(untilOther(new Failure("unknown-provider-failure", "m", {})).delays).toHaveLength(2);
    expect(untilOther(unknown(400))).toEqual({
      delays: [],
      end: { do: "stop", class: "unknown-provider-failure" },
    });
    for (const status of [404, 418, 499]) expect(untilOther(unknown(status)).delays).toEqual([]);
    for (const status of [399, 500]) expect(untilOther(unknown(status)).delays).toHaveLength(2);
  });
});

describe("poison", () => {
  function poisoned(): Partial<Circumstances> {
    const log = new WrittenLog();
    log.addItem(
      { type: "reasoning", id: "rs_1", encrypted_content: sealedBlob(5, "a") },
      { turn: 1, step: 1, issuer: "here" },
    );
    log.addItem({ type: "message", role: "assistant", content: [] }, { turn: 1, step: 1 });
    return { projection: project(openai, { issuer: "here", quarantines: [] }, log.history.items), upTo: 1 };
  }

  it("is repaired, with a line for the person", () => {
    const action = decide(sealed(), new Situation(), circumstances(poisoned()));
    expect(action).toMatchObject({ do: "repair", quarantine: { rung: 1, count: 1 } });
    expect(action.do === "repair" && action.notice).toContain(
      "could not be decrypted; 1 item set aside; all messages and tool results kept",
    );
  });

  it("in words that nobody knows is tried without one thing after the other, for as long as those are what is refused", () => {
    const given = circumstances(poisoned());
    for (const status of [400, 409, 422])
      expect(decide(unknown(status), new Situation(), given)).toMatchObject({
        do: "try",
        quarantine: { rung: 1 },
      });
    const known = new Failure(
      "sealed-reasoning-rejected",
      "m",
      {},
      { signal: { source: "http", message: "m", status: 400 } },
    );
    expect(decide(known, new Situation(), given).do).toBe("repair");
    // Only where something was left out can it be missed.
    const missed = new Failure("reasoning-unpaired", "m", {});
    expect(decide(missed, new Situation(), given).do).toBe("repair");
    const situation = new Situation();
    decide(unknown(400), situation, given);
    expect(decide(missed, situation, given)).toMatchObject({ do: "try", quarantine: { rung: 2 } });
    expect(decide(known, situation, given).do).toBe("repair");
    situation.progressed();
    expect(decide(missed, situation, given).do).toBe("repair");
    expect(decide(unknown(400), situation, given)).toMatchObject({ do: "try", quarantine: { rung: 1 } });
    expect(decide(unknown(400), situation, given)).toMatchObject({ do: "try" });
    expect(situation.repairs, "trials count as repairs do").toBe(6);
    expect(decide(unknown(400), situation, given).do).toBe("stop");
  });

  it("that may be told as an expired token is tried once without what another backend sealed", () => {
    const given = circumstances(poisoned());
    const refusal = (code: string): Failure =>
      new Failure("auth-expired", "m", {}, { signal: { source: "http", message: "m", status: 401, code } });
    const expired = refusal("token_expired");
    const situation = new Situation();
    expect(decide(expired, situation, given)).toMatchObject({ do: "try", quarantine: { rung: 1 } });
    expect(decide(expired, situation, given)).toEqual({ do: "stop", class: "auth-expired" });
    expect(decide(refusal("invalid_api_key"), new Situation(), given).do).toBe("stop");
    expect(decide(expired, new Situation(), circumstances(withCalls("a"))).do).toBe("stop");
  });

  it("ends the turn as unrecoverable when no repair would change the request", () => {
    const nothing = project(
      openai,
      {
        issuer: "here",
        quarantines: [
          { rung: 2, why: "w", refusedBy: "here", scope: { kind: "sealed", through: 9 }, count: 1 },
        ],
      },
      [],
    );
    expect(decide(sealed(), new Situation(), circumstances({ projection: nothing }))).toEqual({
      do: "stop",
      class: "unrecoverable",
    });
  });

  it("is repaired six times a turn at most, also when steps succeed in between", () => {
    const situation = new Situation();
    const done: string[] = [];
    for (let at = 0; at < 7; at++) {
      done.push(decide(sealed(), situation, circumstances(poisoned())).do);
      situation.progressed();
    }
    expect(done).toEqual(["repair", "repair", "repair", "repair", "repair", "repair", "stop"]);
  });

  const broken = (call?: string): Failure =>
    new Failure("call-without-output", "m", call === undefined ? {} : { call });

  function withCalls(...calls: string[]): Partial<Circumstances> {
    const log = new WrittenLog();
    for (const call of calls) {
      log.addItem({ type: "function_call", call_id: call, name: "t", arguments: "{}" }, { turn: 1, step: 1 });
      log.addItem(
        { type: "function_call_output", call_id: call, output: "o" },
        { turn: 1, step: 1, origin: "tool" },
      );
    }
    return { projection: project(openai, { issuer: "here", quarantines: [] }, log.history.items), upTo: 9 };
  }

  it("of a broken pair is repaired once for each call, and then by words in place of calls", () => {
    const situation = new Situation();
    const given = circumstances(withCalls("a", "b"));
    expect(decide(broken("a"), situation, given)).toMatchObject({ do: "repair-pairs", call: "a" });
    expect(decide(broken("b"), situation, given).do).toBe("repair-pairs");
    expect(decide(broken("a"), situation, given)).toMatchObject({ do: "repair", quarantine: { rung: 5 } });
  });

  it("that a step has left behind isn't counted for the next one: a blob goes by itself again, and a pair is mended again", () => {
    const log = new WrittenLog();
    for (const step of [1, 2, 3, 4]) {
      const place = { turn: 1, step, issuer: "here" };
      const id = `rs_${step}`;
      log.addItem({ type: "reasoning", id, summary: [], encrypted_content: sealedBlob(step, id) }, place);
      log.addItem({ type: "message", id: `msg_${step}`, role: "assistant", content: [] }, place);
    }
    const given = circumstances({
      projection: project(openai, { issuer: "here", quarantines: [] }, log.history.items),
      upTo: 9,
    });
    const refused = (item: string): Failure => new Failure("sealed-reasoning-rejected", "m", { item });
    const situation = new Situation();
    const alone = { do: "repair", quarantine: { rung: 0, count: 1 } };
    expect(decide(refused("rs_2"), situation, given)).toMatchObject(alone);
    expect(decide(refused("rs_3"), situation, given)).toMatchObject({ quarantine: { rung: 1 } });
    situation.progressed();
    expect(decide(refused("rs_3"), situation, given)).toMatchObject(alone);

    const pairs = circumstances(withCalls("a"));
    expect(decide(broken("a"), situation, pairs).do).toBe("repair-pairs");
    situation.progressed();
    expect(decide(broken("a"), situation, pairs).do).toBe("repair-pairs");
  });

  it("of pairs is repaired six times a turn at most", () => {
    const situation = new Situation();
    const calls = ["a", "b", "c", "d", "e", "f", "g"];
    const given = circumstances(withCalls(...calls));
    const done = calls.map((call) => decide(broken(call), situation, given).do);
    expect(done).toEqual([...Array.from({ length: 6 }, () => "repair-pairs"), "stop"]);
    expect(decide(unknown(400), situation, given), "nor is anything tried then").toEqual({
      do: "stop",
      class: "unknown-provider-failure",
    });
  });

  it("of a pair that the error doesn't name, or names wrongly, goes straight to words", () => {
    for (const failure of [broken(), broken("c")])
      expect(decide(failure, new Situation(), circumstances(withCalls("a")))).toMatchObject({
        do: "repair",
        quarantine: { scope: { kind: "transcript" } },
      });
  });

  it("is told the call's own id, when the error names the one that was sent", () => {
    const long = `call_${"x".repeat(80)}`;
    const given = circumstances(withCalls(long));
    const sent = shortCallId(long, 64);
    expect(decide(broken(sent), new Situation(), given)).toMatchObject({ do: "repair-pairs", call: long });
  });

  it("that no repair helps rotates the session, once and only where that can be done", () => {
    const given = circumstances({ canRotate: true });
    const nothing = project(
      openai,
      {
        issuer: "here",
        quarantines: [
          { rung: 2, why: "w", refusedBy: "here", scope: { kind: "sealed", through: 9 }, count: 1 },
        ],
      },
      [],
    );
    const situation = new Situation();
    const before = situation.repairs;
    expect(decide(sealed(), situation, { ...given, projection: nothing }).do).toBe("rotate");
    expect(situation.repairs, "it counts as a repair").toBe(before + 1);
    expect(decide(sealed(), situation, { ...given, projection: nothing })).toEqual({
      do: "stop",
      class: "unrecoverable",
    });
    const unrotatable = circumstances({ projection: nothing });
    expect(decide(sealed(), new Situation(), unrotatable).do).toBe("stop");
  });

  it.each([
    ["chat", chat, "stop"],
    ["copilot", copilot, "rotate"],
    ["deepseek", deepseek, "rotate"],
    ["gemini", gemini, "rotate"],
    ["a chat that takes ids", { ...chat, itemIds: "keep" }, "rotate"],
    ["a chat that takes seals", { ...chat, sealed: "replay-same-issuer" }, "rotate"],
  ] as const)(
    "that no repair helps rotates only where the successor's request is another (%s)",
    (_name, contract, does) => {
      const projection = project(contract, { issuer: "here", quarantines: [] }, []);
      const given = circumstances({ canRotate: true, projection });
      expect(decide(new Failure("duplicate-item", "m", {}), new Situation(), given).do).toBe(does);
    },
  );

  it("that no repair helps rotates a chat in which images were sent: a successor has none", () => {
    const log = new WrittenLog();
    const image = { type: "input_image", image_url: "data:image/png;base64,AA==" };
    log.addItem({ type: "message", role: "user", content: [image] }, { turn: 1, step: 1, origin: "input" });
    const projection = project(chat, { issuer: "here", quarantines: [] }, log.history.items);
    const given = circumstances({ canRotate: true, projection, upTo: log.history.lastSeq });
    const situation = new Situation();
    const refused = (): Action => decide(new Failure("duplicate-item", "m", {}), situation, given);
    expect(refused()).toMatchObject({ do: "repair", quarantine: { scope: { kind: "transcript" } } });
    const quarantines = [...situation.climbed];
    given.projection = project(chat, { issuer: "here", quarantines }, log.history.items);
    expect(refused().do).toBe("rotate");
  });

  it("that is too long after three tries rotates where a successor is sent less and can be made", () => {
    const overflow = new Failure("context-overflow", "m", {});
    const ends = (given: Partial<Circumstances>): Action[] => {
      const situation = new Situation();
      return [1, 2, 3, 4, 5].map(() => decide(overflow, situation, circumstances(given)));
    };
    const stop = { do: "stop", class: "context-overflow" };
    expect(ends({ ...poisoned(), canRotate: true })).toMatchObject([
      { do: "compact", how: "summarise" },
      { do: "compact", how: "trim" },
      { do: "compact", how: "trim" },
      { do: "rotate" },
      stop,
    ]);
    expect(ends(poisoned())[3]).toEqual(stop);
    expect(ends({ canRotate: true })[3]).toEqual(stop);
  });

  it("that is about a setting or an earlier response rotates nothing: a successor would be refused as well", () => {
    for (const failure of [
      new Failure("parameter-unsupported", "m", {}),
      new Failure("chain-missing", "m", {}),
    ])
      expect(decide(failure, new Situation(), circumstances({ canRotate: true }))).toEqual({
        do: "stop",
        class: failure.class,
      });
  });
});
