import { describe, expect, it } from "vitest";
import { circumstances, sealed, unknown } from "../../test/kit/circumstances.ts";
import { here, projected, setAside } from "../../test/kit/projected.ts";
import { sealedBlob, WrittenLog } from "../../test/property/written-log.ts";
import { Failure } from "../failure.ts";
import { chat } from "../replay/contracts/chat.ts";
import { copilot } from "../replay/contracts/copilot.ts";
import { deepseek } from "../replay/contracts/deepseek.ts";
import { gemini } from "../replay/contracts/gemini.ts";
import { openai } from "../replay/contracts/openai.ts";
import { shortCallId } from "../replay/call-ids.ts";
import type { Action } from "./action.ts";
import { type Circumstances, decide } from "./policy.ts";
import { Situation } from "./situation.ts";

describe("poison", () => {
  function poisoned(): Partial<Circumstances> {
    const log = new WrittenLog();
    log.addItem(
      { type: "reasoning", id: "rs_1", encrypted_content: sealedBlob(5, "a") },
      { turn: 1, step: 1, issuer: here },
    );
    log.addItem({ type: "message", role: "assistant", content: [] }, { turn: 1, step: 1 });
    return { projection: projected(log), upTo: 1 };
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
    const nothing = projected(new WrittenLog(), openai, [setAside({ kind: "sealed", through: 9 })]);
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
    return { projection: projected(log), upTo: 9 };
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
      const place = { turn: 1, step, issuer: here };
      const id = `rs_${step}`;
      log.addItem({ type: "reasoning", id, summary: [], encrypted_content: sealedBlob(step, id) }, place);
      log.addItem({ type: "message", id: `msg_${step}`, role: "assistant", content: [] }, place);
    }
    const given = circumstances({
      projection: projected(log),
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
    const nothing = projected(new WrittenLog(), openai, [setAside({ kind: "sealed", through: 9 })]);
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
      const projection = projected(new WrittenLog(), contract);
      const given = circumstances({ canRotate: true, projection });
      expect(decide(new Failure("duplicate-item", "m", {}), new Situation(), given).do).toBe(does);
    },
  );

  it("that no repair helps rotates a chat in which images were sent: a successor has none", () => {
    const log = new WrittenLog();
    const image = { type: "input_image", image_url: "data:image/png;base64,AA==" };
    log.addItem({ type: "message", role: "user", content: [image] }, { turn: 1, step: 1, origin: "input" });
    const projection = projected(log, chat);
    const given = circumstances({ canRotate: true, projection, upTo: log.history.lastSeq });
    const situation = new Situation();
    const refused = (): Action => decide(new Failure("duplicate-item", "m", {}), situation, given);
    expect(refused()).toMatchObject({ do: "repair", quarantine: { scope: { kind: "transcript" } } });
    given.projection = projected(log, chat, [...situation.climbed]);
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
