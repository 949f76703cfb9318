import fs, {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { placeWhole } from "./packed.ts";
import { isUnfinished, repairsOf } from "./journal.ts";
import { previewRepair } from "./prepare.ts";
import { finishRepair, repairRollout, undoRepair } from "./repair.ts";

const root = temporaryFolder();

const id = "01a1fac2-0000-7000-8000-000000000000";
const home = join(root, "codex");
const path = join(home, "sessions", "2026", "11", "20", `rollout-2026-11-20T20-58-19-${id}.jsonl`);
const archive = `${path}.zst`;
const options = { home: join(root, "own"), now: Date.parse("2026-11-22"), seals: { which: "none" } } as const;

const line = (type: string, payload: object): string =>
  `${JSON.stringify({ timestamp: "2026-11-20T20:58:19.000Z", type, payload })}\n`;
const head = line("session_meta", {
  id,
  timestamp: "2026-11-20T20:58:19.000Z",
  cwd: "/w",
  originator: "codex_exec",
  cli_version: "0.116.0",
});
const said = (text: string): string =>
  line("response_item", {
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text }],
  });
const call = line("response_item", {
  type: "function_call",
  name: "shell",
  arguments: "{}",
  call_id: "call_a",
});
const unanswered = head + call + said("Done.");
const later = said("And more.");

const mended = (): ReturnType<typeof repairRollout> => repairRollout(archive, options);
const beside = (): string[] => readdirSync(dirname(path));

function packed(text: string | Buffer): Buffer {
  const bytes = typeof text === "string" ? zstdCompressSync(text) : text;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(archive, bytes);
  chmodSync(archive, 0o640);
  utimesSync(archive, 1_700_000_000, 1_700_000_000);
  return bytes;
}

beforeEach(() => {
  for (const folder of [home, options.home]) rmSync(folder, { recursive: true, force: true });
});

it("a compressed rollout is unpacked for its repair, as Codex does on resume, and packed again when that is taken back", async () => {
  const bytes = packed(unanswered);
  const done = (await mended())!;
  expect(done.path).toBe(path);
  expect(done.journal.mended).toEqual({ "call-without-output": 1 });
  expect(beside()).toEqual([path.split("/").at(-1)]);
  expect(readFileSync(path, "utf8")).toMatch(/"type":"function_call_output"/u);
  expect(statSync(path).mode & 0o777, "rights as they were").toBe(0o640);
  expect(Math.round(statSync(path).mtimeMs / 1_000), "its place in lists").toBe(1_700_000_000);
  for (const copy of [done.folder.original, done.folder.packed])
    expect(statSync(copy).mode & 0o777, "for its owner only").toBe(0o600);

  const back = await undoRepair(path, { home: options.home });
  expect(back.path).toBe(archive);
  expect(beside()).toEqual([archive.split("/").at(-1)]);
  expect(readFileSync(archive).equals(bytes)).toBe(true);
  expect(statSync(archive).mode & 0o777).toBe(0o640);
  expect(Math.round(statSync(archive).mtimeMs / 1_000)).toBe(1_700_000_000);
});

it("under the name that it was listed by it is found after it was unpacked, too", async () => {
  const bytes = packed(unanswered);
  await mended();
  expect(await mended(), "nothing is left to mend").toBeUndefined();
  expect((await undoRepair(archive, { home: options.home })).path).toBe(archive);
  expect(readFileSync(archive).equals(bytes)).toBe(true);
});

it("under the name that its repair gives it, it is found while it is compressed, too", async () => {
  packed(unanswered);
  const plan = await previewRepair(archive, options);
  expect(plan.path).toBe(path);
  expect((await repairRollout(plan.path, options))?.journal.mended).toEqual(plan.mended);
});

it("one that is a link is one again when its repair is taken back, if what it led to is still there as it was", async () => {
  const bytes = packed(unanswered);
  const elsewhere = join(home, "disk", "packed.zst");
  mkdirSync(dirname(elsewhere));
  renameSync(archive, elsewhere);
  const link = relative(dirname(archive), elsewhere);
  symlinkSync(link, archive);
  await mended();
  expect(beside()).toEqual([basename(path)]);
  await undoRepair(path, { home: options.home });
  expect(readlinkSync(archive)).toBe(link);
  expect(beside()).toHaveLength(1);

  for (const change of [() => writeFileSync(elsewhere, "other"), () => rmSync(elsewhere)]) {
    rmSync(archive);
    writeFileSync(elsewhere, bytes);
    symlinkSync(link, archive);
    await mended();
    change();
    await undoRepair(path, { home: options.home });
    expect(beside()).toEqual([basename(archive)]);
    expect(lstatSync(archive).isFile()).toBe(true);
    expect(readFileSync(archive).equals(bytes)).toBe(true);
  }
});

it("what Codex has written since stays, in the unpacked file", async () => {
  packed(unanswered);
  await mended();
  appendFileSync(path, later);
  expect((await undoRepair(path, { home: options.home })).path).toBe(path);
  expect(readFileSync(path, "utf8")).toBe(unanswered + later);
  expect(existsSync(archive)).toBe(false);
});

it("of one that can't be unpacked to its end, all that can be goes on, and the rest is kept", async () => {
  const lines =
    head + said("One.") + Array.from({ length: 4_000 }, (_, nth) => said(`${nth} ${nth ** 3}`)).join("");
  const bytes = packed(zstdCompressSync(lines).subarray(0, -2_000));
  const { journal, folder } = (await mended())!;
  expect(journal.mended["broken-archive"]).toBe(1);
  const text = readFileSync(path, "utf8");
  expect(text.length).toBeGreaterThan(lines.length / 2);
  expect(lines.startsWith(text.trimEnd()), "whole lines of it, and spaces for the last one").toBe(true);
  expect(readFileSync(folder.packed).equals(bytes)).toBe(true);
  expect(await repairRollout(path, options), "nothing is left to mend").toBeUndefined();
  await undoRepair(path, { home: options.home });
  expect(readFileSync(archive).equals(bytes)).toBe(true);
  expect(existsSync(path)).toBe(false);
});

it("one of which nothing can be unpacked stays as it is", async () => {
  const bytes = packed(zstdCompressSync(unanswered).subarray(0, -9));
  let left: unknown;
  const told = await repairRollout(archive, options, ({ after }) => (left = after));
  expect(told).toBeUndefined();
  expect(left).toEqual([
    expect.objectContaining({ kind: "broken-archive", mends: expect.stringContaining("backup") }),
  ]);
  expect(readFileSync(archive).equals(bytes)).toBe(true);
  expect(beside()).toHaveLength(1);
});

it("one in which there is nothing to mend stays compressed", async () => {
  const bytes = packed(head + said("Done."));
  expect(await mended()).toBeUndefined();
  expect(beside()).toEqual([archive.split("/").at(-1)]);
  expect(readFileSync(archive).equals(bytes)).toBe(true);
});

it("one beside the file that it was unpacked to is refused: Codex uses the other", async () => {
  const bytes = packed(unanswered);
  writeFileSync(path, zstdDecompressSync(bytes));
  await expect(mended()).rejects.toThrow(`Repair that one: throughline repair ${path}`);
  expect(readFileSync(archive).equals(bytes)).toBe(true);
  expect(readFileSync(path, "utf8")).toBe(unanswered);
});

it("one that Codex has compressed after its repair isn't unpacked by an undo", async () => {
  packed(unanswered);
  await mended();
  const bytes = zstdCompressSync(readFileSync(path));
  writeFileSync(archive, bytes);
  rmSync(path);
  await expect(undoRepair(archive, { home: options.home })).rejects.toThrow(
    "was compressed after its repair",
  );
  expect(readFileSync(archive).equals(bytes)).toBe(true);
});

it("a file that appears while a rollout is being put in place is never replaced", async () => {
  packed(unanswered);
  writeFileSync(path, later);
  await expect(placeWhole(archive, path, statSync(archive))).rejects.toThrow("EEXIST");
  expect(readFileSync(path, "utf8")).toBe(later);
  expect(beside(), "no draft is left").toHaveLength(2);
});

it("on a disk that has no links a rollout is put in place all the same, and replaces none", async () => {
  const { linkSync: link } = fs;
  onTestFinished(() => {
    fs.linkSync = link;
    syncBuiltinESMExports();
  });
  // As exFAT answers.
  fs.linkSync = () => {
    throw Object.assign(new Error("EPERM"), { code: "EPERM", syscall: "link" });
  };
  syncBuiltinESMExports();
  packed(unanswered);
  expect((await mended())!.path).toBe(path);
  expect(beside()).toEqual([basename(path)]);
  const repaired = readFileSync(path, "utf8");
  expect(repaired).toContain("function_call_output");
  packed(unanswered);
  await expect(placeWhole(archive, path, statSync(archive))).rejects.toThrow("EPERM");
  expect(readFileSync(path, "utf8")).toBe(repaired);
});

/** A repair, or its undoing, that was killed when both files were there, and its draft too: with the rollout's name on it. */
async function cutOff(way: "repaired" | "restored"): Promise<void> {
  packed(unanswered);
  await mended();
  const { folder, journal } = repairsOf(options.home, path).at(-1)!;
  copyFileSync(folder.packed, archive);
  copyFileSync(path, folder.repaired);
  if (way === "restored") {
    writeFileSync(folder.restored, unanswered);
    writeFileSync(path, unanswered);
  }
  const placed = way === "repaired" ? path : archive;
  linkSync(placed, join(dirname(placed), `.${basename(placed)}.throughline`));
  folder.write({ ...journal, state: way === "repaired" ? "writing" : "undoing" });
}

it.each([
  ["repaired", ""],
  ["repaired", ".zst"],
  ["restored", ""],
  ["restored", ".zst"],
] as const)(
  "cut off with both files there, it is finished under either name: %s, .jsonl%s",
  async (way, form) => {
    await cutOff(way);
    const { folder } = repairsOf(options.home, path).at(-1)!;
    const left = readFileSync(way === "repaired" ? folder.repaired : folder.packed);
    const known = repairsOf(options.home, path).find(isUnfinished)!;
    const done = await finishRepair(known, path + form);
    expect(beside()).toHaveLength(1);
    expect(readFileSync(done.path).equals(left)).toBe(true);
    expect(repairsOf(options.home, done.path).some(isUnfinished)).toBe(false);
  },
);

it.each([
  ["before the unpacked file got its name", () => rmSync(path)],
  ["when all but its note was done", () => rmSync(archive)],
])("cut off %s, it is finished", async (_when, undone) => {
  await cutOff("repaired");
  const repaired = readFileSync(path);
  undone();
  await repairRollout(existsSync(path) ? path : archive, options);
  expect(beside()).toEqual([basename(path)]);
  expect(readFileSync(path).equals(repaired)).toBe(true);
});

it.each(["repaired", "restored"] as const)(
  "cut off with both files there, another compressed one that has come since is not removed: %s",
  async (way) => {
    await cutOff(way);
    const other = zstdCompressSync(later);
    writeFileSync(archive, other);
    const text = readFileSync(path);
    await finishRepair(repairsOf(options.home, path).find(isUnfinished)!, path);
    expect(readFileSync(archive).equals(other)).toBe(true);
    expect(readFileSync(path).equals(text)).toBe(true);
  },
);

it.each([
  ["is not as it was", (copy: string) => appendFileSync(copy, "x")],
  ["is gone", (copy: string) => rmSync(copy)],
])("taken back where the copy of the compressed file %s, it stays unpacked", async (_what, lose) => {
  packed(unanswered);
  lose((await mended())!.folder.packed);
  expect((await undoRepair(path, { home: options.home })).path).toBe(path);
  expect(readFileSync(path, "utf8")).toBe(unanswered);
  expect(beside()).toHaveLength(1);
});

it("cut off with both files there, what Codex has written since stays, whatever name it is finished under", async () => {
  await cutOff("repaired");
  const repaired = readFileSync(path, "utf8");
  appendFileSync(path, later);
  await repairRollout(archive, options);
  expect(readFileSync(path, "utf8")).toBe(repaired + later);
  expect(beside()).toHaveLength(1);
});

it("cut off before it was unpacked, it is taken back without a byte of it written anywhere: the disk may be what is full", async () => {
  await cutOff("repaired");
  rmSync(path);
  for (const draft of beside().filter((name) => name.startsWith("."))) rmSync(join(dirname(path), draft));
  utimesSync(dirname(path), 1, 1);
  rmSync(repairsOf(options.home, path).at(-1)!.folder.original);
  expect((await undoRepair(path, { home: options.home })).path).toBe(archive);
  expect(statSync(dirname(path)).mtimeMs).toBe(1_000);
  expect(beside()).toHaveLength(1);
  expect(repairsOf(options.home, path).some(isUnfinished)).toBe(false);
});

describe("cut off before it was unpacked, and Codex has unpacked it and gone on", () => {
  beforeEach(async () => {
    await cutOff("repaired");
    rmSync(archive);
    writeFileSync(path, unanswered + later);
  });

  it("it is repaired as it is now", async () => {
    expect((await repairRollout(path, options))?.journal.mended).toEqual({ "call-without-output": 1 });
    const repaired = readFileSync(path, "utf8");
    expect(repaired).toContain("function_call_output");
    expect(repaired.endsWith(later)).toBe(true);
    expect(repairsOf(options.home, path).map(({ journal }) => journal.state)).toEqual(["undone", "done"]);
    expect(beside()).toHaveLength(1);
  });

  it("it is taken back, and what Codex has written stays", async () => {
    expect((await undoRepair(path, options)).path).toBe(path);
    expect(readFileSync(path, "utf8")).toBe(unanswered + later);
    expect(repairsOf(options.home, path).some(isUnfinished)).toBe(false);
    expect(beside()).toHaveLength(1);
  });
});

it("a repair of one that is still compressed is none of its twin's in another folder", async () => {
  await cutOff("repaired");
  rmSync(path);
  const twin = join(home, "archived_sessions", basename(path));
  mkdirSync(dirname(twin), { recursive: true });
  writeFileSync(twin, unanswered);
  expect(repairsOf(options.home, twin)).toEqual([]);
  expect(repairsOf(options.home, archive)).toHaveLength(1);
  rmSync(archive);
  expect(repairsOf(options.home, twin), "moved there").toHaveLength(1);
});

it.each(["", ".zst"])(
  "an undoing that was cut off with both files there is finished, and what Codex has written since stays: .jsonl%s",
  async (form) => {
    await cutOff("restored");
    appendFileSync(path, later);
    expect((await undoRepair(path + form, { home: options.home })).path).toBe(path);
    expect(readFileSync(path, "utf8")).toBe(unanswered + later);
    expect(beside(), "Codex has gone on with the rollout").toEqual([basename(path)]);
    expect(repairsOf(options.home, path).some(isUnfinished)).toBe(false);
  },
);

it.each(["", ".zst"])(
  "cut off with both files there, it is taken back under either name: .jsonl%s",
  async (form) => {
    await cutOff("repaired");
    expect((await undoRepair(path + form, { home: options.home })).path).toBe(archive);
    expect(beside()).toHaveLength(1);
  },
);
