import { describe, expect, it } from "vitest";
import { call, output, prompt, reasoning } from "../../test/kit/items.ts";
import { here, projected, rulesOf, sent, setAside, types } from "../../test/kit/projected.ts";
import { WrittenLog } from "../../test/property/written-log.ts";
import { chat } from "./contracts/chat.ts";
import { openai } from "./contracts/openai.ts";

const model = { turn: 1, step: 1, issuer: here };
const tool = { turn: 1, step: 1, origin: "tool" } as const;

describe("calls and outputs", () => {
  describe("among which stands what a search for tools has found", () => {
    const log = new WrittenLog();
    log.addItem(prompt(), { ...model, origin: "input" });
    log.addItem({ type: "tool_search_call", call_id: "s", execution: "client", arguments: {} }, model);
    log.addItem(call("a"), model);
    log.addItem({ type: "tool_search_output", call_id: "s", execution: "client", tools: [] }, tool);
    log.addItem(output("a"), tool);
    const search = ["tool_search_call", "function_call"];

    it("stand in the order in which they came", async () => {
      const whole = [...search, "tool_search_output", "function_call_output"];
      expect(types(await sent(log)).slice(1)).toEqual(whole);
    });

    it("stand in that order at the head of a window, which may have lost the search as well", async () => {
      const head = new WrittenLog();
      head.addItem(call("a"), model);
      head.addItem({ type: "tool_search_output", call_id: "s", execution: "client", tools: [] }, tool);
      head.addItem(output("a"), tool);
      const found = ["function_call", "tool_search_output", "function_call_output"];
      expect(types(await sent(head))).toEqual(found);
      const alone = new WrittenLog();
      alone.addItem({ type: "tool_search_output", call_id: "s", execution: "client", tools: [] }, tool);
      alone.addItem(prompt(), { ...model, origin: "input" });
      expect(types(await sent(alone))).toEqual(["tool_search_output", "message"]);
    });

    it("stand before it where it goes as words, which may not part a call from its output", async () => {
      const answered = ["function_call", "function_call_output", "message"];
      expect(types(await sent(log, chat)).slice(1)).toEqual(["message", ...answered]);
      const refused = setAside({ kind: "item-type", itemType: "tool_search_output" });
      expect(types(await sent(log, openai, [refused])).slice(2)).toEqual(answered);
    });
  });

  it("are left as they are when they pair up, but for their ids", async () => {
    const log = new WrittenLog();
    log.addItem(call("a"), model);
    log.addItem(output("a"), tool);
    const { id: _id, ...detached } = call("a") as { id: string };
    expect(await sent(log)).toEqual([detached, output("a")]);
    expect(rulesOf(projected(log))).toEqual([]);
  });

  it("get an answer of unknown outcome where the output is missing, of the right kind", async () => {
    const log = new WrittenLog();
    log.addItem({ type: "custom_tool_call", call_id: "a", name: "apply_patch", input: "x" }, model);
    log.addItem(prompt(), { ...model, origin: "input" });
    const words = "outcome unknown; verify before repeating";
    expect((await sent(log))[1]).toEqual({ type: "custom_tool_call_output", call_id: "a", output: words });
    expect(rulesOf(projected(log))).toEqual([[0, "call-without-output"]]);
  });

  it("lose the stand-in as soon as the real output is there, which keeps its place", async () => {
    const log = new WrittenLog();
    log.addItem(call("a"), model);
    log.addItem(prompt(), { ...model, origin: "input" });
    log.addItem(output("a"), tool);
    expect(await sent(log)).toMatchObject([{ type: "function_call" }, output("a"), prompt()]);
  });

  it("take the place of an answer that was made up before they came, and of nothing else", async () => {
    const log = new WrittenLog();
    const madeUp = { ...tool, origin: "repair" } as const;
    const further = { type: "custom_tool_call_output", call_id: "b", name: "exec", output: "said meanwhile" };
    const [script, told] = ["custom_tool_call", "custom_tool_call_output"];
    log.addItem(call("a"), model);
    log.addItem({ type: script, call_id: "b", name: "exec", input: "" }, model);
    log.addItem({ ...output("a"), output: "unknown" }, madeUp);
    log.addItem({ type: told, call_id: "b", output: "unknown" }, madeUp);
    log.addItem(prompt(), { ...model, turn: 2, origin: "input" });
    log.addItem(further, tool);
    log.addItem(output("a"), tool);
    log.addItem(output("a"), tool);
    const elements = await sent(log);
    expect(elements.slice(2, 5)).toEqual([
      { type: told, call_id: "b", output: "unknown" },
      output("a"),
      prompt(),
    ]);
    expect(types(elements.slice(5))).toEqual(["message", "message"]);
    expect(rulesOf(projected(log))).toEqual([
      [2, "answer-outdated"],
      [5, "output-again"],
      [7, "output-without-call"],
    ]);
  });

  it("become a message with the same words where the call is missing", async () => {
    const log = new WrittenLog();
    log.addItem(output("a"), tool);
    const list = [{ type: "input_text", text: "part" }];
    log.addItem({ ...output("b"), output: list }, tool);
    log.addItem({ ...output("c"), output: [] }, tool);
    // As the Codex app keeps what another session was given (0.150 and later).
    log.addItem({ type: "function_call_output", name: "create_task", output: "do it" }, tool);
    const note = (id: string): string =>
      `[Output of the tool call ${id}, which is not part of this conversation]\n`;
    expect(await sent(log)).toEqual([
      { type: "message", role: "user", content: [{ type: "input_text", text: `${note("a")}out a` }] },
      { type: "message", role: "user", content: [{ type: "input_text", text: note("b") }, ...list] },
      { type: "message", role: "user", content: [{ type: "input_text", text: note("c") }] },
      {
        type: "message",
        role: "user",
        content: [{ type: "input_text", text: "[From the tool create_task]\ndo it" }],
      },
    ]);
    expect(rulesOf(projected(log))).toEqual([0, 1, 2, 3].map((seq) => [seq, "output-without-call"]));
  });

  it("become a message, each further one, where a script said something while it ran (Codex's notify)", async () => {
    const log = new WrittenLog();
    log.addItem({ type: "custom_tool_call", call_id: "a", name: "exec", input: "notify('x')" }, model);
    const done = { type: "custom_tool_call_output", call_id: "a", output: "done" };
    log.addItem(done, tool);
    log.addItem({ ...done, name: "exec", output: "half" }, tool);
    const text = "[Another output of the tool call a]\nhalf";
    expect((await sent(log)).slice(1)).toEqual([
      done,
      { type: "message", role: "user", content: [{ type: "input_text", text }] },
    ]);
    expect(rulesOf(projected(log))).toEqual([[2, "output-again"]]);
  });

  it("with an id that the wire has no room for are shortened alike", async () => {
    const long = `call_${"é".repeat(100)}`;
    const log = new WrittenLog();
    log.addItem(call(long), model);
    log.addItem(output(long), tool);
    const [first, second] = await sent(log);
    expect(first?.["call_id"]).toMatch(/^[\w-]{1,64}$/u);
    expect(second?.["call_id"]).toBe(first?.["call_id"]);
  });

  it("without an id get one alike, each call another", async () => {
    const log = new WrittenLog();
    const { call_id: _id, ...none } = call("x") as { call_id: string };
    for (const [at, item] of [call(""), none].entries()) {
      log.addItem(item, { ...model, step: at + 1 });
      log.addItem({ ...output(""), output: "out" }, { ...tool, step: at + 1 });
    }
    const ids = (await sent(log)).map((item) => item["call_id"]);
    expect(ids[0]).toMatch(/^[\w-]{1,64}$/u);
    expect(ids).toEqual([ids[0], ids[0], ids[2], ids[2]]);
    expect(ids[0]).not.toBe(ids[2]);
    expect(rulesOf(projected(log))).toEqual([0, 1, 2, 3].map((seq) => [seq, "call-id-empty"]));
  });

  it("of a tool that finished while its response still streamed come after that response", async () => {
    const log = new WrittenLog();
    for (const item of [reasoning("rs_1"), call("a"), reasoning("rs_2")]) log.addItem(item, model);
    log.addItem(output("a"), tool);
    log.addItem(call("b"), model);
    log.addItem(output("b"), tool);
    const [r, c, o] = ["reasoning", "function_call", "function_call_output"];
    expect(types(await sent(log))).toEqual([r, c, r, c, o, o]);
  });
});
