import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { missingBefore, type Pin, type Pinned, pinOf, pinsIn } from "./descendants.ts";

const root = temporaryFolder();

const pin: Pin = { offset: 100, ordinal: 5 };

/** A file of 200 bytes whose records are in order, the pinned one at its place, but for what is told here. */
const found = (told: Partial<Pinned> & { at?: number; regressed?: number; next?: number }): Pinned => ({
  bytes: told.bytes ?? 200,
  end: told.end ?? 200,
  placeOf: (ordinal) => (ordinal === 5 ? told.at : undefined),
  ordinals: { regressed: told.regressed ?? 0, next: told.next ?? 9 },
});

it.each<[string, Pin, Pinned, number]>([
  ["none where its record has its place", pin, found({ at: 100 }), 0],
  ["as many as its record stands too early", pin, found({ at: 90 }), 10],
  ["fewer than none where it stands too late", pin, found({ at: 120 }), -20],
  [
    "as many as the file ends before the place, where the record is gone",
    pin,
    found({ bytes: 80, end: 80 }),
    20,
  ],
  ["none where the record is gone, and others stand behind it", pin, found({}), 0],
  [
    "none where ordinals go back, so that another record may have that ordinal",
    pin,
    found({ at: 90, regressed: 1 }),
    0,
  ],
  [
    "none where ordinals go back, and the last line, which has the one before, ends behind it",
    pin,
    found({ regressed: 1, next: 5, end: 120 }),
    0,
  ],
  ["as many as a file with such ordinals ends before", pin, found({ at: 90, regressed: 1, bytes: 80 }), 20],
  ["fewer than none where the last record before it ends behind it", pin, found({ next: 5, end: 120 }), -20],
  ["none where that one ends before it, and blanks follow", pin, found({ next: 5, end: 70 }), 0],
  ["none that could be told of a place without an ordinal", { offset: 100 }, found({ at: 90 }), 0],
])("bytes missing before a pin: %s", (_what, at, file, missing) => {
  expect(missingBefore(at, file)).toBe(missing);
});

it("a rollout is pinned at the last place at which another one goes on from it", () => {
  const sessions = join(root, "sessions", "2026", "11", "20");
  mkdirSync(sessions, { recursive: true });
  const id = (nth: number): string => `01a1fe21-a4f7-7732-aaac-cfb0c457200${nth}`;
  const path = (nth: number): string => join(sessions, `rollout-2026-11-20T10-00-0${nth}-${id(nth)}.jsonl`);
  const written = (nth: number, more: object): void => {
    const payload = { id: id(nth), timestamp: "2026-11-20T10:00:00Z", cwd: "/w", ...more };
    writeFileSync(path(nth), `${JSON.stringify({ ordinal: 0, type: "session_meta", payload })}\n`);
  };
  const at = (thread: number, offset: number): object => ({
    history_base: { thread_id: id(thread), end_ordinal_exclusive: offset / 100, end_byte_offset: offset },
  });
  written(1, {});
  written(2, at(1, 500));
  // Its instructions stand before what it goes on from, and are longer than what is read of most files.
  written(3, { base_instructions: { text: "a".repeat(2 ** 17) }, ...at(1, 900) });
  written(4, at(1, 700));
  written(5, at(4, 300));
  writeFileSync(path(6), '{"history_base" torn');
  expect(pinsIn(root)).toEqual(
    new Map([
      [id(1), { offset: 900, ordinal: 9 }],
      [id(4), { offset: 300, ordinal: 3 }],
    ]),
  );
  expect([1, 2].map((nth) => pinOf(path(nth)))).toEqual([{ offset: 900, ordinal: 9 }, undefined]);
  expect(pinOf(join(root, "copy.jsonl"))).toBeUndefined();
});
