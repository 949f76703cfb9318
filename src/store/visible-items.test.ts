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
import { describeItem } from "../session/item.ts";
import { advance, createHistory } from "../session/history.ts";
import { summaryItem } from "../session/summary-item.ts";
import type { Append } from "../store.ts";
import { created, itemAdded } from "./conformance/events.ts";
import { memoryStore } from "./memory/memory-store.ts";
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

/** How a session's own summaries are seen: texts of what can be shown, and of what is sent. */
async function shownAndSent(...appends: readonly Append[]): Promise<[shown: string[], sent: string[]]> {
  const store = memoryStore({ version: "test" });
  const log = await store.create(id, created(id), "testing");
  await log.append(...appends);
  await log.release();
  const history = createHistory();
  await store.read(id, { record: (record) => advance(history, record) });
  const both: [string[], string[]] = [[], []];
  for (const [at, items] of [await visibleItems(store, id), history.items].entries())
    for await (const { item: body } of itemsOf(items, (refs) => store.bodies(id, refs)))
      both[at]!.push(
        itemText(JSON.parse(new TextDecoder().decode(body)))
          .split("]\n")
          .at(-1)!,
      );
  await store.close();
  return both;
}

const asked = (text: string): Append => itemAdded(Buffer.from(JSON.stringify(said(text))));

const summarised = (text: string, keepFrom: number): Append => {
  const summary = Buffer.from(summaryItem({ context: [], kind: "summary", text }));
  const event = { type: "history-compacted", ...describeItem(summary)!, keepFrom, notice: "" } as const;
  return { event, item: summary };
};

test("the next summary tells the one before it, also where it keeps what that one had kept", async () => {
  // The messages have the sequence numbers 1, 2 and 3, and the first summary has 4.
  const [visible, sent] = await shownAndSent(
    asked("one"),
    asked("two"),
    asked("three"),
    summarised("of one", 2),
    summarised("of one and two", 3),
  );
  expect(sent).toEqual(["of one and two", "three"]);
  expect(visible).toEqual(sent);
});

test("going back to what a summary has kept leaves the summary, which stands later in the log", async () => {
  const [visible, sent] = await shownAndSent(
    asked("one"),
    asked("two"),
    asked("three"),
    summarised("of one", 2),
    asked("four"),
    { event: { type: "history-rewound", toStep: 1, fromSeq: 3 } },
    asked("five"),
  );
  expect(sent).toEqual(["of one", "two", "five"]);
  expect(visible).toEqual(sent);
});
