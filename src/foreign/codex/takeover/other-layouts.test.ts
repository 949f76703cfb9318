// Rollouts that are no lines of JSON: the first versions' documents, those of forks, and what a program has written anew.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { importPlan } from "../../../../test/kit/import-plan.ts";
import { opened, take } from "../../../../test/kit/taken-over.ts";
import { judged } from "../../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { listRollouts } from "../home/places.ts";
import { scanRollout } from "../list/scan.ts";

const bytesOf: (text: string) => Buffer = Buffer.from;
const sorted = (text: string): Buffer => {
  const { session, items } = JSON.parse(text) as { session: object; items: object[] };
  return Buffer.from(JSON.stringify({ items, session }));
};

test.each<[string, string, (text: string) => Buffer]>([
  ["as it was written", "json", bytesOf],
  ["with a byte order mark", "json", (text) => Buffer.from(`\uFEFF${text}`)],
  ["in UTF-16", "json", (text) => Buffer.from(`\uFEFF${text}`, "utf16le")],
  ["in big-endian UTF-16", "json", (text) => Buffer.from(text, "utf16le").swap16()],
  ["with its members in another order", "json", sorted],
  ["as the one value of a list", "json", (text) => Buffer.from(`[${text}]\n`)],
  ["under another name", "jsonl", bytesOf],
  ["packed away", "jsonl.zst", zstdCompressSync],
])("the old JSON document is read too, %s", async (_what, form, made) => {
  const id = "5f4e1a0c-95c0-4f05-8c4c-6b1b0c5a7f10";
  const path = join(temporaryFolder(), `rollout-2025-05-02-${id}.${form}`);
  const items = [
    { type: "message", role: "user", content: [{ type: "input_text", text: "look" }] },
    { type: "function_call", call_id: "c1", name: "shell", arguments: "{}" },
    { type: "function_call_output", call_id: "c1", output: "ok" },
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "Done." }] },
  ];
  const session = { timestamp: "2025-05-02T10:00:00.000Z", id, instructions: "" };
  const text = JSON.stringify({ session, items }, null, 2);
  writeFileSync(path, made(text));
  const plan = importPlan();
  const taken = await take(plan, path);
  const { items: found, history } = await opened(plan.store, taken.id);
  expect(found.map(({ type }) => type)).toEqual(items.map(({ type }) => type));
  expect(history).toMatchObject({ title: "look", created: Date.parse(session.timestamp), turn: 1, step: 2 });
  expect(await take(plan, path)).toMatchObject({ did: "same" });
  const [file] = listRollouts(folderAsHome(path));
  expect(scanRollout(file!)).toMatchObject({ header: { id }, title: "look", messages: 2, flaws: [] });
  const kinds = (await judged(path, 0)).map(({ kind }) => kind);
  expect(kinds).toEqual([...(form.endsWith("zst") ? ["compressed"] : []), "old-document"]);
});

test("of an old document that was torn off what stands before that is read", async () => {
  const id = "5f4e1a0c-95c0-4f05-8c4c-6b1b0c5a7f10";
  const path = join(temporaryFolder(), `rollout-2025-05-02-${id}.json`);
  const items = ["look", "and again"].map((words) => ({ type: "message", role: "user", content: words }));
  const text = JSON.stringify({ session: { id, timestamp: "2025-05-02T10:00:00.000Z" }, items }, null, 2);
  writeFileSync(path, text.slice(0, text.indexOf("again")));
  const taken = await take(importPlan(), path);
  expect([taken.counts.prompts, taken.left]).toEqual([1, { json: 1 }]);
});

test("a document of Chat Completions messages, as forks for other providers write it, is read too, and once", async () => {
  const id = "5f4e1a0c-95c0-4f05-8c4c-6b1b0c5a7f11";
  const path = join(temporaryFolder(), `rollout-2025-08-02-${id}.json`);
  const called = { id: "c1", index: 0, type: "function", function: { name: "shell", arguments: "{}" } };
  const items = [
    { role: "user", content: [{ type: "text", text: "count the ponds" }] },
    { role: "assistant", content: "", reasoning: "Look first", tool_calls: [called] },
    { role: "tool", tool_call_id: "c1", content: "two" },
    { role: "assistant", content: "Two ponds." },
  ];
  const session = { timestamp: "2025-08-02T10:00:00.000Z", id, instructions: "" };
  writeFileSync(path, JSON.stringify({ session, items }, null, 2));
  const plan = importPlan();
  const taken = await take(plan, path);
  expect(taken.counts).toMatchObject({ prompts: 1, answers: 1, calls: 1, outputs: 1, reasoning: 1 });
  const { items: found, history } = await opened(plan.store, taken.id);
  expect(found).toMatchObject([
    { type: "message", role: "user", content: [{ type: "input_text", text: "count the ponds" }] },
    { type: "reasoning", content: [{ type: "reasoning_text", text: "Look first" }] },
    { type: "function_call", call_id: "c1", name: "shell", arguments: "{}" },
    { type: "function_call_output", call_id: "c1", output: "two" },
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "Two ponds." }] },
  ]);
  expect(history.title).toBe("count the ponds");
  expect(await take(plan, path)).toMatchObject({ did: "same", items: 0 });
  const [file] = listRollouts(folderAsHome(path));
  expect(scanRollout(file!)).toMatchObject({ title: "count the ponds", messages: 2, flaws: [] });
});

/** A home in which the rollout is. */
function folderAsHome(path: string): string {
  const home = temporaryFolder();
  cpSync(path, join(home, "sessions", path.split("/").at(-1)!));
  return home;
}

type Row = Record<string, unknown>;
const parsed = (text: string): Row[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);
const spread = (text: string): string =>
  parsed(text).reduce((all, row) => `${all}${JSON.stringify(row, null, 2)}\n`, "");

test.each<[string, (text: string) => string | Buffer]>([
  ["spread over many lines", spread],
  ["as one list", (text) => JSON.stringify(parsed(text), null, 2)],
  ["as a list of a record a line", (text) => `[\n${text.trimEnd().replaceAll("\n", ",\n")}\n]`],
  ["in UTF-16", (text) => Buffer.from(`\uFEFF${text}`, "utf16le")],
  ["in UTF-16, spread", (text) => Buffer.from(spread(text), "utf16le").swap16()],
])("a rollout that a program wrote anew %s is taken over and listed as what it was", async (_how, anew) => {
  for (const original of codexRollouts("0.169.0")) {
    const home = temporaryFolder();
    const path = join(home, "sessions", basename(original.path));
    const content = Buffer.from(anew(readFileSync(original.path, "utf8")));
    mkdirSync(dirname(path));
    writeFileSync(path, content);
    const [plan, plain] = [importPlan(), importPlan()];
    const [taken, meant] = [await take(plan, path), await take(plain, original.path)];
    expect(taken).toMatchObject({ did: "made", counts: meant.counts, left: meant.left });
    expect((await opened(plan.store, taken.id)).items).toEqual((await opened(plain.store, meant.id)).items);
    expect(await take(plan, path)).toMatchObject({ did: "same" });
    expect(readFileSync(path).equals(content)).toBe(true);
    const facts = scanRollout(original);
    expect(scanRollout(listRollouts(home)[0]!)).toEqual({
      ...facts,
      flaws: ["other-layout", ...facts.flaws],
    });
  }
});
