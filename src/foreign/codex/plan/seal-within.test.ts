import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { examine } from "../examine/examine.ts";
import type { SealChoice } from "../findings/seal-choice.ts";
import { judge } from "../findings/judge.ts";
import { repairRollout } from "../repair/repair.ts";

const root = temporaryFolder();
const id = "01a1fd7f-7f19-7713-9a44-8f943967cbfd";
const timestamp = "2026-11-21T09:45:53.780Z";
const now = Date.parse("2026-11-22");
/** As a Fernet token begins: its version, and when it was sealed. */
const blob = Buffer.concat([Buffer.from("800000000069204a5c", "hex"), Buffer.alloc(112, 7)]).toString(
  "base64url",
);
const part = { type: "encrypted_content", encrypted_content: blob };
const text = (words: string): object => ({ type: "input_text", text: words });
const opened = text("[Sealed content stood here. It can't be opened any more.]");
const call = { type: "function_call", call_id: "a", name: "read_note", arguments: "{}" };
const output = { type: "function_call_output", call_id: "a" };
const said = { type: "message", role: "assistant" };
const content = [{ type: "output_text", text: "Read." }];
const user = { type: "message", role: "user", content: [text("read it")] };

const [all, dead, named] = [
  { which: "all" },
  { which: "dead" },
  { which: "named", tail: blob.slice(-8) },
] as const;
const mend = (path: string, seals: SealChoice): Promise<unknown> =>
  repairRollout(path, { home: temporaryFolder(), seals, now });

function written(items: readonly object[]): string {
  const folder = join(root, "sessions", "2026", "11", "21");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `rollout-2026-11-21T09-45-53-${id}.jsonl`);
  const header = {
    id,
    timestamp,
    cwd: "/w",
    originator: "codex_exec",
    cli_version: "0.169.0",
    model_provider: "openai",
  };
  const lines = [
    { timestamp, type: "session_meta", payload: header },
    ...items.map((payload) => ({ timestamp, type: "response_item", payload })),
  ];
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return path;
}

const itemsIn = (path: string): unknown[] =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => (JSON.parse(line) as { payload: unknown }).payload);

it("a dead seal in an output, a call or an answer goes from its place, and the rest of the line stays where it was", async () => {
  const path = written([
    user,
    { ...call, encrypted_content: blob },
    { ...output, output: [text("note 1"), part, part] },
    { ...said, encrypted_content: blob, content },
  ]);
  const { size } = statSync(path);
  expect(judge(await examine(path), { path, now })).toMatchObject([{ kind: "sealed-reasoning", count: 4 }]);
  await mend(path, all);
  expect(itemsIn(path)).toEqual([
    user,
    { ...call, encrypted_content: null },
    { ...output, output: [text("note 1"), opened, opened] },
    { ...said, encrypted_content: null, content },
  ]);
  expect(statSync(path).size).toBe(size);
  expect(judge(await examine(path), { path, now })).toEqual([]);
});

it("a dead seal in a call's arguments becomes words there, also in what a summary's line keeps, and the other arguments stay", async () => {
  const given = (message: string): string =>
    JSON.stringify({ task_name: "hélper", message, fork_turns: "all" });
  const sealed = { ...call, name: "spawn_agent", arguments: given(blob) };
  const told = { ...sealed, call_id: "b", encrypted_function_args: ["message"] };
  const inWords = { ...sealed, call_id: "c", encrypted_function_args: [] };
  const answer = (call_id: string): object => ({ ...output, call_id, output: "spawned" });
  const answers = [answer("a"), answer("b"), answer("c")];
  const path = written([user, sealed, told, inWords, ...answers]);
  const kept = {
    timestamp,
    type: "compacted",
    payload: { message: "", replacement_history: [user, sealed, answer("a")] },
  };
  appendFileSync(path, `${JSON.stringify(kept)}\n`);
  const { size } = statSync(path);
  expect(judge(await examine(path), { path, now })).toMatchObject([{ kind: "sealed-reasoning", count: 3 }]);
  await mend(path, named);
  const unsealed = given("[Sealed content stood here. It can't be opened any more.]");
  expect(itemsIn(path)).toEqual([
    user,
    { ...sealed, arguments: unsealed },
    { ...told, arguments: unsealed, encrypted_function_args: [] },
    inWords,
    ...answers,
    { message: "", replacement_history: [user, { ...sealed, arguments: unsealed }, answer("a")] },
  ]);
  expect(statSync(path).size).toBe(size);
  expect(judge(await examine(path), { path, now })).toEqual([]);
});

it("of several seals in one line the one that an error names goes alone", async () => {
  const other = `${blob.slice(0, -8)}BBBBBBBB`;
  const path = written([
    user,
    call,
    { ...output, output: [part, { ...part, encrypted_content: other }] },
    { ...said, encrypted_content: other, content },
  ]);
  await mend(path, named);
  expect(itemsIn(path)).toEqual([
    user,
    call,
    { ...output, output: [opened, { ...part, encrypted_content: other }] },
    { ...said, encrypted_content: other, content },
  ]);
});

it("a seal that was altered to what is no ASCII goes, also from what a summary's line keeps, and words beside it stay", async () => {
  const altered = { ...part, encrypted_content: `${blob.slice(0, -4)}é€ü` };
  const words = { ...part, encrypted_content: "look at it" };
  const path = written([user, call, { ...output, output: [altered, words] }]);
  const kept = {
    timestamp,
    type: "compacted",
    payload: {
      message: "",
      replacement_history: [user, call, { ...output, output: [part, altered, words] }],
    },
  };
  appendFileSync(path, `${JSON.stringify(kept)}\n`);
  await mend(path, dead);
  expect(itemsIn(path)).toEqual([
    user,
    call,
    { ...output, output: [opened, words] },
    { message: "", replacement_history: [user, call, { ...output, output: [part, opened, words] }] },
  ]);
});

const summary = { type: "compaction", encrypted_content: blob };
const compacted = (...kept: object[]): string =>
  `${JSON.stringify({ timestamp, type: "compacted", payload: { message: "", replacement_history: kept } })}\n`;

it("of a summary whose history is gone, what is sealed in an item kept beside it becomes words", async () => {
  const path = written([]);
  const sealed = { ...output, output: [text("note 1"), part] };
  appendFileSync(path, compacted(sealed, user, call, sealed, summary, call, sealed));
  const { size } = statSync(path);
  await mend(path, all);
  const left = { ...output, output: [text("note 1"), opened] };
  expect(itemsIn(path)).toEqual([{ message: "", replacement_history: [left, user, call, left, call, left] }]);
  expect(statSync(path).size).toBe(size);
});

it("of a summary whose history is in the file, however long its prompts are, all of it comes back", async () => {
  const long = { ...user, content: [text(`Read "it" to the end. ${"It is long. ".repeat(50)}`)] };
  const path = written([long, { ...said, content }]);
  appendFileSync(path, compacted(long, summary));
  await mend(path, all);
  const [, ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
  expect(lines.map((line) => line.trim() !== "")).toEqual([true, true]);
});

it("a summary in words that is all that a sealed one keeps beside it goes with it, and the history before both comes back", async () => {
  const path = written([user, { ...said, content }]);
  const inWords = text("Another language model started to solve this problem and produced a summary of it.");
  appendFileSync(path, compacted({ ...user, content: [inWords] }, summary));
  await mend(path, all);
  const [, ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
  expect(lines.map((line) => line.trim() !== "")).toEqual([true, true]);
});

it.each(["context_compaction", "a_kind_to_come"])(
  "a %s, which is nothing without its seal, goes whole",
  async (type) => {
    const path = written([user, { type, encrypted_content: blob }, { ...said, content }]);
    await mend(path, all);
    expect(readFileSync(path, "utf8").trimEnd().split("\n")[2]!.trim()).toBe("");
  },
);

it("words where a seal would stand in an output are none, and a cut seal is found", async () => {
  const sealed = (words: string): object => ({ ...output, output: [{ ...part, encrypted_content: words }] });
  expect(judge(await examine(written([user, call, sealed("look at it")])), { path: "", now })).toEqual([]);
  const path = written([user, call, sealed(`${blob.slice(0, 90)}…`)]);
  expect(judge(await examine(path), { path, now })).toMatchObject([{ kind: "seal-malformed" }]);
  await mend(path, dead);
  expect(itemsIn(path).at(-1)).toEqual({ ...output, output: [opened] });
});

it("words that stand beside a seal in an output stay, with null behind them or in a seal's place", async () => {
  const unsealed = {
    ...part,
    encrypted_content: "The tests pass, said the second agent, whose provider seals nothing.",
  };
  const plain = {
    ...text("These are the words of the tool itself, which stood beside what was sealed."),
    encrypted_content: null,
  };
  const path = written([user, call, { ...output, output: [part, unsealed, plain] }]);
  await mend(path, all);
  expect(itemsIn(path)).toEqual([user, call, { ...output, output: [opened, unsealed, plain] }]);
});

it("a message that a summary's line keeps stays with the line, and a sealed summary goes without it", async () => {
  const keptUser = { ...user, encrypted_content: blob };
  const inWords = {
    type: "message",
    role: "user",
    content: [text("Another language model started to solve this problem and produced a summary of it.")],
  };
  const path = written([user]);
  const put = (history: readonly object[]): void => {
    const [header] = readFileSync(path, "utf8").split("\n");
    const line = { timestamp, type: "compacted", payload: { message: "", replacement_history: history } };
    writeFileSync(path, `${header}\n${JSON.stringify(line)}\n`);
  };
  for (const [history, left] of [
    [
      [keptUser, inWords],
      [{ ...user, encrypted_content: null }, inWords],
    ],
    [[keptUser, { type: "compaction", encrypted_content: blob }], [{ ...user, encrypted_content: null }]],
  ] as const) {
    put(history);
    await mend(path, all);
    expect(itemsIn(path)).toEqual([{ message: "", replacement_history: left }]);
  }
});
