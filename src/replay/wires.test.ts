import { describe, expect, it } from "vitest";
import { answer, call, output, prompt, reasoning, thoughts } from "../../test/kit/items.ts";
import { here, projected, rulesOf, sent, setAside, types } from "../../test/kit/projected.ts";
import { sealedBlob, WrittenLog } from "../../test/property/written-log.ts";
import type { Quarantine } from "../session/event.ts";
import type { ReplayContract } from "./contract.ts";
import { anthropic } from "./contracts/anthropic.ts";
import { azure } from "./contracts/azure.ts";
import { chat } from "./contracts/chat.ts";
import { deepseek } from "./contracts/deepseek.ts";
import { gemini } from "./contracts/gemini.ts";
import { openai } from "./contracts/openai.ts";
import { xai } from "./contracts/xai.ts";
import { project } from "./project.ts";

const place = { turn: 1, step: 1, issuer: here };
const tool = { turn: 1, step: 1, origin: "tool" } as const;
const input = { turn: 1, step: 1, origin: "input" } as const;
const sealedReasoning = (id: string): object => reasoning(id, { content: thoughts });

describe("reasoning in plain words", () => {
  function exchange(...between: object[]): WrittenLog {
    const log = new WrittenLog();
    log.addItem(prompt(), input);
    for (const item of between) log.addItem(item, "output" in item ? tool : { turn: 1, step: 1 });
    return log;
  }
  const thought = { type: "reasoning", summary: [], content: thoughts };

  it("is sent where a tool was called, in the open loop and afterwards, where the contract requires it", async () => {
    const log = exchange(thought, call("a"), output("a"));
    const inLoop = ["message", "reasoning", "function_call", "function_call_output"];
    expect(types(await sent(log, deepseek))).toEqual(inLoop);
    log.addItem(thought, { turn: 1, step: 2 });
    log.addItem(answer("done"), { turn: 1, step: 2 });
    log.addItem(prompt("next"), { ...input, turn: 2, step: 3 });
    expect(types(await sent(log, deepseek))).toEqual([...inLoop, "reasoning", "message", "message"]);
  });

  it("is left out of an exchange without tools, and comes back when one is called after all", async () => {
    const log = exchange(thought, answer("wait"));
    expect(types(await sent(log, deepseek))).toEqual(["message", "message"]);
    expect(rulesOf(projected(log, deepseek))).toEqual([[1, "reasoning-text"]]);
    log.addItem(call("a"), { turn: 1, step: 2 });
    expect(types(await sent(log, deepseek))[1]).toBe("reasoning");
    const answered = exchange(thought, answer("wait"));
    answered.addItem(prompt(), { ...input, turn: 2, step: 2 });
    answered.addItem(call("a"), { turn: 2, step: 3 });
    expect(types(await sent(answered, deepseek))).not.toContain("reasoning");
  });

  it("is never sent where it isn't taken, unless it was asked for", async () => {
    const log = exchange(thought, call("a"), output("a"));
    for (const contract of [openai, chat, anthropic, gemini])
      expect(types(await sent(log, contract))).not.toContain("reasoning");
    expect(types(await sent(log, chat, [setAside({ kind: "reasoning-text" })]))).toContain("reasoning");
  });

  it("beside a seal is cut off where only the seal is taken, and stays where both are", async () => {
    const log = exchange();
    log.addItem(sealedReasoning("rs_1"), place);
    log.addItem(answer("x"), place);
    expect((await sent(log, openai))[1]).toEqual({
      type: "reasoning",
      summary: [],
      content: [],
      encrypted_content: sealedBlob(100, "rs_1"),
    });
    expect(rulesOf(projected(log, openai))).toEqual([[1, "reasoning-words"]]);
    for (const contract of [xai, anthropic])
      expect((await sent(log, contract))[1]).toMatchObject({ content: thoughts });
    expect((await sent(log, xai, [setAside({ kind: "content", seqs: [1] })]))[1]).toMatchObject({
      content: [],
    });
  });
});

describe("calls and outputs on a wire that wants them next to each other", () => {
  it("come as all calls of a step and then all outputs, real and made up, with nothing in between", async () => {
    const log = new WrittenLog();
    log.addItem(prompt(), input);
    log.addItem(call("a"), place);
    log.addItem(output("a"), tool);
    log.addItem(answer("between"), place);
    log.addItem(call("b"), place);
    log.addItem(prompt("later"), { ...input, turn: 2, step: 2 });
    const [f, o, m] = ["function_call", "function_call_output", "message"];
    expect(types(await sent(log, anthropic))).toEqual([m, f, m, f, o, o, m]);
    expect(types(await sent(log, openai))).toEqual([m, f, m, f, o, o, m]);
    const elements = [...projected(log, anthropic).elements()];
    expect(elements.map(({ kind }) => kind)[4]).toBe("answer");
  });

  it("go back behind their own calls when the user spoke in between", async () => {
    const log = new WrittenLog();
    log.addItem(prompt(), input);
    log.addItem(call("a"), place);
    log.addItem(prompt("hurry"), { ...input, turn: 1, step: 2 });
    log.addItem(call("b"), place);
    log.addItem(output("b"), tool);
    log.addItem(output("a"), tool);
    expect((await sent(log, chat)).map(({ call_id: id, type }) => id ?? type)).toEqual([
      "message",
      "a",
      "a",
      "message",
      "b",
      "b",
    ]);
  });

  it("have ids that the wire takes, alike on both, and no two calls the same", async () => {
    const log = new WrittenLog();
    log.addItem(prompt(), input);
    for (const step of [1, 2]) {
      log.addItem(call("functions.bash:0"), { ...place, step });
      log.addItem(output("functions.bash:0"), { ...tool, step });
    }
    log.addItem({ type: "function_call", name: "shell", arguments: "{}" }, { ...place, step: 3 });
    const ids = (await sent(log, anthropic)).flatMap(({ call_id: id }) => (id === undefined ? [] : [id]));
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).toBe(ids[3]);
    expect(ids[4]).toBe(ids[5]);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/u);
    expect(rulesOf(projected(log, anthropic))).toContainEqual([1, "call-id-characters"]);
    expect(projected(log, anthropic).callNamed(String(ids[2]))).toBe("functions.bash:0");
  });

  it("are shortened to what Chat Completions takes", async () => {
    const log = new WrittenLog();
    log.addItem(call("c".repeat(50)), place);
    const [first, second] = await sent(log, chat);
    expect(String(first?.["call_id"])).toHaveLength(40);
    expect(second?.["call_id"]).toBe(first?.["call_id"]);
    expect(rulesOf(projected(log, chat))).toContainEqual([0, "call-id-too-long"]);
  });
});

describe("an item type that a wire doesn't know", () => {
  it("becomes a note of the assistant's, without what only its own provider can read", async () => {
    const log = new WrittenLog();
    const sealed = { encrypted_content: "gAAAAA", thought_signature: "sig" };
    log.addItem({ type: "web_search_call", id: "ws_1", action: { query: "node", ...sealed } }, place);
    const [note] = await sent(log, chat);
    expect(note).toMatchObject({ type: "message", role: "assistant" });
    expect(JSON.stringify(note)).toContain("node");
    expect(JSON.stringify(note)).not.toMatch(/ws_1|gAAAAA|sig/u);
    expect(rulesOf(projected(log, chat))).toEqual([[0, "item-type-unsupported"]]);
    expect(types(await sent(log, openai))).toEqual(["web_search_call"]);
    expect(
      types(await sent(log, openai, [setAside({ kind: "item-type", itemType: "web_search_call" })])),
    ).toEqual(["message"]);
  });

  it("takes a call's output with it", async () => {
    const log = new WrittenLog();
    log.addItem({ type: "local_shell_call", call_id: "a", action: { command: ["ls"] } }, place);
    log.addItem(call("b"), place);
    log.addItem({ type: "local_shell_call_output", call_id: "a", output: "files" }, tool);
    log.addItem(output("b"), tool);
    expect(types(await sent(log, chat))).toEqual([
      "message",
      "function_call",
      "function_call_output",
      "message",
    ]);
    expect(JSON.stringify(await sent(log, chat))).toContain("files");
  });
});

describe("a long output", () => {
  it("keeps its head and its tail in requests that were too long, and is whole in those that came later", async () => {
    const log = new WrittenLog();
    const text = `head ${"x".repeat(2_000)} tail`;
    for (const id of ["a", "b"]) {
      log.addItem(call(id), place);
      log.addItem({ ...output(id), output: text }, tool);
    }
    const scope = { kind: "outputs", keepBytes: 600, through: 1 } as const;
    const [, , short, whole] = await sent(log, openai, [setAside(scope)]);
    expect(short?.["output"]).toMatch(/^head x.* tail$/su);
    expect(String(short?.["output"]).length).toBeLessThan(700);
    expect(whole?.["output"]).toBe(text);
    expect(rulesOf(projected(log, openai, [setAside(scope)]))).toEqual([[1, "output-shortened"]]);
  });
});

describe("signatures", () => {
  const signed = { thought_signature: "sig" };

  it("of thoughts go to who made them, byte for byte, and are cut off elsewhere", async () => {
    const log = new WrittenLog();
    log.addItem(prompt(), input);
    log.addItem(call("a", signed), place);
    log.addItem(call("b", signed), { ...place, issuer: "https://elsewhere" });
    const [, ours, theirs] = await sent(log, gemini);
    expect(ours).toMatchObject(signed);
    expect(theirs).not.toHaveProperty("thought_signature");
    for (const contract of [openai, azure, anthropic])
      expect(JSON.stringify(await sent(log, contract))).not.toContain("thought_signature");
    expect(rulesOf(projected(log, openai))).toContainEqual([1, "signature-foreign"]);
    expect((await sent(log, chat, [setAside({ kind: "thought-signatures" })]))[1]).toMatchObject(signed);
  });

  it("of thinking go back verbatim, and never to another issuer", async () => {
    const thinking = {
      ...sealedReasoning("rs_1"),
      encrypted_content: "EqoB",
      format: "anthropic-thinking-v1",
    };
    const log = new WrittenLog();
    log.addItem(prompt(), input);
    log.addItem(thinking, place);
    log.addItem(call("a"), place);
    const { id: _id, ...verbatim } = thinking as { id?: string };
    expect((await sent(log, anthropic))[1]).toEqual(verbatim);
    const elsewhere = project(anthropic, { issuer: "https://other", quarantines: [] }, log.history.items);
    expect(rulesOf(elsewhere)).toContainEqual([1, "sealed-elsewhere"]);
  });
});

describe("the ends of a request", () => {
  it("are the user's where the wire takes no prefill: a line is put there, and reported", async () => {
    const log = new WrittenLog();
    log.addItem(answer("first"), place);
    const elements = await sent(log, anthropic);
    expect(elements.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    expect(rulesOf(projected(log, anthropic))).toEqual([
      [0, "assistant-first"],
      [0, "assistant-last"],
    ]);
    expect(await sent(log, chat)).toHaveLength(1);
  });

  it("are whose the item in words is that stands there: the model's, or what was put in", async () => {
    const ends = async (origin: "model" | "input"): Promise<unknown[]> => {
      const log = new WrittenLog();
      log.addItem({ type: "web_search_call", id: "ws_1" }, { ...place, origin });
      return (await sent(log, anthropic)).map(({ role }) => role);
    };
    expect([await ends("model"), await ends("input")]).toEqual([["user", "assistant", "user"], ["user"]]);
  });

  it("are left alone when they are the user's, or the output of a call", async () => {
    const log = new WrittenLog();
    log.addItem(prompt(), input);
    expect(await sent(log, anthropic)).toHaveLength(1);
    log.addItem(call("a"), place);
    expect(types(await sent(log, anthropic)).at(-1)).toBe("function_call_output");
    log.addItem(output("a"), tool);
    expect(await sent(log, anthropic)).toHaveLength(3);
  });
});

describe("a role that the wire doesn't know", () => {
  it("is sent as one that it knows", async () => {
    const log = new WrittenLog();
    log.addItem({ ...prompt(), role: "developer" }, input);
    const roles = async (contract: ReplayContract): Promise<unknown> =>
      (await sent(log, contract))[0]?.["role"];
    expect(await roles(openai)).toBe("developer");
    expect(await roles(chat)).toBe("system");
    expect(await roles(anthropic)).toBe("user");
    expect(rulesOf(projected(log, chat))).toEqual([[0, "role-unknown"]]);
  });
});

describe("an item id", () => {
  it("stays where the wire keeps ids and it has the prefix of its type", async () => {
    const log = new WrittenLog();
    log.addItem(answer("msg_x"), place);
    log.addItem(answer("chatcmpl-1"), place);
    expect((await sent(log, azure)).map((element) => "id" in element)).toEqual([true, false]);
  });
});

describe("a plain transcript", () => {
  it("has messages as they are, calls and outputs in words, and no reasoning", async () => {
    const log = new WrittenLog();
    log.addItem(prompt("do it"), input);
    log.addItem(sealedReasoning("rs_1"), place);
    log.addItem(call("a"), place);
    log.addItem(output("a"), tool);
    log.addItem(answer("done"), { ...place, step: 2 });
    const elements = await sent(log, openai, [setAside({ kind: "transcript", through: 9 })]);
    expect(types(elements)).toEqual(["message", "message", "message", "message"]);
    expect(elements.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant"]);
    const text = JSON.stringify(elements);
    for (const part of ["do it", "shell", "ls", "out a", "done"]) expect(text).toContain(part);
    expect(text).not.toContain("encrypted_content");
    log.addItem(call("b"), { ...place, turn: 2, step: 12 });
    expect(types(await sent(log, openai, [setAside({ kind: "transcript", through: 4 })])).slice(-2)).toEqual([
      "function_call",
      "function_call_output",
    ]);
  });
});

describe("an item that was refused", () => {
  it("goes in words: a message with nothing but its words, a call with its output", async () => {
    const log = new WrittenLog();
    log.addItem({ ...prompt("do it"), status: "odd" }, input);
    log.addItem(call("a"), place);
    log.addItem(output("a"), tool);
    const elements = await sent(log, openai, [setAside({ kind: "notes", seqs: [0, 2] })]);
    expect(elements[0]).toEqual({ ...prompt("do it") });
    expect(types(elements)).toEqual(["message", "message", "message"]);
    expect(rulesOf(projected(log, openai, [setAside({ kind: "notes", seqs: [0, 2] })]))).toEqual(
      [0, 1, 2].map((seq) => [seq, "item-refused"]),
    );
  });

  it("goes in words with its arguments and its output, though they are objects", async () => {
    const log = new WrittenLog();
    log.addItem({ ...call("a"), arguments: { id: 7, command: 'say "hi"' } }, place);
    log.addItem({ ...output("a"), output: { content: "it said hi" } }, tool);
    const elements = await sent(log, openai, [setAside({ kind: "notes", seqs: [0, 1] })]);
    expect(elements.map(({ content }) => (content as { text: string }[])[0]?.text)).toEqual([
      '[Call a of the tool shell]\n{"id":7,"command":"say \\"hi\\""}',
      '[Output of the tool call a]\n{"content":"it said hi"}',
    ]);
  });

  it("goes in words without the NULs of its name, which no provider takes", async () => {
    const log = new WrittenLog();
    log.addItem({ ...call("a"), name: "apply\0" }, place);
    log.addItem(output("a"), tool);
    const [told] = await sent(log, openai, [setAside({ kind: "notes", seqs: [0] })]);
    expect(told?.content).toMatchObject([{ text: expect.stringContaining("of the tool apply\uFFFD]") }]);
  });

  it("goes in words under a role that providers know: another program may have written none, or its own", async () => {
    const log = new WrittenLog();
    log.addItem({ ...prompt("one"), role: "tool" }, input);
    log.addItem({ ...answer("two"), role: undefined }, place);
    const elements = await sent(log, openai, [setAside({ kind: "notes", seqs: [0, 1] })]);
    expect(elements).toEqual([prompt("one"), expect.objectContaining({ role: "assistant" })]);
  });
});

describe("a parameter that was refused", () => {
  const log = new WrittenLog();
  log.addItem(sealedReasoning("rs_1"), place);
  log.addItem(answer("x"), place);

  it("is left out, for the model that refused it and in the turn it was left out for", () => {
    const of = (scope: Quarantine["scope"], model: string): readonly string[] =>
      projected(log, openai, [setAside(scope)], model).without;
    expect(of({ kind: "parameter", parameter: "reasoning.effort", model: "m" }, "m")).toEqual([
      "reasoning.effort",
    ]);
    expect(of({ kind: "parameter", parameter: "reasoning.effort", model: "m" }, "n")).toEqual([]);
    expect(of({ kind: "parameter", parameter: "thinking", turn: 1 }, "m")).toEqual(["thinking"]);
    expect(of({ kind: "parameter", parameter: "thinking", turn: 7 }, "m")).toEqual([]);
  });

  it("that asks for sealed reasoning takes the sealed items with it, and gives them back with the model", () => {
    const scope = { kind: "parameter", parameter: "include", model: "small" } as const;
    const small = projected(log, openai, [setAside(scope)], "small");
    expect([small.sealed, small.count]).toEqual([false, 1]);
    const large = projected(log, openai, [setAside(scope)], "large");
    expect([large.sealed, large.count]).toEqual([true, 2]);
  });
});
