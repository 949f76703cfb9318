import { fc } from "../kit/property.ts";
import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { sealRefusalNames } from "../../src/simulator/seal-refusal.ts";
import { prompt } from "../kit/simulator-client.ts";
import { both, client, closeBoth, inputOf, last, send, talk } from "./client.ts";

afterEach(closeBoth);

const call = (id: string): JsonObject => ({
  type: "function_call",
  call_id: id,
  name: "shell_command",
  arguments: "{}",
});
const output = (id: string): JsonObject => ({ type: "function_call_output", call_id: id, output: "done" });
const said = (id: string, text = "Said."): JsonObject => ({
  type: "message",
  role: "assistant",
  id,
  content: [{ type: "output_text", text }],
});
const long = `call_${"x".repeat(90)}`;

/** What a broken client may have in its history; each by itself is refused. */
const poisons: Readonly<Record<string, readonly JsonObject[]>> = {
  "a call without output": [call("call_a")],
  "an output without call": [output("call_b")],
  "an item twice": [said("msg_1"), said("msg_1")],
  "one id for two items": [said("msg_2"), prompt("between"), said("msg_2", "Other.")],
  "reasoning by its id": [{ type: "reasoning", id: "rs_1", summary: [] }, said("msg_3")],
  "a reference": [{ type: "item_reference", id: "msg_9" }],
  "a long call id": [call(long), output(long)],
  "an id of another shape": [said("item_1")],
  "words in sealed reasoning": [
    {
      type: "reasoning",
      summary: [],
      content: [{ type: "reasoning_text", text: "hm" }],
      encrypted_content: "gAAAAABpZ3Zk",
    },
    said("msg_4"),
  ],
  "a blob that was cut": [
    { type: "reasoning", summary: [], encrypted_content: "gAAAAABp…Zk" },
    said("msg_5"),
  ],
  "a foreign blob": [
    { type: "reasoning", summary: [], encrypted_content: `gAAAAABp${"Zk8x".repeat(20)}` },
    said("msg_6"),
  ],
  "an unknown type": [{ type: "thought_bubble", text: "?" }],
};

describe("several poisons in one history", () => {
  it("are healed together in a few requests, and cost none from then on", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(Object.keys(poisons), { minLength: 1 }),
        fc.constantFrom(...sealRefusalNames),
        fc.boolean(),
        async (names, refusal, isRotated) => {
          const { simulator, gateway } = await both({ ...talk, seal: { refusal } });
          try {
            const codex = client(gateway);
            await codex.say("one");
            if (isRotated) simulator.rotateKey();
            const input = [
              ...codex.input,
              ...names.flatMap((name) => [...(poisons[name] ?? []), prompt(name)]),
            ];
            simulator.reset();
            expect(last(await send(gateway, input, { prompt_cache_key: "c" }))).toBe("response.completed");
            const { length } = simulator.requests;
            expect(length).toBeLessThanOrEqual(7);
            // Nothing that a person said is missing.
            const sent = JSON.stringify(inputOf(simulator.requests.at(-1)));
            for (const name of names) expect(sent).toContain(JSON.stringify(name));
            const more = [...input, said("msg_8"), prompt("more")];
            expect(last(await send(gateway, more, { prompt_cache_key: "c" }))).toBe("response.completed");
            expect(simulator.requests).toHaveLength(length + 1);
          } finally {
            await closeBoth();
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});
