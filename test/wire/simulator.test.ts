// The Responses wire and the classifier against the simulator, which other people wrote: every wording, every fault.
import { afterEach, describe, expect, it } from "vitest";
import {
  startSimulator,
  type FaultInput,
  type SealRefusalName,
  type Simulator,
} from "../../src/simulator/server.ts";
import { sealRefusalNames } from "../../src/simulator/seal-refusal.ts";
import { ask, failureOf, input, kinds } from "./ask.ts";

const running: Simulator[] = [];
afterEach(async () => {
  for (const simulator of running.splice(0)) await simulator.close();
});

async function simulate(...args: Parameters<typeof startSimulator>): Promise<Simulator> {
  const simulator = await startSimulator(...args);
  running.push(simulator);
  return simulator;
}

const prompt = '{"type":"message","role":"user","content":"hello"}';

/** A conversation of one turn whose reasoning the simulator sealed, as the next request would replay it. */
async function sealedTurn(simulator: Simulator): Promise<string[]> {
  const events = await ask(simulator.url, { change: { input: input(prompt) } });
  expect(events.at(-1)?.type).toBe("completed");
  return [
    prompt,
    ...events.flatMap((event) => (event.type === "item" ? [Buffer.from(event.item).toString()] : [])),
    prompt,
  ];
}

const classes: Partial<Record<SealRefusalName, string>> = { "token-expired": "auth-expired" };

describe("a key that was rotated", () => {
  it.each(sealRefusalNames)("is told as what it is in the wording %s", async (refusal) => {
    const simulator = await simulate({ scenario: { seal: { refusal } } });
    const history = await sealedTurn(simulator);
    expect(history.join()).toContain("encrypted_content");
    expect(kinds(await ask(simulator.url, { change: { input: input(...history) } })).at(-1)).toBe(
      "completed",
    );
    simulator.rotateKey();
    const failure = failureOf(await ask(simulator.url, { change: { input: input(...history) } }));
    expect(failure.class).toBe(classes[refusal] ?? "sealed-reasoning-rejected");
  });
});

describe("a fault", () => {
  const faults: [FaultInput, string][] = [
    [{ kind: "usage-limit", resets_in: "3s" }, "usage-limit"],
    [{ kind: "usage-limit", resets_in: "3s", as: "event" }, "usage-limit"],
    [{ kind: "rate-limit", told: "date" }, "rate-limit"],
    [{ kind: "rate-limit", told: "text", as: "failed" }, "rate-limit"],
    [{ kind: "quota" }, "billing"],
    [{ kind: "overloaded" }, "overloaded"],
    [{ kind: "overloaded", code: "slow_down", as: "event" }, "overloaded"],
    [{ kind: "context-overflow", as: "failed" }, "context-overflow"],
    [{ kind: "status", status: 500 }, "overloaded"],
    [{ kind: "status", status: 401 }, "auth-denied"],
    [{ kind: "cut" }, "transport-interrupted"],
    [{ kind: "garbage" }, "transport-interrupted"],
    [{ kind: "failed" }, "overloaded"],
    [{ kind: "incomplete" }, "output-limit"],
    [{ kind: "error-event" }, "overloaded"],
  ];
  it.each(faults)("%o is %s", async (fault, expected) => {
    const simulator = await simulate({ scenario: { fault: [fault] } });
    expect(failureOf(await ask(simulator.url)).class).toBe(expected);
  });

  it("of a plan's limit says when it ends, over HTTP and in the stream", async () => {
    for (const as of ["http", "event"] as const) {
      const simulator = await simulate({
        scenario: { fault: [{ kind: "usage-limit", resets_in: "30s", as }] },
      });
      const failure = failureOf(await ask(simulator.url));
      const { resetsAt, window } = failure.data as { resetsAt?: number; window?: string };
      expect(Math.abs((resetsAt ?? 0) - Date.now() - 30_000)).toBeLessThan(5_000);
      expect(window).toBe("5h");
    }
  });
});
