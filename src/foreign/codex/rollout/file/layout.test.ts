import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { judged } from "../../../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../../../test/kit/temporary-folder.ts";
import { uuidv7Time } from "../../../../lib/ids.ts";
import { listRollouts } from "../../home/places.ts";
import { scanRollout } from "../../list/scan.ts";
import { repairsOf } from "../../repair/journal.ts";
import { writeTranscript } from "../../repair/transcript.ts";
import { relaid, writingOf } from "./layout.ts";
import { linesOf } from "./lines-of.ts";
import { ValuesInLines } from "../bytes/values-in-lines.ts";
import { finishRepair, repairRollout, undoRepair } from "../../repair/repair.ts";

const root = temporaryFolder();
const id = "01a0f497-0990-7f13-933f-78cca4bbbb53";
const now = Date.parse("2026-11-21");

const timestamp = "2026-09-23T01:25:00.000Z";
const said = (ordinal: number, role: string, text: string): object => {
  const content = [{ type: role === "user" ? "input_text" : "output_text", text }];
  return { timestamp, ordinal, type: "response_item", payload: { type: "message", role, content } };
};
const rows: readonly object[] = [
  {
    timestamp,
    ordinal: 0,
    type: "session_meta",
    payload: {
      id,
      timestamp,
      cwd: "/pond",
      originator: "codex_exec",
      cli_version: "0.156.0",
      source: "exec",
      model_provider: "openai",
      history_mode: "paginated",
    },
  },
  said(1, "user", 'count { the "ducks" [ }\n{ über \\ 🦆'),
  said(2, "assistant", "4,\t{}"),
];
const lines = rows.map((row) => JSON.stringify(row));
const whole = `${lines.join("\n")}\n`;
const spread = rows.map((row) => `${JSON.stringify(row, null, 2)}\n`).join("");

function written(name: string, content: string | Buffer): string {
  const folder = join(root, name, "sessions", "2026", "09", "23");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `rollout-2026-09-23T01-25-00-${id}.jsonl`);
  writeFileSync(path, content);
  return path;
}

const utf16 = (text: string): Buffer => Buffer.from(text, "utf16le");

const layouts: [string, string | Buffer, string][] = [
  ["spread over many lines (jq .)", spread, "one record over many lines"],
  ["with CRLF", spread.replaceAll("\n", "\r\n"), "one record over many lines"],
  ["one behind the other", spread.replaceAll("}\n{", "}{"), "one record over many lines"],
  ["as a list (jq -s .)", JSON.stringify(rows, null, 2), "one JSON list"],
  ["as a list in one line", JSON.stringify(rows), "one JSON list"],
  ["as a list of a record a line", `[\n${lines.join(",\n")}\n]\n`, "one JSON list"],
  ["UTF-16", utf16(`\uFEFF${whole}`), "UTF-16"],
  ["UTF-16 without a mark", utf16(whole), "UTF-16"],
  ["UTF-16, big-endian", utf16(`\uFEFF${whole}`).swap16(), "UTF-16"],
  ["UTF-16, spread", utf16(`\uFEFF${spread}`), "UTF-16"],
];

async function linesAt(path: string): Promise<string> {
  let text = "";
  for await (const batch of linesOf(path)) for (const { bytes } of batch) text += `${bytes.toString()}\n`;
  return text;
}

const kept = async (path: string): Promise<string> => {
  const to = join(temporaryFolder(), "transcript.md");
  await writeTranscript(path, to);
  return readFileSync(to, "utf8");
};

describe("a rollout that a program has written anew is one again", () => {
  it.each(layouts)("%s", async (what, content, detail) => {
    const path = written(what.replaceAll(/\W/gu, ""), content);
    expect(await judged(path, now)).toMatchObject([{ kind: "other-layout", severity: "broken", detail }]);
    expect(relaid(Buffer.from(content)).toString()).toBe(whole);
    expect(await kept(path)).toContain("## assistant\n\n4,\t{}\n");
  });

  it.each(layouts)("%s, and packed away", async (what, content, detail) => {
    const plain = written(`packed${what.replaceAll(/\W/gu, "")}`, content);
    const path = `${plain}.zst`;
    rmSync(plain);
    writeFileSync(path, zstdCompressSync(Buffer.from(content)));
    expect(await judged(path, now)).toMatchObject([
      { kind: "compressed" },
      { kind: "other-layout", severity: "broken", detail },
    ]);
    expect(await linesAt(path)).toBe(whole);
    const [file] = listRollouts(join(path, "..", "..", "..", "..", ".."));
    expect(scanRollout(file!)).toMatchObject({ header: { id }, messages: 2, flaws: ["other-layout"] });
  });

  it.each<[string, string | Buffer]>([
    ["spread over many lines", spread.slice(40)],
    ["spread over many lines, its payload whole", spread.slice(spread.indexOf("{", 1))],
    ["as a list", JSON.stringify(rows, null, 2).replace(/"timestamp".*/u, "\0".repeat(40))],
    ["UTF-16", utf16(`\uFEFF${whole.replace(/.*/u, "#".repeat(200))}`)],
    ["UTF-16 without its beginning", utf16(`\uFEFF${whole}`).fill(0, 0, 256)],
    ["UTF-16, big-endian, without its beginning", utf16(`\uFEFF${whole}`).swap16().fill(0, 0, 256)],
    ["UTF-16, spread", utf16(`\uFEFF${spread.slice(40)}`)],
  ])("%s, where the first one is destroyed", async (what, content) => {
    const path = written(`headless${what.replaceAll(/\W/gu, "")}`, content);
    expect(await judged(path, now)).toMatchObject([{ kind: "other-layout" }]);
    await repairRollout(path, { home: root, seals: { which: "none" }, now });
    expect(await judged(path, now)).toEqual([]);
    const mended = readFileSync(path, "utf8").trimEnd().split(/\s*\n/u);
    expect(JSON.parse(mended[0]!)).toMatchObject({ type: "session_meta", payload: { id } });
    expect(mended.slice(-2)).toEqual(lines.slice(1));
  });

  it.each(layouts.filter(([what]) => /a record a line|^UTF-16/u.test(what)))(
    "%s and torn off, with what Codex has written since a repair that was taken back",
    async (what, content) => {
      const path = written(`torn${what.replaceAll(/\W/gu, "")}`, Buffer.from(content).subarray(0, -61));
      const home = temporaryFolder();
      const mend = (): Promise<unknown> => repairRollout(path, { home, seals: { which: "none" }, now });
      await mend();
      const later = [said(3, "user", "Und über dem Teich? 🦆"), said(4, "assistant", "5, 6")];
      const since = later.map((row) => `${JSON.stringify(row)}\n`).join("");
      appendFileSync(path, since);
      await undoRepair(path, { home });
      await mend();
      const mended = readFileSync(path, "utf8")
        .split("\n")
        .map((line) => line.trim());
      expect(mended).toEqual(
        expect.arrayContaining(`${whole}${since}`.trimEnd().split("\n").toSpliced(2, 1)),
      );
    },
  );

  it.each(layouts.filter(([what]) => /jq \.|a record a line|^UTF-16$|big/u.test(what)))(
    "%s, with what Codex has written since a repair that was taken back",
    async (what, content) => {
      const path = written(`since${what.replaceAll(/\W/gu, "")}`, content);
      const home = temporaryFolder();
      const mend = (): Promise<unknown> => repairRollout(path, { home, seals: { which: "none" }, now });
      await mend();
      const since = `${JSON.stringify(said(3, "user", "Und über dem Teich? 🦆"))}\n`;
      appendFileSync(path, since);
      await undoRepair(path, { home });
      expect(readFileSync(path).subarray(0, Buffer.byteLength(content)).equals(Buffer.from(content))).toBe(
        true,
      );
      expect((await linesAt(path)).replaceAll(/\n+/gu, "\n")).toBe(`${whole}${since}`);
      await mend();
      expect(readFileSync(path, "utf8").replaceAll(/\n+/gu, "\n")).toBe(`${whole}${since}`);
      expect(await judged(path, now)).toEqual([]);
    },
  );

  it("by a repair that reads it a piece at a time", async () => {
    const more = Array.from({ length: 3_000 }, (_, nth) => said(nth + 3, "assistant", "über ".repeat(100)));
    const text = (all: readonly object[], indent?: number): string =>
      all.map((row) => `${JSON.stringify(row, null, indent)}\n`).join("");
    const path = written("pieces", text([...rows, ...more], 2));
    await repairRollout(path, { home: root, seals: { which: "none" }, now });
    expect(readFileSync(path, "utf8")).toBe(text([...rows, ...more]));
  });

  it("by a repair that gives it its own first line, where the one of the thread before it stands first then", async () => {
    const [, ...rest] = rows;
    const { payload, ...envelope } = rows[0] as { payload: object };
    const copied = new Date(uuidv7Time(id)! + 200).toISOString();
    const older = { ...payload, id: "01a0f490-0990-7f13-933f-78cca4bbbb53" };
    const head = { ...envelope, timestamp: copied, payload: older };
    const path = written("forked", utf16([head, ...rest].map((row) => JSON.stringify(row)).join("\n")));
    await repairRollout(path, { home: root, seals: { which: "none" }, now });
    const [first = ""] = readFileSync(path, "utf8").split("\n");
    expect(JSON.parse(first)).toMatchObject({ type: "session_meta", payload: { id } });
  });

  it("however the bytes are cut that it is read from", () => {
    const text = Buffer.from(JSON.stringify(rows, null, 1));
    for (let cut = 0; cut <= text.length; cut++) {
      const values = new ValuesInLines();
      const pieces = [text.subarray(0, cut), text.subarray(cut)].map((piece) => values.take(piece));
      expect(Buffer.concat(pieces).toString()).toBe(whole);
    }
  });

  it("with every space in the words behind a string that was torn", () => {
    const [first, ...rest] = ["torn off here", "a b \\ c", 'd " e'].map((text) =>
      JSON.stringify({ timestamp, text }),
    );
    const list = `[${first!.slice(0, -8)}${rest.join(",")}]`;
    const given = new ValuesInLines().take(Buffer.from(list)).toString();
    for (const value of rest) expect(given).toContain(value);
  });

  it("but isn't taken for one where only its first line is no record", async () => {
    const path = written("garbled", `[\n${whole}`);
    expect(writingOf(path)).toBeUndefined();
    expect(await judged(path, now)).toMatchObject([{ kind: "header-broken" }]);
  });

  it("by a repair, with what stands before a torn end, and back", async () => {
    const content = `${spread}{\n  "timestamp": "2026`;
    const path = written("torn", content);
    await repairRollout(path, { home: root, seals: { which: "dead" }, now });
    expect(readFileSync(path, "utf8").startsWith(whole)).toBe(true);
    expect(await judged(path, now)).toEqual([]);
    await undoRepair(path, { home: root });
    expect(readFileSync(path, "utf8")).toBe(content);
  });

  it("by a repair that was killed before the end of the longer file was cut off, and taken back then", async () => {
    const content = utf16(`\uFEFF${whole}`);
    const path = written("killed", content);
    const options = { home: root, seals: { which: "none" }, now } as const;
    await repairRollout(path, options);
    const { journal, folder } = repairsOf(root, path).at(-1)!;
    const mended = readFileSync(path);
    const killed = Buffer.concat([mended, content.subarray(mended.length)]);
    for (const [again, becomes] of [
      [() => undoRepair(path, { home: root }), content],
      [() => finishRepair(repairsOf(root, path).at(-1)!, path), mended],
    ] as const) {
      writeFileSync(folder.repaired, mended);
      writeFileSync(path, killed);
      folder.write({ ...journal, state: "writing" });
      await again();
      expect(readFileSync(path).equals(becomes)).toBe(true);
    }
  });

  it.each<[string, string | Buffer]>([
    ["another program's", JSON.stringify([{ type: "message", role: "user" }], null, 2)],
    ["text", utf16("\uFEFFcount the ducks\n")],
    ["an empty list", "[]"],
    ["braces", "{{{{"],
  ])("and %s is left alone", async (what, content) => {
    const path = written(what.replaceAll(/\W/gu, ""), content);
    expect(await judged(path, now)).toMatchObject([{ kind: "not-a-rollout" }]);
  });
});

it("an archive that unpacks to thousands of times its size is judged by a part of it, in little memory", () => {
  const path = join(root, "large.jsonl.zst");
  // Of the zeros that 128 MiB come to, each frame has a quarter.
  const frame = zstdCompressSync(Buffer.alloc(2 ** 25));
  writeFileSync(path, Buffer.concat([frame, frame, frame, frame]));
  const layout = new URL("./layout.ts", import.meta.url).href;
  const script = `
    const { writingOf } = await import(${JSON.stringify(layout)});
    const { maxRSS } = process.resourceUsage();
    const writing = writingOf(${JSON.stringify(path)});
    console.log(JSON.stringify({ writing: writing ?? null, grown: process.resourceUsage().maxRSS - maxRSS }));`;
  const child = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  const { writing, grown } = JSON.parse(child) as { writing: unknown; grown: number };
  expect(writing).toBeNull();
  expect(grown / 1_024, "MiB").toBeLessThan(240);
});
