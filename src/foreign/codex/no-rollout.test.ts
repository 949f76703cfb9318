import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { temporaryFolder } from "../../../test/kit/temporary-folder.ts";
import { examine } from "./examine/examine.ts";
import { judge } from "./findings/judge.ts";
import { prepareRepair } from "./repair/prepare.ts";
import { encoded } from "./rollout/bytes/encoding.ts";
import { writingOf } from "./rollout/file/layout.ts";
import { linesOf } from "./rollout/file/lines-of.ts";
import { mayHoldRecords } from "./rollout/file/may-hold-records.ts";
import { headerOf } from "./rollout/file/file-header.ts";

const bytes = 5_000_000;
const object = '{"a":1,"b":"x"}';
const times = (text: string): string => text.repeat(Math.ceil(bytes / text.length));

/** What lies under a rollout's name and is none. */
const foreign: Record<string, string> = {
  "a list of objects on one line": `[${times(`${object},`)}${object}]\n`,
  "a list of objects, one a line": `[\n${times(`${object},\n`)}${object}]\n`,
  "an object that holds them": `{"items":[${times(`${object},`)}${object}]}\n`,
  "a list of lists": `[${times("[],")}[]]\n`,
  "lines of another program": times(`${object}\n`),
  "one long string": `"${times("x")}"\n`,
  "one long line": times("x"),
  "opening braces": times("{\n"),
};

afterEach(() => {
  vi.restoreAllMocks();
});

/** Characters that are parsed while something is done. */
async function parsedBy(doing: () => Promise<unknown>): Promise<number> {
  const parse = vi.spyOn(JSON, "parse");
  await doing();
  const parsed = parse.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
  parse.mockRestore();
  return parsed;
}

const home = temporaryFolder();
const name = "rollout-2026-11-20T10-00-00-019a0000-0000-7000-8000-000000000001.jsonl";

function written(text: string | Buffer): string {
  const path = join(home, name);
  writeFileSync(path, text);
  return path;
}

for (const [what, text] of Object.entries(foreign)) {
  test(`of ${what} under a rollout's name no more than the head is parsed`, async () => {
    const path = written(text);

    const read = await parsedBy(async () => {
      expect(await headerOf(path)).toBeUndefined();
      for await (const lines of linesOf(path)) expect(lines).toEqual([]);
    });
    expect(read).toBeLessThan(bytes / 2);

    const examined = await parsedBy(async () => {
      const found = await examine(path);
      expect(found).toMatchObject({ ofCodex: false, bytes: text.length });
      const [finding] = judge(found, { path, now: 0 });
      expect(finding).toMatchObject({ kind: "not-a-rollout", severity: "broken" });
    });
    expect(examined).toBeLessThan(bytes / 2);

    const repaired = await parsedBy(async () => {
      const { changes, folder } = await prepareRepair(path, { home, now: 0, seals: { which: "none" } });
      folder.remove();
      expect(changes.count).toBe(0);
    });
    expect(repaired).toBeLessThan(bytes);
  });
}

test("a record is seen wherever it stands and however it is written", () => {
  const item = '{"type": "response_item", "payload": {}}';
  for (const text of [
    `${times("x")}\n${item}`,
    // Where one piece that is read ends and the next one begins.
    `${"x".repeat(2 ** 16 - 12)}${item}${times("x")}`,
    `{"session":{},"items":[${times(`${object},`)}{"role":"user","content":"hi"}]}`,
    `${times(object)}{"record_type":"state"}`,
  ])
    expect(mayHoldRecords(written(text))).toBe(true);
  const rewritten = `[${times(`${object},`)}${item}]`;
  for (const encoding of ["utf-16le", "utf-16be"] as const) {
    expect(mayHoldRecords(written(encoded(rewritten, encoding)))).toBe(true);
    expect(mayHoldRecords(written(encoded(`[${times(`${object},`)}]`, encoding)))).toBe(false);
  }
  // Words that speak of one in a text are none.
  expect(mayHoldRecords(written(times(`${JSON.stringify(item)}\n`)))).toBe(false);
});

test("of a file of gigabytes a list reads no more than its ends", () => {
  const path = written("");
  truncateSync(path, 2 ** 36);
  expect(writingOf(path)).toBeUndefined();
});
