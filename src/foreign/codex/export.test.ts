import fs, { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { basename, dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { importPlan } from "../../../test/kit/import-plan.ts";
import { codexRollouts } from "../../../test/kit/codex-home.ts";
import { take } from "../../../test/kit/taken-over.ts";
import { temporaryFolder } from "../../../test/kit/temporary-folder.ts";
import { call, output, prompt } from "../../../test/kit/items.ts";
import type { JsonObject } from "../../lib/json.ts";
import { describeItem, isOutputKind, itemText } from "../../session/item.ts";
import { created } from "../../store/conformance/events.ts";
import { memoryStore } from "../../store/memory/memory-store.ts";
import { exportedLines, exportThread } from "./export.ts";
import { RolloutWriter } from "./rollout/write.ts";

test("a draft that can't be removed is told of", async () => {
  const { store, ...rest } = importPlan();
  const { id } = await take({ store, ...rest }, codexRollouts("0.130.0")[0]!.path);
  const folder = temporaryFolder();
  const path = join(folder, "rollout.jsonl");
  const remove = fs.rmSync;
  onTestFinished(() => {
    fs.rmSync = remove;
    syncBuiltinESMExports();
  });
  fs.rmSync = () => {
    throw Object.assign(new Error("EIO"), { code: "EIO", syscall: "unlink" });
  };
  syncBuiltinESMExports();
  const left: string[] = [];
  const exported = await exportThread(store, id, { path }, (each) => left.push(each));
  expect(exported.path).toBe(path);
  expect(left).toHaveLength(1);
  expect(
    readdirSync(folder)
      .map((name) => join(folder, name))
      .toSorted(),
  ).toEqual([path, ...left].toSorted());
});

test("what an export that was killed has left in a Codex home goes with the next one, of whichever day it is", async () => {
  const { store, ...rest } = importPlan();
  const { id } = await take({ store, ...rest }, codexRollouts("0.130.0")[0]!.path);
  const home = temporaryFolder();
  const folder = join(home, "sessions");
  mkdirSync(folder);
  const drafts = ["01a1fd5d-d6d5-7f92-8f98-eacbd690e9ab", "01a1fd5d-d6d5-7f92-8f98-eacbd690e9ac"].map(
    (thread) => `.throughline-${thread}.new`,
  );
  const others = ["notes.new", ".throughline-notes.new"];
  for (const name of [...drafts, ...others]) {
    writeFileSync(join(folder, name), "");
    // The second one may be under way.
    if (name !== drafts[1]) utimesSync(join(folder, name), 0, 0);
  }
  const { path } = await exportThread(store, id, { codexHome: home });
  const year = readdirSync(folder).find((name) => /^\d+$/u.test(name))!;
  expect(readdirSync(folder).toSorted()).toEqual([...others, drafts[1], year].toSorted());
  expect(readdirSync(dirname(path))).toEqual([basename(path)]);
});

/** The items of the rollout that a session of these is written to; each step is a response of the model with what came of it. */
async function written(...steps: readonly (readonly object[])[]): Promise<JsonObject[]> {
  const id = "01a1fd5d-d6d5-7f92-8f98-eacbd690e9ab";
  const store = memoryStore({ version: "test" });
  onTestFinished(() => store.close());
  const log = await store.create(id, created(id), "testing");
  for (const [step, items] of steps.entries())
    for (const each of items) {
      const item = Buffer.from(JSON.stringify(each));
      const facts = describeItem(item)!;
      const origin = facts.role === "user" ? "input" : isOutputKind(facts.kind) ? "tool" : "model";
      await log.append({ event: { type: "item-added", turn: 1, step, ...facts, origin }, item });
    }
  await log.release();
  const rows: { type: string; payload: JsonObject }[] = [];
  for await (const lines of exportedLines(store, id, id, new RolloutWriter(), "openai"))
    for (const line of lines.split("\n"))
      if (line !== "") rows.push(JSON.parse(line) as { type: string; payload: JsonObject });
  return rows.flatMap(({ type, payload }) => (type === "response_item" ? [payload] : []));
}

/** What was said, called and answered, each output with the call that it answers. */
function told(items: readonly JsonObject[]): string[] {
  const calls = items.filter(({ type }) => type === "function_call");
  return items.map(({ content, arguments: given, call_id: id, output: words }) => {
    const answered = calls.filter((each) => each["call_id"] === id).map((each) => each["arguments"]);
    if (words !== undefined) return `${String(answered)}: ${String(words)}`;
    return given === undefined ? itemText({ content }) : `call ${String(given)}`;
  });
}

const idsIn = (items: readonly JsonObject[]): unknown[] =>
  items.flatMap(({ type, call_id: id }) => (type === "function_call" ? [id] : []));
const made = (id: string, words: string): object => call(id, { id: `fc_${words}`, arguments: words });
const gave = (id: string, words: string): object => ({ ...output(id), output: words });
const unknown = "outcome unknown; verify before repeating";

test("a call without an id has one, and the output that a request would send it: not that of a call behind the next prompt", async () => {
  // As 0.20 to 0.93 keep them of local servers that give none.
  const items = await written(
    [made("", "a"), made("", "b"), gave("", "A"), gave("", "B")],
    [made("", "c")],
    [prompt("on")],
    [made("", "d"), gave("", "D")],
  );
  expect(told(items)).toEqual([
    "call a",
    "call b",
    "a: A",
    "b: B",
    "call c",
    `c: ${unknown}`,
    "on",
    "call d",
    "d: D",
  ]);
  expect(idsIn(items)).not.toContain("");
});

test("no two calls have one id", async () => {
  const doubled = await written(
    [made("call_0", "a"), made("call_0", "b"), gave("call_0", "A"), gave("call_0", "B")],
    [made("call_0", "c"), gave("call_0", "C")],
  );
  expect(told(doubled)).toEqual(["call a", "call b", "a: A", "b: B", "call c", "c: C"]);
  // What an earlier export has named.
  const [named] = idsIn(await written([made("", "a"), gave("", "A")])) as [string];
  const again = await written(
    [made("", "a"), gave("", "A")],
    [made(named, "b"), gave(named, "B")],
    [made("", "c"), gave("", "C")],
  );
  expect(told(again)).toEqual(["call a", "a: A", "call b", "b: B", "call c", "c: C"]);
});

test("an id that is too long for OpenAI is shortened alike in the call and its output", async () => {
  const long = `call_${"x".repeat(90)}`;
  const items = await written([
    made(long, "a"),
    made(`${long}y`, "b"),
    gave(`${long}y`, "B"),
    gave(long, "A"),
  ]);
  expect(told(items)).toEqual(["call a", "call b", "b: B", "a: A"]);
  for (const id of idsIn(items)) expect(String(id).length).toBeLessThanOrEqual(64);
});

test("items stand as in a request: outputs behind their step, also one that came after the next prompt, and none twice", async () => {
  const once = made("x", "a");
  expect(
    told(
      await written(
        [once, gave("x", "A"), once, made("y", "b")],
        [prompt("on")],
        [made("z", "c"), gave("y", "B"), gave("z", "C")],
      ),
    ),
  ).toEqual(["call a", "call b", "a: A", "b: B", "on", "call c", "c: C"]);
});

test("what a script says further goes along with its own call, also where another has the same id", async () => {
  const script = (input: string): object => ({
    type: "custom_tool_call",
    call_id: "call_0",
    name: "exec",
    input,
  });
  const said = (words: string, more: object = {}): object => ({
    type: "custom_tool_call_output",
    call_id: "call_0",
    output: words,
    ...more,
  });
  const items = await written(
    [script("a"), said("A")],
    [script("b"), said("B"), said("more of B", { name: "exec" })],
  );
  const calls = new Map(
    items.flatMap(({ input, call_id: id }) => (input === undefined ? [] : [[id, input]])),
  );
  const outputs = items.flatMap(({ output: words, call_id: id }) =>
    words === undefined ? [] : [[calls.get(id), words]],
  );
  expect(outputs).toEqual([
    ["a", "A"],
    ["b", "B"],
    ["b", "more of B"],
  ]);
});
