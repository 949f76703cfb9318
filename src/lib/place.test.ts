import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { placeNew } from "./place.ts";

const folder = mkdtempSync(join(tmpdir(), "place-"));
/** Memory is another file system than the disk, from which nothing can be linked. */
const memory = "/dev/shm";
const isOther = existsSync(memory) && statSync(memory).dev !== statSync(folder).dev;
const elsewhere = isOther ? mkdtempSync(join(memory, "place-")) : folder;
afterAll(() => {
  for (const made of new Set([folder, elsewhere])) rmSync(made, { recursive: true, force: true });
});

const ways = [{ how: "with a link", from: folder }];
if (isOther) ways.push({ how: "as a copy where links can't be", from: elsewhere });

test.each(ways)("a draft gets its name $how, and never takes that of another file", ({ from }) => {
  const draft = join(from, "draft");
  const path = join(folder, `file-${from === folder ? "linked" : "copied"}`);
  writeFileSync(draft, "whole", { mode: 0o600 });
  expect(placeNew(draft, path)).toBe(true);
  expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["whole", 0o600]);
  writeFileSync(draft, "other");
  expect(placeNew(draft, path)).toBe(false);
  expect(existsSync(draft)).toBe(true);
  rmSync(draft);
});

test("a folder that isn't there is no name taken", () => {
  const draft = join(folder, "draft");
  writeFileSync(draft, "whole");
  expect(() => placeNew(draft, join(folder, "missing", "file"))).toThrow(/ENOENT/u);
});
