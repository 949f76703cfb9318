// A damaged rollout is taken over as its repair would leave it, and stays as it is.
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { importPlan } from "../../../../test/kit/import-plan.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { itemsOf } from "../../../session/items.ts";
import { visibleItems } from "../../../store/visible-items.ts";
import { listRollouts } from "../home/places.ts";
import { mendedCopy } from "../repair/mended-copy.ts";
import { threadAt } from "./find.ts";
import { importThread, type TakenOver } from "./import.ts";

interface Case {
  readonly path: string;
  take(): Promise<TakenOver>;
  items(id: string): Promise<JsonObject[]>;
  /** What is left in the home of ours. */
  left(): string[];
}

/** A fixture's rollout (its largest), with what `damage` makes of its lines. */
function damaged(version: string, damage: (lines: string[]) => string[]): Case {
  const folder = mkdtempSync(join(tmpdir(), "throughline-damaged-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [fixture] = listRollouts(join(import.meta.dirname, "../fixtures", version)).toSorted(
    (a, b) => b.bytes - a.bytes,
  );
  const path = join(folder, basename(fixture!.path));
  const lines = readFileSync(fixture!.path, "utf8").split("\n").slice(0, -1);
  writeFileSync(path, `${damage(lines).join("\n")}\n`);
  const home = join(folder, "home");
  const plan = { ...importPlan(), mended: (each: string) => mendedCopy(each, home) };
  return {
    path,
    take: async () => importThread(plan, (await threadAt(path))!),
    items: async (id) => {
      const items: JsonObject[] = [];
      const visible = await visibleItems(plan.store, id);
      for await (const { item } of itemsOf(visible, (refs) => plan.store.bodies(id, refs)))
        items.push(JSON.parse(Buffer.from(item).toString()) as JsonObject);
      return items;
    },
    left: () => readdirSync(join(home, "repairs")),
  };
}

async function undamaged(version: string): Promise<JsonObject[]> {
  const { take, items } = damaged(version, (lines) => lines);
  const { id, isMended } = await take();
  expect(isMended).toBe(false);
  return items(id);
}

const kindsOf = (items: JsonObject[]): unknown[] => items.map(({ type }) => type);

test.for(["0.98.0", "0.130.0", "0.169.0"])("the whole file twice (%s) is taken once", async (version) => {
  const { path, take, items, left } = damaged(version, (lines) => [...lines, ...lines]);
  const before = readFileSync(path);
  const { id, isMended } = await take();
  expect(isMended).toBe(true);
  expect(await items(id)).toEqual(await undamaged(version));
  expect(readFileSync(path)).toEqual(before);
  expect(left()).toEqual([]);
});

test("an output that stands at the end is taken at its place", async () => {
  const { take, items } = damaged("0.169.0", (lines) => {
    const at = lines.findIndex((line) => line.includes('_call_output"'));
    return [...lines.toSpliced(at, 1), lines[at]!];
  });
  const { id } = await take();
  expect(await items(id)).toEqual(await undamaged("0.169.0"));
});

test("a message whose record can't be read is taken from the event that tells it", async () => {
  const isAnswer = (line: string): boolean =>
    line.includes('"type":"message"') && line.includes('"role":"assistant"');
  const { take, items } = damaged("0.169.0", (lines) => {
    const at = lines.findIndex(isAnswer);
    return lines.with(at, lines[at]!.replace('"text":"', '"text":"\\x41'));
  });
  const { id, isMended } = await take();
  expect(isMended).toBe(true);
  expect(kindsOf(await items(id))).toEqual(kindsOf(await undamaged("0.169.0")));
});

test("what Codex appends to it later is taken over as to any other", async () => {
  const { path, take, items } = damaged("0.130.0", (lines) => [...lines, ...lines]);
  const { id } = await take();
  const before = await items(id);
  expect(await take()).toMatchObject({ did: "same", id });
  const payload = { type: "message", role: "user", content: [{ type: "input_text", text: "more" }] };
  appendFileSync(
    path,
    `${JSON.stringify({ timestamp: "2026-11-23T00:00:00.000Z", type: "response_item", payload })}\n`,
  );
  expect(await take()).toMatchObject({ did: "grown", id, items: 1 });
  expect(await items(id)).toEqual([...before, payload]);
});
