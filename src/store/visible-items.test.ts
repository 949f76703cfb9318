import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { importPlan } from "../../test/kit/import-plan.ts";
import type { JsonObject } from "../lib/json.ts";
import { itemText } from "../session/item.ts";
import { itemsOf } from "../session/items.ts";
import { threadAt } from "../foreign/codex/takeover/find.ts";
import { importThread } from "../foreign/codex/takeover/import.ts";
import { visibleItems } from "./visible-items.ts";

const id = "01a1fd5d-d6d5-7f92-8f98-eacbd690e9ab";
const timestamp = "2026-11-21T09:09:07.000Z";
const said = (text: string): JsonObject => ({
  type: "message",
  role: "user",
  content: [{ type: "input_text", text }],
});
const item = (payload: JsonObject): JsonObject => ({ timestamp, type: "response_item", payload });
const compacted = (...history: JsonObject[]): JsonObject => ({
  timestamp,
  type: "compacted",
  payload: {
    message: "",
    replacement_history: [...history, { type: "compaction", encrypted_content: "sealed" }],
  },
});

/** What can be shown of a session that was taken over from a rollout of these lines. */
async function shown(...lines: JsonObject[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "throughline-visible-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, `rollout-2026-11-21T09-09-07-${id}.jsonl`);
  const head = { timestamp, type: "session_meta", payload: { id, timestamp, cwd: "/w" } };
  writeFileSync(path, [head, ...lines].map((line) => `${JSON.stringify(line)}\n`).join(""));
  const plan = importPlan();
  const { store } = plan;
  await importThread(plan, (await threadAt(path))!);
  const texts: string[] = [];
  const items = await visibleItems(store, id);
  for await (const { item: body } of itemsOf(items, (refs) => store.bodies(id, refs)))
    texts.push(itemText(JSON.parse(new TextDecoder().decode(body))));
  return texts;
}

test("in the place of a sealed summary stands what was said before it, or where nothing does, what it kept", async () => {
  const kept = compacted(said("one"));
  expect(await shown(item(said("one")), item(said("two")), kept, item(said("three")))).toEqual([
    "one",
    "two",
    "three",
  ]);
  expect(await shown(kept, item(said("two")))).toEqual(["one", "two"]);
  expect(await shown(kept, item(said("two")), compacted(said("two")), item(said("three")))).toEqual([
    "one",
    "two",
    "three",
  ]);
});
