import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import type { RolloutFile } from "../home/places.ts";
import { TakenNotes } from "./taken-notes.ts";

const file = (path: string, bytes: number, mtime = 1): RolloutFile => ({
  path,
  bytes,
  mtime,
  thread: "t",
  made: "2026-11-20T20-58-19",
  rollout: "t",
  form: "jsonl",
  archived: false,
});
const [first, later] = [file("/sessions/a.jsonl", 10), file("/sessions/b.jsonl", 20)];

function folder(): string {
  const made = temporaryFolder();
  return join(made, "cache");
}

it("a thread is known as long as its files stand as they were taken, whatever their order", () => {
  const cache = folder();
  new TakenNotes(cache).put("t", [first, later]);
  const notes = new TakenNotes(cache);
  expect(notes.isKnown("t", [later, first])).toBe(true);
  for (const files of [
    [],
    [first],
    [first, file(later.path, 21)],
    [first, file(later.path, 20, 2)],
    [first, file("/sessions/c.jsonl", 20)],
  ])
    expect(notes.isKnown("t", files), JSON.stringify(files)).toBe(false);
  expect(notes.isKnown("other", [first, later])).toBe(false);
});

it("a thread that can't be found any more is none that is known", () => {
  const notes = new TakenNotes(folder());
  notes.put("t", []);
  expect(notes.isKnown("t", [])).toBe(false);
});

it("of thousands of threads those are remembered that were taken over last", () => {
  const cache = folder();
  new TakenNotes(cache).put("t0", [first]);
  const [path] = [join(cache, "codex-taken.json")];
  const [[, standing]] = JSON.parse(readFileSync(path, "utf8")) as [[string, string]];
  writeFileSync(path, JSON.stringify(Array.from({ length: 2_000 }, (_, nth) => [`t${nth}`, standing])));
  const notes = new TakenNotes(cache);
  notes.put("t0", [later]);
  notes.put("t2000", [first]);
  const left = new TakenNotes(cache);
  expect(left.isKnown("t0", [later])).toBe(true);
  expect(["t1", "t2", "t2000"].map((thread) => left.isKnown(thread, [first]))).toEqual([false, true, true]);
});

it.each(["", "{}", '[["t"], ["t", 1], [1, "x"], null]', "[[", "not JSON"])(
  "notes that say %j are none, and give way to others",
  (content) => {
    const cache = folder();
    new TakenNotes(cache).put("t", [first]);
    writeFileSync(join(cache, "codex-taken.json"), content);
    const notes = new TakenNotes(cache);
    expect(notes.isKnown("t", [first])).toBe(false);
    notes.put("t", [first]);
    expect(new TakenNotes(cache).isKnown("t", [first])).toBe(true);
  },
);
