import { describe, it } from "vitest";
import { type Desk, openDesk } from "./desk.ts";
import type { Fault } from "./upstream.ts";

const refuse = (message: string, more: object = {}): Fault => ({
  do: "refuse",
  status: 400,
  body: { error: { message, type: "invalid_request_error", param: null, code: null, ...more } },
});

/** Two turns with a tool each: four sealed reasoning items, two calls. */
async function talked(desk: Desk): Promise<string> {
  desk.upstream.script("look", [{ run: "echo ran >> ran.txt; echo seen" }], [{ say: "Looked." }]);
  await desk.run(["exec", "look", "--approval", "all"]);
  await desk.run(["exec", "resume", "--last", "look", "--approval", "all"]);
  const call = desk.upstream.requests.at(-1)?.input.find((item) => item["type"] === "function_call");
  return String(call?.["call_id"]);
}

describe.concurrent("several poisons at once, in words that no sample has", () => {
  const combinations: readonly [string, (call: string) => Fault[], requests: number][] = [
    [
      "a dead seal behind an overlong reasoning content",
      () => [
        refuse("input[3].content holds more elements than allowed", {
          code: "array_above_max_length",
          param: "input[3].content",
        }),
      ],
      3,
    ],
    [
      "a dead seal behind a call that the provider finds no output for",
      (call) => [refuse(`tool call ${call} was never answered: missing output`)],
      3,
    ],
    [
      "a dead seal behind an unsupported parameter behind a duplicate",
      () => [
        refuse("The parameter is not supported by this endpoint: unknown parameter", {
          param: "prompt_cache_key",
          code: "unknown_parameter",
        }),
        refuse("Item appears more than once in the input (duplicate id)."),
      ],
      6,
    ],
  ];

  it.for(combinations)(
    "%s: the session goes on within 6 repairs, and the next turn is one request",
    async ([, faults, most], { expect, onTestFinished }) => {
      const desk = await openDesk(onTestFinished);
      const { upstream } = desk;
      const call = await talked(desk);
      upstream.rotate();
      upstream.plan(...faults(call));
      const before = upstream.requests.length;
      const healed = await desk.run(["exec", "resume", "--last", "hello"]);
      expect(healed.status, healed.err).toBe(0);
      const spent = upstream.requests.length - before;
      expect(
        spent,
        upstream.requests
          .slice(before)
          .map(({ outcome }) => outcome)
          .join("; "),
      ).toBeLessThanOrEqual(most);
      expect(desk.lines("ran.txt")).toHaveLength(2);
      const texts = JSON.stringify(upstream.requests.at(-1)?.input);
      for (const kept of ["look", "Looked.", "seen"]) expect(texts).toContain(kept);

      const next = upstream.requests.length;
      expect((await desk.run(["exec", "resume", "--last", "again"])).status).toBe(0);
      expect(upstream.requests.length - next).toBe(1);
    },
  );
});
