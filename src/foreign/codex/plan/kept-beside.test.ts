import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { isJsonObject, type JsonObject } from "../../../lib/json.ts";
import { repairRollout } from "../repair/repair.ts";

const root = temporaryFolder();

/** A rollout whose summary is sealed, as the real CLI wrote it. */
function sealedOf(version: string): { name: string; lines: string[]; at: number } {
  for (const { path } of codexRollouts(version)) {
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const at = lines.findLastIndex((line) => /"type":"compacted".*"type":"compaction"/u.test(line));
    if (at > 0) return { name: basename(path), lines, at };
  }
  throw new Error(`no sealed summary in the fixtures of ${version}`);
}

async function repaired(
  name: string,
  lines: readonly string[],
): Promise<{ before: string; after: string; gone: readonly string[] }> {
  const path = join(root, "codex", "sessions", "2026", "11", "20", name);
  mkdirSync(join(path, ".."), { recursive: true });
  const before = lines.map((line) => `${line}\n`).join("");
  writeFileSync(path, before);
  const options = {
    home: temporaryFolder(),
    now: Date.now(),
    seals: { which: "all" },
  } as const;
  const done = await repairRollout(path, options);
  const gone = Object.entries(done?.plan?.changes.gone ?? {}).map(([what, count]) => `${count} × ${what}`);
  return { before, after: readFileSync(path, "utf8"), gone };
}

const payloadOf = (line: string): JsonObject => (JSON.parse(line) as { payload: JsonObject }).payload;

test.each(["0.130.0", "0.169.0"])(
  "messages of %s that only stand beside a sealed summary stay when it is taken out, without a byte moving",
  async (version) => {
    const { name, lines, at } = sealedOf(version);
    const given = payloadOf(lines[at]!);
    const history = given["replacement_history"] as JsonObject[];
    const isSealed = (item: JsonObject): boolean => "encrypted_content" in item;
    const { before, after, gone } = await repaired(name, [lines[0]!, ...lines.slice(at)]);
    expect(gone).toEqual([
      "1 × sealed summary with all that it told, as the history before it is not in the file",
    ]);
    expect(after).toHaveLength(before.length);
    const left = payloadOf(after.split("\n")[1]!);
    expect(left["replacement_history"]).toEqual(history.filter((item) => !isSealed(item)));
    const said = given["replacement_history_metadata"];
    if (Array.isArray(said))
      expect(left["replacement_history_metadata"]).toEqual(said.filter((_, nth) => !isSealed(history[nth]!)));
    expect(history.some((item) => isJsonObject(item) && item["role"] === "user")).toBe(true);
  },
);

test.each(["0.130.0", "0.169.0"])(
  "where the history before a sealed summary of %s is in the file, all of it comes back",
  async (version) => {
    const { name, lines, at } = sealedOf(version);
    const { after, gone } = await repaired(name, lines);
    const count = lines.filter((line) => line.includes('"type":"compaction"')).length;
    expect(gone).toEqual([`${count} × sealed summary, in whose place the history before it counts again`]);
    expect(after.split("\n")[at]!.trim()).toBe("");
  },
);
