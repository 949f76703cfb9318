import { describe, expect, it } from "vitest";
import { sealedBlob, textOf, WrittenLog } from "../../test/property/written-log.ts";
import type { Quarantine } from "../session/event.ts";
import type { ReplayContract } from "./contract.ts";
import { azure } from "./contracts/azure.ts";
import { chat } from "./contracts/chat.ts";
import { copilot } from "./contracts/copilot.ts";
import { openai } from "./contracts/openai.ts";
import { proxy } from "./contracts/proxy.ts";
import { project, type Projection } from "./project.ts";
import { requestInput } from "./request-input.ts";

const here = "https://here #1";
const model = { turn: 1, step: 1, issuer: here };
const tool = { turn: 1, step: 1, origin: "tool" } as const;

const reasoning = (id: string): object => ({
  id,
  type: "reasoning",
  summary: [],
  encrypted_content: sealedBlob(100, id),
});
const call = (id: string): object => ({
  id: `fc_${id}`,
  type: "function_call",
  call_id: id,
  name: "shell",
  arguments: "{}",
});
const output = (id: string): object => ({ type: "function_call_output", call_id: id, output: `out "${id}"` });
const answer = (id: string): object => ({ id, type: "message", role: "assistant", content: [] });
const prompt = { type: "message", role: "user", content: "go on" };

function projected(
  log: WrittenLog,
  contract: ReplayContract = openai,
  quarantines: readonly Quarantine[] = [],
): Projection {
  return project(contract, { issuer: here, quarantines }, log.history.items);
}

async function sent(
  log: WrittenLog,
  contract?: ReplayContract,
  quarantines?: readonly Quarantine[],
): Promise<object[]> {
  const input = await requestInput(projected(log, contract, quarantines), log.bodies());
  return JSON.parse(`[${await textOf(input.chunks())}]`) as object[];
}

const types = (elements: readonly object[]): unknown[] =>
  elements.map((element) => (element as { type: string }).type);
const rulesOf = (projection: Projection): [number, string][] =>
  Array.from(projection.report(), ({ seq, rule }) => [seq, rule]);

function quarantine(scope: Quarantine["scope"], refusedBy = here): Quarantine {
  return { rung: 1, why: "sealed-reasoning-rejected", refusedBy, scope, count: 1 };
}

describe("calls and outputs", () => {
  describe("among which stands what a search for tools has found", () => {
    const log = new WrittenLog();
    log.addItem(prompt, { ...model, origin: "input" });
    log.addItem({ type: "tool_search_call", call_id: "s", execution: "client", arguments: {} }, model);
    log.addItem(call("a"), model);
    log.addItem({ type: "tool_search_output", call_id: "s", execution: "client", tools: [] }, tool);
    log.addItem(output("a"), tool);
    const search = ["tool_search_call", "function_call"];

    it("stand in the order in which they came", async () => {
      const whole = [...search, "tool_search_output", "function_call_output"];
      expect(types(await sent(log)).slice(1)).toEqual(whole);
    });

    it("stand before it where it goes as words, which may not part a call from its output", async () => {
      const answered = ["function_call", "function_call_output", "message"];
      expect(types(await sent(log, chat)).slice(1)).toEqual(["message", ...answered]);
      const refused = quarantine({ kind: "item-type", itemType: "tool_search_output" });
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
    log.addItem(prompt, { ...model, origin: "input" });
    const words = "outcome unknown; verify before repeating";
    expect((await sent(log))[1]).toEqual({ type: "custom_tool_call_output", call_id: "a", output: words });
    expect(rulesOf(projected(log))).toEqual([[0, "call-without-output"]]);
  });

  it("lose the stand-in as soon as the real output is there, which keeps its place", async () => {
    const log = new WrittenLog();
    log.addItem(call("a"), model);
    log.addItem(prompt, { ...model, origin: "input" });
    log.addItem(output("a"), tool);
    expect(await sent(log)).toMatchObject([{ type: "function_call" }, output("a"), prompt]);
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
    log.addItem(prompt, { ...model, turn: 2, origin: "input" });
    log.addItem(further, tool);
    log.addItem(output("a"), tool);
    log.addItem(output("a"), tool);
    const elements = await sent(log);
    expect(elements.slice(2, 5)).toEqual([
      { type: told, call_id: "b", output: "unknown" },
      output("a"),
      prompt,
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
      { type: "message", role: "user", content: [{ type: "input_text", text: `${note("a")}out "a"` }] },
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
    const [first, second] = (await sent(log)) as { call_id: string }[];
    expect(first?.call_id).toMatch(/^[\w-]{1,64}$/u);
    expect(second?.call_id).toBe(first?.call_id);
  });

  it("without an id get one alike, each call another", async () => {
    const log = new WrittenLog();
    const { call_id: _id, ...none } = call("x") as { call_id: string };
    for (const [at, item] of [call(""), none].entries()) {
      log.addItem(item, { ...model, step: at + 1 });
      log.addItem({ ...output(""), output: "out" }, { ...tool, step: at + 1 });
    }
    const ids = (await sent(log)).map((item) => (item as { call_id: string }).call_id);
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

describe("messages without text", () => {
  it("are left out, and the reasoning that led to nothing else with them", async () => {
    const log = new WrittenLog();
    const text = (words: string): object => ({ type: "output_text", text: words });
    log.addItem(reasoning("rs_1"), model);
    log.addItem({ ...answer("msg_1"), content: [text(""), text("")] }, model);
    log.addItem({ ...prompt, content: "" }, { ...tool, origin: "input" });
    log.addItem({ ...answer("msg_2"), content: [text(""), text("said")] }, { ...model, step: 2 });
    expect(await sent(log)).toMatchObject([{ content: [{ text: "" }, { text: "said" }] }]);
    expect(rulesOf(projected(log))).toEqual([
      [0, "reasoning-unfollowed"],
      [1, "empty"],
      [2, "empty"],
    ]);
  });
});

describe("reasoning", () => {
  it("is sent with its blob when the item that it led to follows", async () => {
    const log = new WrittenLog();
    log.addItem(reasoning("rs_1"), model);
    expect(rulesOf(projected(log))).toEqual([[0, "reasoning-unfollowed"]]);
    log.addItem(answer("msg_1"), model);
    expect(await sent(log)).toMatchObject([
      { encrypted_content: sealedBlob(100, "rs_1") },
      { type: "message" },
    ]);
  });

  it("of an attempt that was cut off is not sent in front of another response", async () => {
    const log = new WrittenLog();
    log.addItem(reasoning("rs_1"), model);
    log.addItem(reasoning("rs_2"), { ...model, step: 2 });
    log.addItem(answer("msg_1"), { ...model, step: 2 });
    expect(await sent(log)).toHaveLength(2);
    expect(rulesOf(projected(log))).toEqual([[0, "reasoning-unfollowed"]]);
  });

  it("that was left out once is not what a later copy repeats", async () => {
    const log = new WrittenLog();
    log.addItem(reasoning("rs_1"), model);
    log.addItem(reasoning("rs_1"), { ...model, step: 2 });
    log.addItem(answer("msg_1"), { ...model, step: 2 });
    expect(types(await sent(log))).toEqual(["reasoning", "message"]);
  });

  it("without its blob, or with one that was cut, is never sent", () => {
    const log = new WrittenLog();
    log.addItem({ type: "reasoning", id: "rs_1", summary: [] }, model);
    log.addItem({ type: "reasoning", id: "rs_2", summary: [], encrypted_content: "gAAAAAB…" }, model);
    log.addItem({ type: "reasoning", id: "rs_3", summary: [], encrypted_content: { a: 1 } }, model);
    log.addItem(answer("msg_1"), model);
    expect(rulesOf(projected(log))).toEqual([
      [0, "not-sealed"],
      [1, "seal-malformed"],
      [2, "seal-malformed"],
    ]);
  });

  it("that another issuer sealed is left out before it can fail", () => {
    const log = new WrittenLog();
    log.addItem(reasoning("rs_1"), { ...model, issuer: "https://elsewhere" });
    log.addItem(reasoning("rs_2"), model);
    log.addItem(answer("msg_1"), model);
    expect(rulesOf(projected(log))).toEqual([[0, "sealed-elsewhere"]]);
    expect(projected(log).sealedSent()).toEqual(new Map([[here, 1]]));
  });

  it("goes as the contract says: never, or for the last turns only", () => {
    const log = new WrittenLog();
    for (const turn of [1, 2]) {
      log.addItem(reasoning(`rs_${turn}`), { ...model, turn, step: turn });
      log.addItem(answer(`msg_${turn}`), { ...model, turn, step: turn });
    }
    expect(rulesOf(projected(log, copilot))).toEqual([
      [0, "sealed-dropped"],
      [2, "sealed-dropped"],
    ]);
    expect(rulesOf(projected(log, proxy))).toEqual([[0, "sealed-too-old"]]);
  });

  it("takes the ids that depend on it with it where ids are kept", async () => {
    const log = new WrittenLog();
    log.addItem(answer("msg_0"), { ...model, step: 0 });
    log.addItem(reasoning("rs_1"), { ...model, issuer: "https://elsewhere" });
    log.addItem(answer("msg_1"), model);
    log.addItem(answer("msg_2"), { ...model, step: 2 });
    expect((await sent(log, azure)).map((element) => "id" in element)).toEqual([true, false, true]);
  });
});

describe("an item id", () => {
  it("stays behind with the reasoning that something else came after: the rest of its response goes without", () => {
    for (const between of [prompt, output("gone")]) {
      const log = new WrittenLog();
      log.addItem(reasoning("rs_1"), model);
      log.addItem(between, between === prompt ? { ...model, origin: "input" } : tool);
      log.addItem(call("a"), model);
      log.addItem(output("a"), tool);
      const projection = projected(log, azure);
      expect(rulesOf(projection)).toContainEqual([0, "reasoning-unfollowed"]);
      const withIds = [...projection.elements()].filter(({ withId }) => withId);
      expect(withIds).toEqual([]);
    }
  });

  it("is sent once: the same item is left out, another one goes without it", async () => {
    const log = new WrittenLog();
    log.addItem(answer("msg_1"), model);
    log.addItem(answer("msg_1"), model);
    log.addItem(answer("msg_1"), { ...model, step: 2 });
    expect((await sent(log, azure)).map((element) => "id" in element)).toEqual([true, false]);
    expect(rulesOf(projected(log, azure))).toEqual([[1, "duplicate"]]);
  });
});

describe("reasoning of one id with another seal", () => {
  it("is no copy: gateways that count ids anew in every response lose none", () => {
    const log = new WrittenLog();
    for (const step of [1, 2]) {
      log.addItem(
        { ...reasoning("rs_0"), encrypted_content: sealedBlob(100, `${step}`) },
        { ...model, step },
      );
      log.addItem(call(`c${step}`), { ...model, step });
      log.addItem(output(`c${step}`), { ...tool, step });
    }
    expect(rulesOf(projected(log))).toEqual([]);
  });
});

describe("a quarantine", () => {
  const log = new WrittenLog();
  for (const step of [1, 2, 3]) {
    log.addItem(reasoning(`rs_${step}`), { ...model, step });
    log.addItem(answer(`msg_${step}`), { ...model, step });
  }
  const leftOut = (scope: Quarantine["scope"], by?: string): number[] =>
    rulesOf(projected(log, openai, [quarantine(scope, by)])).map(([seq]) => seq);

  it("sets aside what it names, up to where it was made, and nothing that came later", () => {
    expect(leftOut({ kind: "items", seqs: [2] })).toEqual([2]);
    expect(leftOut({ kind: "issuer", issuer: here, through: 3 })).toEqual([0, 2]);
    expect(leftOut({ kind: "sealed", through: 3 })).toEqual([0, 2]);
  });

  it("of everything sealed also stops asking for more", () => {
    expect(projected(log, openai, [quarantine({ kind: "sealed", through: 3 })]).sealed).toBe(false);
    expect(projected(log, openai, [quarantine({ kind: "issuer", issuer: here, through: 3 })]).sealed).toBe(
      true,
    );
  });

  it("holds for the issuer that refused and for no other", () => {
    expect(leftOut({ kind: "issuer", issuer: here, through: 3 }, "https://elsewhere")).toEqual([]);
  });

  it("that makes a transcript leaves nothing but words of messages: no ids, no images", async () => {
    const shown = new WrittenLog();
    const image = { type: "input_image", image_url: "data:image/png;base64,AAAA" };
    shown.addItem({ ...prompt, content: [image] }, { ...model, origin: "input" });
    shown.addItem(reasoning("rs_1"), model);
    shown.addItem(answer("msg_1"), model);
    shown.addItem(answer("msg_2"), { ...model, step: 2 });
    const text = JSON.stringify(await sent(shown, azure, [quarantine({ kind: "transcript", through: 3 })]));
    expect(text).not.toMatch(/msg_|rs_|base64/u);
  });

  it("of item ids detaches them", async () => {
    const elements = await sent(log, azure, [quarantine({ kind: "item-ids", through: 3 })]);
    expect(elements.map((element) => "id" in element)).toEqual([false, false, false, false, true, true]);
  });
});

describe("a projection", () => {
  it("is continued, not made anew, when only items were added", () => {
    const log = new WrittenLog();
    log.addItem(answer("msg_1"), model);
    const first = projected(log);
    log.addItem(answer("msg_2"), model);
    const next = project(openai, { issuer: here, quarantines: [] }, log.history.items, first);
    expect(next).toBe(first);
    expect(next.count).toBe(2);
    const unsealed = { issuer: here, quarantines: [], sealed: false };
    expect(project(openai, unsealed, log.history.items, next)).not.toBe(next);
    const fewer = project(openai, { issuer: here, quarantines: [] }, log.history.items.slice(0, 1), next);
    expect([fewer === next, fewer.count]).toEqual([false, 1]);
    const repaired = [quarantine({ kind: "sealed", through: 9 })];
    expect(project(openai, { issuer: here, quarantines: repaired }, log.history.items, next)).not.toBe(next);
    log.add({ type: "history-cleared", scrubbed: false });
    log.addItem(answer("msg_3"), model);
    expect(project(openai, { issuer: here, quarantines: [] }, log.history.items, next)).not.toBe(next);
  });
});

describe("what is sealed in a message, a call or an output", () => {
  const blob = sealedBlob(100, "within");
  const part = { type: "encrypted_content", encrypted_content: blob };
  const text = (words: string): object => ({ type: "input_text", text: words });
  const said = { type: "message", role: "assistant", content: [{ type: "output_text", text: "four" }] };
  const noteCall = { type: "function_call", call_id: "a", name: "read_note", arguments: "{}" };
  const note = { type: "function_call_output", call_id: "a", output: [text("note 1"), part] };
  const opened = {
    ...note,
    output: [text("note 1"), text("[Sealed content stood here. It can't be opened any more.]")],
  };
  const there = "https://there #1";

  function logOf(issuer: string): WrittenLog {
    const log = new WrittenLog();
    log.addItem({ ...noteCall, encrypted_content: blob }, { ...model, issuer });
    log.addItem(note, { ...tool, issuer });
    log.addItem({ ...said, encrypted_content: blob }, { ...model, step: 2, issuer });
    return log;
  }

  it("is sent to whom it is from", async () => {
    const log = logOf(here);
    expect(await sent(log)).toEqual([
      { ...noteCall, encrypted_content: blob },
      note,
      { ...said, encrypted_content: blob },
    ]);
    expect([...projected(log).sealedSent().values()]).toEqual([3]);
  });

  it.each<[string, WrittenLog, ReplayContract, Quarantine[]]>([
    ["goes where another issuer sealed it", logOf(there), openai, []],
    ["goes where no seal is taken", logOf(here), { ...openai, sealed: "drop" }, []],
    [
      "goes once it was refused",
      logOf(here),
      openai,
      [quarantine({ kind: "issuer", issuer: here, through: 9 })],
    ],
    [
      "goes once it was refused by name",
      logOf(here),
      openai,
      [quarantine({ kind: "items", seqs: [0, 1, 2] })],
    ],
    ["goes with all that is sealed", logOf(here), openai, [quarantine({ kind: "sealed", through: 9 })]],
  ])("%s, and the rest of the item stays", async (_when, log, contract, quarantines) => {
    expect(await sent(log, contract, quarantines)).toEqual([noteCall, opened, said]);
    const projection = projected(log, contract, quarantines);
    expect(rulesOf(projection)).toEqual([
      [0, "seal-within"],
      [1, "seal-within"],
      [2, "seal-within"],
    ]);
    expect(projection.sealedSent().size).toBe(0);
    expect(projection.setAside()).toEqual([]);
  });

  it("goes where it was cut, and from what goes in words", async () => {
    const log = new WrittenLog();
    log.addItem({ ...noteCall, encrypted_content: "gAAAAA…" }, model);
    log.addItem(note, { ...tool, issuer: here });
    const inWords = quarantine({ kind: "transcript", through: 9 });
    expect(await sent(log)).toEqual([noteCall, note]);
    expect(JSON.stringify(await sent(log, openai, [inWords]))).not.toContain("encrypted_content");
  });

  it("goes out of a call's arguments, whose other members stay", async () => {
    const token = Buffer.from("80000000006553f100".padEnd(242, "07"), "hex").toString("base64url");
    const given = (message: string): string => JSON.stringify({ task_name: "helper", message });
    const spawned = { ...noteCall, name: "spawn_agent", arguments: given(token) };
    const written = (issuer: string): WrittenLog => {
      const log = new WrittenLog();
      log.addItem(spawned, { ...model, issuer });
      log.addItem({ ...note, output: "started" }, { ...tool, issuer });
      return log;
    };
    expect((await sent(written(here)))[0]).toEqual(spawned);
    const words = given("[Sealed content stood here. It can't be opened any more.]");
    expect((await sent(written(there)))[0]).toEqual({ ...spawned, arguments: words });
  });

  it("doesn't keep a copy from being left out as one", async () => {
    const copy: Quarantine = { ...quarantine({ kind: "items", seqs: [2] }), why: "duplicate-item" };
    expect(types(await sent(logOf(here), openai, [copy]))).toEqual(["function_call", "function_call_output"]);
  });
});
