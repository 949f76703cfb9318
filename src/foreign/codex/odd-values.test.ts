import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { examine } from "./examine/examine.ts";
import { judge } from "./findings/judge.ts";
import { listRollouts } from "./home/places.ts";
import { scanRollout } from "./list/scan.ts";

const root = mkdtempSync(join(tmpdir(), "throughline-odd-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Nobody can make a text or a number of the first; arrays have no such length as the second. */
const odd: readonly unknown[] = [{ toString: 1, valueOf: 2 }, 1.5];

type Path = readonly (string | number)[];

function places(value: unknown, path: Path = []): Path[] {
  const members = Array.isArray(value)
    ? [...value.entries()]
    : isJsonObject(value)
      ? Object.entries(value)
      : [];
  return members.flatMap(([key, member]) => [[...path, key], ...places(member, [...path, key])]);
}

function changed(record: JsonObject, path: Path, value: unknown): JsonObject {
  const copy = structuredClone(record);
  let at = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  at[path.at(-1)!] = value;
  return copy;
}

const told = (type: string, payload: object): JsonObject => ({
  timestamp: "2026-11-21T10:00:00.000Z",
  type: "event_msg",
  payload: { type, ...payload },
});

/** Records whose members are asked for, and that no fixture has. */
const more: readonly JsonObject[] = [
  told("agent_message", { message: "words", source: "s" }),
  told("thread_rolled_back", { num_turns: 1 }),
  told("exec_command_end", { call_id: "call_1", turn_id: "t", source: "agent", aggregated_output: "o" }),
  told("error", { message: "m", codex_error_info: "other" }),
];

it.each(["0.36.0", "0.130.0", "0.169.0"])(
  "whatever value a member of a record of %s has, its file is listed and examined",
  async (version) => {
    const [source] = listRollouts(join(import.meta.dirname, "fixtures", version));
    const path = join(root, basename(source!.path));
    const lines = readFileSync(source!.path, "utf8").trimEnd().split("\n");
    const records = [...lines.map((line) => JSON.parse(line) as JsonObject), ...more];
    const [head, ...behind] = records as [JsonObject, ...JsonObject[]];
    for (const value of odd) {
      const withOdd = (record: JsonObject): JsonObject[] =>
        places(record).map((place) => changed(record, place, value));
      // A file that begins with each of the headers, and one with each of the other records.
      const files = [
        ...withOdd(head).map((first) => [first, ...behind]),
        [...records, ...behind.flatMap(withOdd)],
      ];
      for (const file of files) {
        const text = `${file.map((record) => JSON.stringify(record)).join("\n")}\n`;
        writeFileSync(path, text);
        expect(scanRollout({ ...source!, path, bytes: Buffer.byteLength(text) })).toBeDefined();
        expect(await judge(await examine(path), { path, now: 1e12 })).toBeInstanceOf(Array);
      }
      expect(files.length).toBeGreaterThan(10);
    }
  },
);
