import fs, {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { placeNew, writeNew } from "./place.ts";

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

test.each([
  ["once", true, (nth: number, from: number) => nth === from],
  ["from then on", true, (nth: number, from: number) => nth >= from],
  ["once, where there are no links", false, (nth: number, from: number) => nth === from],
  ["from then on, where there are no links", false, (nth: number, from: number) => nth >= from],
])(
  "whichever call fails, %s, a file is written and told as that, or isn't there, but for what is told as left",
  async (_name, hasLinks, isFailing) => {
    type Call = (...values: unknown[]) => unknown;
    const system = fs as unknown as Record<string, Call>;
    const names = ["openSync", "writeSync", "fsyncSync", "linkSync", "copyFileSync", "rmSync"];
    const real = Object.fromEntries(names.map((name) => [name, system[name]!]));
    let [made, from] = [0, Number.POSITIVE_INFINITY];
    for (const name of names)
      system[name] = (...values) => {
        const code = isFailing(++made, from) ? "EIO" : name === "linkSync" && !hasLinks ? "EPERM" : undefined;
        if (code !== undefined) throw Object.assign(new Error(code), { code, syscall: name });
        return real[name]!(...values);
      };
    syncBuiltinESMExports();
    try {
      for (let nth = 1, isOver = false; !isOver; nth++) {
        const inside = mkdtempSync(join(folder, "new-"));
        const path = join(inside, "file");
        const left: string[] = [];
        [made, from] = [0, nth];
        const isWritten = await writeNew(path, ["whole"], (file) => left.push(file)).then(
          () => true,
          () => false,
        );
        isOver = made < nth;
        from = Number.POSITIVE_INFINITY;
        const there = readdirSync(inside).map((name) => join(inside, name));
        expect([nth, there.sort()]).toEqual([nth, [...(isWritten ? [path] : []), ...left].sort()]);
        if (isWritten) expect(readFileSync(path, "utf8")).toBe("whole");
      }
    } finally {
      Object.assign(fs, real);
      syncBuiltinESMExports();
    }
  },
);
