import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";
import { codexRollouts } from "../../../test/kit/codex-home.ts";
import { judged, kindsToRepair } from "../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../test/kit/temporary-folder.ts";
import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { scanRollout } from "./list/scan.ts";
import { repairRollout } from "./repair/repair.ts";

const root = temporaryFolder();

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
    const [source] = codexRollouts(version);
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
        expect(await judged(path, 1e12)).toBeInstanceOf(Array);
      }
      expect(files.length).toBeGreaterThan(10);
    }
  },
);

const output = {
  type: "response_item",
  payload: { type: "function_call_output", call_id: "call_9", output: "3" },
};

it.each<[string, ...JsonObject[]]>([
  ["an event around a list", { type: "event_msg", payload: [odd[0]] }],
  ["an event around a number", { type: "event_msg", payload: -1 }],
  [
    "a command that is no text",
    told("exec_command_end", { call_id: "call_9", command: ["ls", odd[0]] }),
    output,
  ],
])("what a repair has put in is not put in again: %s", async (what, ...last) => {
  const home = join(root, what.replaceAll(" ", "-"));
  const timestamp = "2026-11-21T10:00:00.000Z";
  const thread = "019de0d5-c800-7517-8f4e-b80cd123b61d";
  const path = join(home, "sessions/2026/11/21", `rollout-2026-11-21T10-00-00-${thread}.jsonl`);
  const head = { id: thread, timestamp, cwd: "/work", originator: "codex_exec", cli_version: "0.169.0" };
  const said = { type: "message", role: "user", content: [{ type: "input_text", text: "count the ducks" }] };
  const records = [
    { ordinal: 0, timestamp, type: "session_meta", payload: { ...head, history_mode: "paginated" } },
    { ordinal: 1, timestamp, type: "response_item", payload: said },
    ...last.map((record) => ({ timestamp, ...record })),
  ];
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  const options = { home: join(home, "own"), now: 1e12, seals: { which: "dead" } } as const;
  expect(await repairRollout(path, options)).toBeDefined();
  expect(await kindsToRepair(path, 1e12)).toEqual([]);
  expect(await repairRollout(path, options)).toBeUndefined();
});
