import { fc } from "../../test/kit/property.ts";
import { expect, it } from "vitest";
import type { JsonObject } from "../lib/json.ts";
import { answer } from "./model.ts";
import { isRefusal } from "./refusal.ts";
import { parseRequest } from "./responses/request.ts";
import { checkScenario } from "./scenario-file.ts";
import type { StepInput } from "./scenario.ts";

const names = ["a", "b", "c"];
const steps = fc
  .array(
    fc.record({
      say: fc.option(fc.constantFrom("x", "{{output}}"), { nil: undefined }),
      calls: fc.nat(2),
      go: fc.array(fc.constantFrom("0", "1", "2", "end"), { maxLength: 2 }),
    }),
    { minLength: 3, maxLength: 3 },
  )
  .map((drawn) =>
    drawn.map(({ say, calls, go }, at): StepInput => {
      const next = go.map((to, rule) => ({
        go: names[Number(to)] ?? "end",
        ...(rule === 0 && { when: "1" }),
      }));
      const call = Array.from({ length: calls }, () => ({ shell: "ls" }));
      return { name: names[at], call, next, ...((say !== undefined || calls === 0) && { say: say ?? "x" }) };
    }),
  );

const item = fc.constantFrom<JsonObject>(
  { role: "user", content: "go" },
  { role: "assistant", content: "x" },
  { type: "reasoning", summary: [] },
  { type: "function_call", call_id: "1", name: "bash", arguments: "{}" },
  { type: "function_call_output", call_id: "1", output: "1" },
  { type: "thought" },
);

it("any history of any script, loops included, has an answer, and always the same", () => {
  fc.assert(
    fc.property(steps, fc.array(item, { maxLength: 30 }), (script, input) => {
      const scenario = checkScenario({ turn: [{ step: script }] });
      const request = parseRequest(
        JSON.stringify({ model: "m", input, tools: [{ type: "function", name: "bash" }] }),
      );
      if (isRefusal(request)) throw new Error("the request is whole");
      const first = answer(scenario, request);
      expect(first.outputs.length).toBeGreaterThan(0);
      expect(answer(scenario, request)).toEqual(first);
    }),
  );
});

it("a client that keeps any part of each response is taken through the whole script in order", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(2), { minLength: 1, maxLength: 5 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 3 })),
      (calls, cuts) => {
        const script = calls.map((count, at): StepInput => {
          const call = Array.from({ length: count }, (_, nth) => ({ shell: `${at}.${nth}` }));
          return { call, ...(count === 0 && { say: `${at}` }) };
        });
        const scenario = checkScenario({ turn: [{ step: [...script, { say: "end" }] }] });
        const input: JsonObject[] = [{ role: "user", content: "go" }];
        for (let round = 0; round < 40; round++) {
          const request = parseRequest(
            JSON.stringify({ model: "m", input, tools: [{ type: "function", name: "bash" }] }),
          );
          if (isRefusal(request)) throw new Error("the request is whole");
          const { outputs } = answer(scenario, request);
          if (outputs.some((output) => output.type === "message" && output.text === "end")) break;
          for (const output of outputs.slice(0, cuts.next().value)) {
            if (output.type !== "function_call") {
              input.push({ role: "assistant", content: "text" in output ? output.text : output.input });
              continue;
            }
            const id = `call_${input.length}`;
            input.push({ type: "function_call", call_id: id, name: output.name, arguments: output.input });
            input.push({ type: "function_call_output", call_id: id, output: "" });
          }
        }
        const ran = input.flatMap(({ type, arguments: text }) =>
          type === "function_call" ? [(JSON.parse(text as string) as { command: string }).command] : [],
        );
        expect(ran).toEqual(script.flatMap(({ call = [] }) => call.map(({ shell }) => shell)));
      },
    ),
  );
});
