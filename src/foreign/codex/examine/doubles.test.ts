import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { linesIn } from "../rollout/bytes/lines.ts";
import { readRecord } from "../rollout/record/record.ts";
import { judge } from "../findings/judge.ts";
import { DoublesWatch } from "./doubles-watch.ts";
import { examine } from "./examine.ts";
import { TextSet } from "./text-set.ts";
import { watched } from "./watched-record.ts";
import {
  answer,
  call,
  event,
  examined,
  item,
  type Line,
  output,
  sealed,
} from "../../../../test/kit/examined.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";

const root = temporaryFolder();

const thread = "01a1fab7-43af-7111-ab7c-b4a4c49da1a3";
const record = (ordinal: number, type: string, payload: object): string =>
  `${JSON.stringify({ timestamp: "2026-11-20T20:48:00.000Z", ordinal, type, payload })}\n`;

it("of thousands of records each has its place by its ordinal, and those that stand there twice are found", async () => {
  const header = { id: thread, timestamp: "2026-11-20T20:48:00.000Z", cwd: "/", originator: "codex_exec" };
  const lines = [
    record(0, "session_meta", { ...header, cli_version: "0.169.0", history_mode: "paginated" }),
    ...Array.from({ length: 20_000 }, (_, nth) => record(nth + 1, "event_msg", { type: "token_count" })),
  ];
  const twice = [10, 4_097, 12_345, 19_999];
  const path = join(root, `rollout-2026-11-20T20-48-00-${thread}.jsonl`);
  writeFileSync(path, lines.flatMap((line, at) => (twice.includes(at) ? [line, line] : [line])).join(""));
  const found = await examine(path);
  const doubled = judge(found, { path, now: 0 }).find(({ kind }) => kind === "doubled-record");
  expect(doubled?.places.map(({ line }) => line)).toEqual(twice.map((at, nth) => at + nth + 2));
  let offset = 0;
  for (const [at, line] of lines.entries()) {
    if (found.placeOf(at) !== offset) expect([at, found.placeOf(at)]).toEqual([at, offset]);
    offset += line.length * (twice.includes(at) ? 2 : 1);
  }
  expect(found.placeOf(lines.length)).toBeUndefined();
});

const unique = "msg_0123456789abcdef0123";
const bytes = (line: Line, second = 1, more: object = {}): string =>
  JSON.stringify({ timestamp: `2026-11-20T20:48:0${second}.000Z`, ...more, type: line[0], payload: line[1] });
const [made, had] = [bytes(call("call_1")), bytes(output("call_1"))];
const words = bytes(answer("yes"));
const reasoned = (seal: string): string => bytes(item("reasoning", { summary: [], encrypted_content: seal }));
const thought = reasoned(sealed(Date.parse("2026-11-20T20:48:00Z")));
const heard = bytes(event("agent_message", { message: "yes" }));
const asked = bytes(event("user_message", { message: "yes" }));
const done = bytes(event("item_completed", { item: { type: "AgentMessage" } }));
const counts = bytes(event("token_count"));

it.each<[string, string[], number[]]>([
  [
    "an item's id, whatever it says now",
    [bytes(answer("a", { id: unique })), bytes(answer("b", { id: unique }), 2)],
    [2],
  ],
  [
    "an item's id, but that of every review",
    [1, 2].map((nth) => bytes(answer(`${nth}`, { id: "review_rollout_assistant" }), nth)),
    [],
  ],
  [
    "an item's id, but one too short to be of one item",
    [bytes(answer("a", { id: "msg_1" })), bytes(answer("b", { id: "msg_1" }))],
    [],
  ],
  ["a call's id and the very bytes", [made, had, made], [3]],
  ["an output's id and the very bytes", [made, had, had], [3]],
  ["a seal and the very bytes", [thought, words, thought, words], [3, 4]],
  ["the very bytes around an empty seal", [reasoned(""), words, reasoned(""), words], []],
  ["the very bytes around what was put in place of a seal", [reasoned("REDACTED"), reasoned("REDACTED")], []],
  [
    "a call's id at another time, as gateways give it again",
    [made, had, bytes(call("call_1"), 2), bytes(output("call_1"), 2)],
    [],
  ],
  ["a call's id in its output", [made, had], []],
  ["the very bytes of what has no id", [words, words, heard, heard, counts, counts], []],
  [
    "the very bytes of what has no id, beside a call that is",
    [made, made, words, words, heard, heard, asked, asked, done, done, counts, counts],
    [2, 4, 6, 8, 10],
  ],
  [
    "the very bytes of what has no id, further away than a call that is",
    [made, made, words, counts, words],
    [2],
  ],
  ["the very bytes with spaces around them", [made, `  ${made} `], [2]],
  ["the very bytes with spaces around the first", [`  ${made} `, made], [2]],
  [
    "the very bytes beside others of its time and length, as calls made at once have them,",
    ["call_1", "call_2", "call_3"].flatMap((id) => [bytes(call(id)), bytes(call(id))]),
    [2, 4, 6],
  ],
  ["the time and length of an item", [words, bytes(answer("not")), made, made], [4]],
  [
    "a summary",
    [bytes(["compacted", { message: "a" }]), counts, bytes(["compacted", { message: "a" }])],
    [3],
  ],
  [
    "a summary at another time",
    [bytes(["compacted", { message: "a" }]), bytes(["compacted", { message: "a" }], 2)],
    [],
  ],
  [
    "a rollback",
    [
      bytes(event("thread_rolled_back", { num_turns: 1 })),
      bytes(event("thread_rolled_back", { num_turns: 1 })),
    ],
    [2],
  ],
  ["three times a call", [made, made, made], [2, 3]],
])("before there were ordinals, what has %s twice is or isn't doubled", async (_what, lines, found) => {
  const { doubled } = await examined(lines);
  expect(doubled.spans.map(({ index }) => index)).toEqual(found);
  expect(doubled.count).toBe(found.length);
});

it("copies without an ordinal are told with their places and how far they stand from the first", async () => {
  const { doubled, bytes: all } = await examined([words, made, words, made]);
  const at = all - made.length - words.length - 2;
  expect(doubled.spans).toEqual([
    { index: 3, at, bytes: words.length },
    { index: 4, at: at + words.length + 1, bytes: made.length },
  ]);
  expect([...doubled.distances]).toEqual([2]);
});

it.each<[string, string[], number[]]>([
  ["its very bytes", [bytes(answer("yes"), 1, { ordinal: 1 }), bytes(answer("yes"), 1, { ordinal: 1 })], [2]],
  ["other bytes", [bytes(answer("yes"), 1, { ordinal: 1 }), bytes(answer("yes"), 2, { ordinal: 1 })], []],
  [
    "its very bytes behind higher ones",
    [5, 3, 3].map((ordinal) => bytes(answer("yes"), 1, { ordinal })),
    [3],
  ],
  [
    "its id and another ordinal",
    [1, 2].map((ordinal) => bytes(answer("a", { id: unique }), ordinal, { ordinal })),
    [2],
  ],
])("an ordinal that is there again, with %s, is or isn't a copy's", async (_what, lines, found) => {
  const { doubled } = await examined(lines, "ordinals");
  expect(doubled.spans.map(({ index }) => index)).toEqual(found);
  expect([...doubled.distances]).toEqual([]);
});

it.each<[string, string[], number[]]>([
  ["an item with an id of its own", [`{"type":"message","id":"${unique}","role":"user"}`], [2]],
  ["a message without one, which may be said twice", ['{"type":"message","role":"user","content":[]}'], []],
  [
    "a call with an id of its own",
    [`{"type":"function_call","id":"${unique}","call_id":"call_1","name":"a","arguments":"{}"}`],
    [2],
  ],
  [
    "an output, which a tool may print twice",
    ['{"type":"function_call_output","call_id":"call_1","output":"a"}'],
    [],
  ],
])("of lines that are bare items, %s is or isn't doubled", async (_what, [line], found) => {
  const path = join(root, `rollout-2025-08-20T20-48-00-${thread}.jsonl`);
  writeFileSync(
    path,
    `${JSON.stringify({ id: thread, timestamp: "2025-08-20T20:48:00.000Z", instructions: null })}\n${line}\n${line}\n`,
  );
  expect((await examine(path)).doubled.spans.map(({ index }) => index)).toEqual(found);
});

it("of bare items, the output of a call that is doubled is doubled once", async () => {
  const path = join(root, `rollout-2025-08-20T20-48-00-${thread}.jsonl`);
  const [first, its] = [
    `{"type":"function_call","id":"${unique}","call_id":"call_1","name":"a","arguments":"{}"}`,
    '{"type":"function_call_output","call_id":"call_1","output":"a"}',
  ];
  const head = JSON.stringify({ id: thread, timestamp: "2025-08-20T20:48:00.000Z", instructions: null });
  writeFileSync(path, [head, first, its, first, its, its, ""].join("\n"));
  expect((await examine(path)).doubled.spans.map(({ index }) => index)).toEqual([3, 4]);
});

it("the first line may stand there twice, and what stands behind it is another session's where it differs", async () => {
  const path = join(root, `rollout-2025-11-20T20-48-00-${thread}.jsonl`);
  const head = (id: string): string =>
    bytes([
      "session_meta",
      {
        id,
        timestamp: "2025-11-20T20:48:00.000Z",
        cwd: "/",
        originator: "codex_exec",
        cli_version: "0.98.0",
      },
    ]);
  const other = `${thread.slice(0, -1)}4`;
  for (const [second, found] of [
    [thread, [1]],
    [other, []],
  ] as const) {
    writeFileSync(path, `${head(thread)}\n${head(second)}\n`);
    expect((await examine(path)).doubled.spans.map(({ index }) => index)).toEqual(found);
  }
});

it("in the history that a fork copies at once, a call id that a gateway gives again makes no copy; behind it, it does", async () => {
  const path = join(root, `rollout-2025-11-20T20-48-00-${thread}.jsonl`);
  const head = (id: string): string => bytes(["session_meta", { id, cwd: "/", cli_version: "0.98.0" }]);
  const other = `${thread.slice(0, -1)}4`;
  const later = [bytes(call("call_1"), 5), bytes(output("call_1"), 6)];
  const lines = [head(thread), head(other), made, had, words, made, had, words, ...later, later[1], ""];
  writeFileSync(path, lines.join("\n"));
  const { doubled, orphans } = await examine(path);
  expect(doubled.spans.map(({ index }) => index)).toEqual([10]);
  expect(orphans.items).toEqual([]);
  const copied = [
    bytes(item("function_call", { id: unique, call_id: "call_2", name: "a", arguments: "{}" })),
    bytes(output("call_2")),
  ];
  writeFileSync(path, [head(thread), head(other), ...copied, ...copied, ""].join("\n"));
  const found = await examine(path);
  expect(found.doubled.spans.map(({ index }) => index)).toEqual([4, 5]);
  expect(found.orphans.items).toEqual([]);
});

it.each(["ordinals", "no ordinals"] as const)("a copy counts for nothing else (%s)", async (has) => {
  const at = (line: Line, ordinal: number): string => bytes(line, 1, has === "ordinals" ? { ordinal } : {});
  const lines = [at(call("call_1"), 1), at(output("call_1"), 2)];
  const found = await examined([...lines, lines[1]!], has);
  expect([...found.open, ...found.orphans.items]).toEqual([]);
  expect([found.doubled.count, found.ordinals.regressed, found.records]).toEqual([1, 0, 4]);
});

it("lines of one time and length, as a fork has them by dozens, are not read again and again", () => {
  const ids = Array.from({ length: 1_000 }, (_, nth) => `call_${String(nth).padStart(4, "0")}`);
  const file = Buffer.from(["", ...ids, ids[40]!].map((id) => `${bytes(call(id))}\n`).join(""));
  let reads = 0;
  const watch = new DoublesWatch(new TextSet(10), (at, length) => {
    reads++;
    return file.subarray(at, at + length);
  });
  const timestamp = "2026-11-20T20:48:01.000Z";
  const copies = linesIn(file).filter((line) => {
    const read = readRecord(line);
    return read.readable && watch.see(watched(read, timestamp), line);
  });
  expect(copies.map(({ index }) => index)).toEqual([1_001]);
  expect(reads).toBeLessThan(100);
});
