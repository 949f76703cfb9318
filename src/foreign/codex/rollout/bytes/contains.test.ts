import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../../../test/kit/temporary-folder.ts";
import { containsAny } from "./contains.ts";
import { encoded } from "./encoding.ts";

const root = temporaryFolder();

const mark = "call_abcdef123";
const piece = 2 ** 22;

it.each([
  ["where two pieces meet", piece - 3],
  ["at the end of the first", piece - mark.length],
  ["in the last", 2 * piece + 17],
])("a text is found %s, in a plain rollout and in a compressed one", async (_where, at) => {
  const bytes = Buffer.alloc(2 * piece + 100, ".");
  bytes.write(mark, at);
  const [plain, packed] = [join(root, `${at}.jsonl`), join(root, `${at}.jsonl.zst`)];
  writeFileSync(plain, bytes);
  writeFileSync(packed, zstdCompressSync(bytes));
  for (const path of [plain, packed]) {
    expect(await containsAny(path, ["rs_nowhere", mark]), path).toBe(true);
    expect(await containsAny(path, ["rs_nowhere"]), path).toBe(false);
    expect(await containsAny(path, []), "nothing is asked for").toBe(false);
  }
});

it.each(["utf-16le", "utf-16be"] as const)(
  "a text is found in %s, where two pieces meet",
  async (encoding) => {
    const before = (piece - 10) / 2;
    const bytes = encoded(`\ufeff${".".repeat(before)}${mark}${".".repeat(30)}`, encoding);
    const [plain, packed] = [join(root, `${encoding}.jsonl`), join(root, `${encoding}.jsonl.zst`)];
    writeFileSync(plain, bytes);
    writeFileSync(packed, zstdCompressSync(bytes));
    for (const path of [plain, packed]) {
      expect(await containsAny(path, ["rs_nowhere", mark]), path).toBe(true);
      expect(await containsAny(path, ["rs_nowhere"]), path).toBe(false);
    }
  },
);
