import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { applyEdits } from "../repair/apply-edits.ts";
import { EditedFile } from "../plan/edited-file.ts";
import { examine } from "./examine.ts";
import { judge } from "../findings/judge.ts";
import { needsRepair } from "../findings/finding.ts";
import type { ReadAt } from "../../../lib/file-bytes.ts";
import { flawOf, lookThrough } from "./long-line.ts";
import { beginnings, salvageLongLine } from "../plan/salvage-long-line.ts";
import { PlannedEdits } from "../repair/planned-edits.ts";
import { repairRollout } from "../repair/repair.ts";

const root = temporaryFolder();

const now = Date.parse("2026-11-21T12:00:00Z");
const id = "01a1fe21-a4f7-7732-aaac-cfb0c4572f0c";
const path = join(root, `rollout-2026-11-20T10-00-00-${id}.jsonl`);
const line = (type: string, payload: object): string =>
  JSON.stringify({ timestamp: "2026-11-20T10:00:00.000Z", type, payload });
const header = line("session_meta", {
  id,
  timestamp: "2026-11-20T10:00:00.000Z",
  cwd: "/w",
  originator: "codex_cli_rs",
  cli_version: "0.130.0",
});
const call = line("response_item", {
  type: "function_call",
  call_id: "call_1",
  name: "shell",
  arguments: "{}",
});
const filler = "0123456789abcde\\n".repeat(33 * 2 ** 16);
const output = line("response_item", { type: "function_call_output", call_id: "call_1", output: "" }).replace(
  '"output":""',
  `"output":"${filler}"`,
);
const answer = line("response_item", { type: "message", role: "assistant", content: [] });
const whole = `${[header, call, output, answer].join("\n")}\n`;
const place = whole.length - answer.length - 100;

async function kinds(): Promise<string[]> {
  return judge(await examine(path), { path, now })
    .filter(needsRepair)
    .map(({ kind }) => kind);
}

async function repaired(bytes: Buffer): Promise<Buffer> {
  writeFileSync(path, bytes);
  const options = { home: join(root, "own"), now, seals: { which: "none" } } as const;
  await repairRollout(path, options);
  rmSync(join(root, "own"), { recursive: true, force: true });
  return readFileSync(path);
}

function changed(into: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(whole, "latin1");
  into(bytes);
  return bytes;
}

describe("a line that is longer than what is held of one", () => {
  it("is looked through to its end", async () => {
    writeFileSync(path, whole);
    expect(await kinds()).toEqual([]);
    writeFileSync(path, whole.slice(0, -answer.length - 90));
    expect(await kinds()).toEqual(["torn-tail"]);
  });

  it("is mended at the place near its end at which it is damaged", async () => {
    const damage = (one: number | string, other: number | string): Buffer =>
      changed((bytes) => bytes.fill(one, place, place + 1).fill(other, place + 5, place + 8));
    const damaged = damage(0xff, 0);
    writeFileSync(path, damaged);
    expect(await kinds()).toEqual(["invalid-utf8"]);
    expect((await repaired(damaged)).equals(damage("?", " "))).toBe(true);
  });

  it("becomes spaces where it is no record, and the records that are glued to it stay", async () => {
    const torn = output.slice(0, 150);
    const spaces = (text: string): string => " ".repeat(text.length);
    for (const [before, after] of [
      [torn + answer, spaces(torn) + answer],
      [call + torn, `${call}\n${spaces(torn).slice(1)}`],
      [call + answer, `${call}\n${answer}`],
      [torn + torn, spaces(torn + torn)],
    ] as const) {
      expect(await mendedLine(before, false)).toBe(after);
      const isEndBlank = after.endsWith(" ");
      expect(await mendedLine(before, true)).toBe(`${isEndBlank ? after.slice(0, -1) : after}\n`);
    }
  });
});

const mebibyte = 2 ** 20;
/** A line of more than two pieces of a mebibyte, in which something stands at some places, between other lines. */
function among(at: readonly number[], what: Buffer, text = `{"a":"${"x".repeat(2.5 * mebibyte)}"}`): Buffer {
  const bytes = Buffer.from(`12345\n${text}\n{"timestamp":"`);
  for (const each of at) what.copy(bytes, 6 + each);
  return bytes;
}
const readerOf =
  (file: Buffer): ReadAt =>
  (at, bytes) =>
    file.subarray(at, at + bytes);
const spanIn = (file: Buffer): { at: number; bytes: number } => ({ at: 6, bytes: file.length - 21 });
const borders = [mebibyte - 1, mebibyte, mebibyte + 1, 2 * mebibyte - 1, 2 * mebibyte, 2 * mebibyte + 1];

it.each<[string, Buffer, ReturnType<typeof flawOf>, number[]]>([
  ["nothing", among([], Buffer.of()), undefined, []],
  ["bytes that are no text", among(borders.slice(3), Buffer.of(0xff)), "utf8", borders.slice(3)],
  ["a NUL", among([mebibyte], Buffer.of(0)), "json", [mebibyte]],
  ["a character", among([mebibyte - 1], Buffer.from("é")), undefined, []],
  [
    "half a character",
    among([2 * mebibyte - 3], Buffer.from(String.raw`\ud83d`)),
    "surrogate",
    [2 * mebibyte - 3],
  ],
  ["its end", among([mebibyte], Buffer.from('"}')), "json", []],
  ["blanks and nothing else", among([], Buffer.of(), " ".repeat(3 * mebibyte)), "blank", []],
])("a long line is read across the borders of its pieces: %s", (_what, file, flaw, places) => {
  const found = lookThrough(spanIn(file), readerOf(file));
  expect(flawOf(found)).toBe(flaw);
  if (found.isObject) expect(found.flaws.map(({ at }) => at - 6)).toEqual(places);
});

it("a record that begins in a long line is found wherever it does, and once", () => {
  const mark = Buffer.from('{"timestamp":"');
  for (const each of [20, ...borders, mebibyte - 7, 2.5 * mebibyte - 20]) {
    const file = among([each], mark);
    expect(beginnings(spanIn(file), readerOf(file)).map((at) => at - 6)).toEqual([0, each]);
  }
  const file = among([], Buffer.of(), mark.toString().repeat(3) + mark.toString().slice(1));
  expect(beginnings(spanIn(file), readerOf(file)).map((at) => at - 6)).toEqual([0, 14, 28]);
});

it("ends where the file became shorter while it was looked through, however little is left", () => {
  const left = Buffer.from(answer.slice(0, 40));
  for (const bytes of [answer.length, 3 * mebibyte]) {
    let reads = 0;
    const read: ReadAt = (...asked) => {
      if (++reads > 10) throw new Error("it doesn't get on");
      return readerOf(left)(...asked);
    };
    expect(lookThrough({ at: 0, bytes }, read).isObject).toBe(false);
  }
});

/** What the edits of a line make of it, whatever its length. */
async function mendedLine(text: string, isTail: boolean): Promise<string> {
  writeFileSync(path, text);
  const fd = openSync(path, "r");
  const planned = new PlannedEdits(join(root, "edits"));
  try {
    const span = { index: 0, at: 0, bytes: text.length };
    for (const edit of salvageLongLine(span, new EditedFile(fd, text.length), "unparsable-line", isTail))
      planned.add(edit);
    await applyEdits(path, planned);
    return readFileSync(path, "utf8");
  } finally {
    planned.close();
    closeSync(fd);
  }
}
