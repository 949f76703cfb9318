import { describe, expect, it } from "vitest";
import { circumstances, now, unknown } from "../../test/kit/circumstances.ts";
import { Failure } from "../failure.ts";
import type { FailureClass } from "../failure/catalogue.ts";
import type { Action } from "./action.ts";
import { type Circumstances, decide } from "./policy.ts";
import { Situation } from "./situation.ts";

type Reason = Failure<"transport-interrupted">["data"]["reason"];
const transport = (reason: Reason): Failure => new Failure("transport-interrupted", "m", { reason });
const overloaded = (retryAfterMs?: number): Failure =>
  new Failure("overloaded", "m", retryAfterMs === undefined ? {} : { retryAfterMs });
const rateLimit = (retryAfterMs?: number): Failure =>
  new Failure("rate-limit", "m", retryAfterMs === undefined ? {} : { retryAfterMs });
const usageLimit = (resetsAt?: number): Failure =>
  new Failure("usage-limit", "m", resetsAt === undefined ? {} : { resetsAt });
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
