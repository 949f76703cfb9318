import { describe, expect, it } from "vitest";
import { withoutParameters } from "./without.ts";

const body = { model: "m", reasoning: { effort: "high", summary: "auto" }, include: ["x"] };

describe("a request body without refused parameters", () => {
  it("is the same where none was refused, or one that it doesn't have", () => {
    expect(withoutParameters(body, undefined)).toEqual(body);
    expect(withoutParameters(body, ["temperature", "reasoning.budget.low"])).toEqual(body);
  });

  it("lacks a member, or a part of one, and an object that has nothing left", () => {
    expect(withoutParameters(body, ["include", "reasoning.effort"])).toEqual({
      model: "m",
      reasoning: { summary: "auto" },
    });
    expect(withoutParameters(body, ["reasoning.effort", "reasoning.summary"])).not.toHaveProperty(
      "reasoning",
    );
    expect(withoutParameters(body, ["reasoning"])).not.toHaveProperty("reasoning");
  });

  it("lacks tools of a type or of a name, or of every other type, and a choice of them", () => {
    const [call, patch, image] = [
      { type: "function", name: "run" },
      { type: "custom", name: "patch" },
      { type: "image_generation" },
    ];
    const tools = { model: "m", tools: [call, patch, image], tool_choice: { type: "image_generation" } };
    expect(withoutParameters(tools, ["tools[image_generation]"])).toEqual({
      model: "m",
      tools: [call, patch],
      tool_choice: "auto",
    });
    expect(withoutParameters({ ...tools, tool_choice: "required" }, ["tools[patch]"])).toEqual({
      model: "m",
      tools: [call, image],
      tool_choice: "required",
    });
    expect(withoutParameters(tools, ["tools[!function]"])["tools"]).toEqual([call]);
    expect(withoutParameters({ ...tools, tools: [image] }, ["tools[!function]"])).toEqual({ model: "m" });
    const both = { tools: [{ type: "function", name: "image_generation" }, image] };
    expect(withoutParameters(both, ["tools[image_generation]"])["tools"]).toEqual([both.tools[0]]);
    expect(withoutParameters(both, ["tools[name=image_generation]"])["tools"]).toEqual([image]);
    expect(withoutParameters({ tools: [both.tools[0]] }, ["tools[type=image_generation]"])).toEqual({
      tools: [both.tools[0]],
    });
    const chat = { tools: [{ type: "function", function: { name: "run" } }, image] };
    expect(withoutParameters(chat, ["tools[run]"])).toEqual({ tools: [image] });
  });

  it("lacks a tool of a namespace, which goes with its last one; a description gives way to the name", () => {
    const sleep = { type: "function", name: "sleep", parameters: { type: "object" } };
    const update = { type: "function", name: "update", parameters: { anyOf: [] } };
    const clock = { type: "namespace", name: "clock", description: "", tools: [sleep, update] };
    const both = { tools: [clock, sleep] };
    const only = { ...clock, tools: [sleep] };
    expect(withoutParameters(both, ["tools[name=clock__update]"])).toEqual({ tools: [only, sleep] });
    expect(withoutParameters(both, ["tools[parameters!=object]"])).toEqual({ tools: [only, sleep] });
    expect(withoutParameters({ tools: [only, sleep] }, ["tools[name=clock__sleep]"])).toEqual({
      tools: [sleep],
    });
    expect(withoutParameters(both, ["tools[name=update]"])).toEqual(both);
    const described = { ...clock, description: "clock" };
    expect(withoutParameters(both, ["tools[name=clock].description"])).toEqual({ tools: [described, sleep] });
    const run = { name: "run", description: "x".repeat(9) };
    const chat = { tools: [{ type: "function", function: run }] };
    expect(withoutParameters(chat, ["tools[name=run].description"])).toEqual({
      tools: [{ type: "function", function: { ...run, description: "run" } }],
    });
  });

  it("lacks a member of every tool, also one that was named without its place", () => {
    const tools = (member: object): object => ({
      tools: [
        { type: "function", name: "run", ...member },
        { type: "function", function: { name: "run", ...member } },
      ],
    });
    for (const name of ["tools[].strict", "strict"])
      expect(withoutParameters(tools({ strict: true }), [name])).toEqual(tools({}));
  });

  it("has another value where only one is taken, and knows the names of chat endpoints", () => {
    expect(withoutParameters({ store: true }, ["store=false"])).toEqual({ store: false });
    const text = { text: { verbosity: "low", format: { type: "text" } }, reasoning: { effort: "high" } };
    expect(withoutParameters(text, ["verbosity", "reasoning_effort"])).toEqual({
      text: { format: { type: "text" } },
    });
    expect(withoutParameters({ ...text, verbosity: "low" }, ["verbosity"])).toEqual(text);
  });

  it("keeps its items, whatever of them was refused", () => {
    const items = { input: [{ namespace: "x" }], messages: [] };
    expect(withoutParameters(items, ["input[].namespace", "messages.name"])).toEqual(items);
  });
});
