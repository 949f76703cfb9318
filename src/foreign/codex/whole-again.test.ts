import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { codexRollouts } from "../../../test/kit/codex-home.ts";
import { foundBeside } from "../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../test/kit/temporary-folder.ts";
import type { Finding } from "./findings/finding.ts";
import { repairRollout } from "./repair/repair.ts";

const root = temporaryFolder();

const now = Date.parse("2026-11-21T12:00:00Z");
const source = codexRollouts("0.169.0")
  .map((file) => ({ ...file, text: readFileSync(file.path, "latin1") }))
  .find(({ text }) => /"type":"(?:custom_tool|function)_call_output"/u.test(text) && text.length < 200_000)!;
const whole = source.text;
const lines = whole.split("\n").slice(0, -1);
const joined = (all: readonly string[]): string => all.map((line) => `${line}\n`).join("");
const ordinalOf = (line: string): number => Number(/"ordinal":(\d+)/u.exec(line)![1]);

const sessions = join(root, "codex", "sessions", "2026", "11", "20");
const path = join(sessions, `rollout-2026-11-20T10-00-00-${source.thread}.jsonl`);
beforeEach(() => {
  rmSync(join(root, "codex"), { recursive: true, force: true });
  mkdirSync(sessions, { recursive: true });
});

const findings = (of = path): Promise<Finding[]> => foundBeside(of, join(root, "own"), now);

const kinds = async (): Promise<string[]> => (await findings()).map(({ kind }) => kind);

async function repaired(text: string): Promise<string> {
  writeFileSync(path, text, "latin1");
  const options = { home: join(root, "own"), now, seals: { which: "none" } } as const;
  await repairRollout(path, options);
  return readFileSync(path, "latin1");
}

const call = lines.findIndex((line) => /"response_item".*"type":"(?:custom_tool|function)_call"/u.test(line));
const output = lines.findIndex((line) => /"response_item".*_call_output"/u.test(line));

/** A fork that was made when the session had as many lines, or one of a reverted thread. */
function forkAt(count: number): void {
  const id = "01a1fe21-a4f7-7732-aaac-cfb0c4572f0c";
  const header = JSON.parse(Buffer.from(lines[0]!, "latin1").toString()) as { payload: object };
  const ordinal = ordinalOf(lines[count - 1]!) + 1;
  const history_base = {
    thread_id: source.thread,
    end_ordinal_exclusive: ordinal,
    end_byte_offset: joined(lines.slice(0, count)).length,
  };
  const payload = { ...header.payload, id, session_id: id, forked_from_id: source.thread, history_base };
  const line = JSON.stringify({ ...header, ordinal, payload });
  writeFileSync(join(sessions, `rollout-2026-11-20T11-00-00-${id}.jsonl`), `${line}\n`);
}

describe("lines of a rollout that stand in another order", () => {
  const exchanged = (one: number, other: number): string =>
    joined(lines.with(one, lines[other]!).with(other, lines[one]!));

  it("go back to their places, a call and its output for one", async () => {
    expect(await repaired(exchanged(call, output))).toBe(whole);
    expect(await repaired(exchanged(output, lines.length - 1))).toBe(whole);
    expect(
      await repaired(joined([...lines.slice(0, 5), ...lines.slice(6, -2), lines[5]!, ...lines.slice(-2)])),
    ).toBe(whole);
  });

  it("are a call and its output that have no ordinals", async () => {
    const bare = (text: string): string =>
      text.replaceAll(/"ordinal":\d+,/gu, "").replaceAll('"paginated"', '"legacy"');
    expect(await repaired(bare(exchanged(call, output)))).toBe(bare(whole));
  });

  it("stay where their times say that only the ordinals were exchanged", async () => {
    const at = lines.findIndex((line, nth) => nth > 3 && line.slice(0, 40) !== lines[nth - 1]!.slice(0, 40));
    const [one, other] = [lines[at - 1]!, lines[at]!];
    const given = (line: string, from: string): string =>
      line.replace(/"ordinal":\d+/u, `"ordinal":${ordinalOf(from)}`);
    const text = joined(lines.with(at - 1, given(one, other)).with(at, given(other, one)));
    expect(await repaired(text)).toBe(whole);
  });

  it("keep the place at which a fork goes on", async () => {
    forkAt(lines.length - 2);
    expect(await repaired(exchanged(call, output))).toBe(whole);
    expect(await kinds()).toEqual([]);
  });
});

describe("a rollout that a fork goes on from", () => {
  beforeEach(() => forkAt(lines.length - 2));

  it.each([
    ["CRLF", whole.replaceAll("\n", "\r\n"), "segment-long"],
    ["a blank line", joined([...lines.slice(0, 8), "", ...lines.slice(8)]), "segment-long"],
    [
      "CRLF on some lines",
      joined(lines.slice(0, 8)).replaceAll("\n", "\r\n") + joined(lines.slice(8)),
      "segment-long",
    ],
    [
      "CRLF, and a blank line",
      joined([...lines.slice(0, 8), "", ...lines.slice(8)]).replaceAll("\n", "\r\n"),
      "segment-long",
    ],
    ["a mark before the first line", `\u00ef\u00bb\u00bf${whole}`, "segment-long"],
    ["garbage on a line", joined([...lines.slice(0, 8), "x".repeat(77), ...lines.slice(8)]), "segment-long"],
    [
      "half a record and behind it the same one whole",
      joined(lines.with(output, lines[output]!.slice(0, 60) + lines[output]!)),
      "segment-long",
    ],
    ["every line twice", joined(lines.flatMap((line) => [line, line])), "segment-long"],
    [
      "every line twice, and one of them with a byte that is no text's",
      joined(
        lines
          .with(call, lines[call]!.replace('"payload"', '\u0002"payload"'))
          .flatMap((line) => [line, line]),
      ),
      "segment-long",
    ],
    [
      "a record that became longer",
      joined(lines.with(output, lines[output]!.replace('"output":"', '"output":"in other words: '))),
      "segment-long",
    ],
    ["an output that is gone", joined(lines.toSpliced(output, 1)), "segment-short"],
  ])("has what stands behind moved back: %s", async (_what, text, kind) => {
    writeFileSync(path, text, "latin1");
    expect((await findings()).map(({ kind: told, mends }) => [told, mends])).toContainEqual([kind, "repair"]);
    const mended = await repaired(text);
    expect(await kinds()).toEqual([]);
    const behind = joined(lines.slice(-2));
    const at = whole.length - behind.length;
    expect(
      mended
        .slice(at)
        .replaceAll("\r", "")
        .trimEnd()
        .replaceAll(/\n\s+\n/gu, "\n"),
    ).toBe(behind.trimEnd());
  });

  it("keeps its place for a fork that Codex has packed away, too", async () => {
    const [fork] = readdirSync(sessions);
    const packed = zstdCompressSync(readFileSync(join(sessions, fork!)));
    rmSync(join(sessions, fork!));
    writeFileSync(join(sessions, `${fork}.zst`), packed);
    const text = joined([...lines.slice(0, 8), "", ...lines.slice(8)]);
    writeFileSync(path, text, "latin1");
    expect(await kinds()).toEqual(["segment-long"]);
    expect(await repaired(text)).toBe(whole);
  });

  it("is not told of an event for which there is no room, as Codex shows such a file by its index", async () => {
    const at = lines.findIndex((line) => line.includes('"item":{"type":"UserMessage"'));
    const mended = await repaired(joined(lines.with(at, "#".repeat(lines[at]!.length))));
    expect(mended.length).toBe(whole.length);
    expect(await kinds()).toEqual([]);
  });

  it("gets a call or an output back in the line in which it stood, so that nothing moves", async () => {
    for (const at of [call, output]) {
      const text = joined(lines.with(at, "#".repeat(lines[at]!.length)));
      const mended = await repaired(text);
      expect(await kinds()).toEqual([]);
      expect(mended.length).toBe(whole.length);
      const [had, has] = [lines, mended.split("\n")].map((all) =>
        all.toSpliced(at, 1).slice(0, lines.length - 1),
      );
      expect(has).toEqual(had);
      expect(mended.split("\n")[at]).toContain("rebuilt_by");
    }
  });

  it("gets an output behind a call whose line ends in CRLF", async () => {
    const text = joined(lines.toSpliced(output, 1)).replaceAll("\n", "\r\n");
    rmSync(sessions, { recursive: true });
    mkdirSync(sessions, { recursive: true });
    const mended = (await repaired(text)).split("\n");
    expect(mended[call]).toBe(`${lines[call]!}\r`);
    expect(mended[call + 1]).toContain("rebuilt_by");
  });

  it("ends with a record that has an ordinal, when it was cut off in the output of a call", async () => {
    const torn = lines[output]!.replace(/(?<="output":").*/u, "x".repeat(300));
    const mended = await repaired(joined([...lines.slice(0, output), torn]).slice(0, -1));
    expect(await kinds()).toEqual([]);
    const last = mended.split("\n").findLast((line) => line.trim() !== "")!;
    expect(last).toContain("rebuilt_by");
    expect(ordinalOf(last)).toBeGreaterThan(ordinalOf(lines[call]!));
  });

  it("has the id of a call put right in which a bit was turned over", async () => {
    const id = /"call_id":"([^"]+)"/u.exec(lines[output]!)![1]!;
    const text = joined(lines.with(output, lines[output]!.replace(id, `${id.slice(0, -1)}*`)));
    expect(await repaired(text)).toBe(whole);
  });

  it.each([
    ["half a character", String.raw`call_\ud83d`],
    ["an escape", String.raw`call_\u00fc`],
    ["bytes that are no ASCII", Buffer.from("call_ü").toString("latin1")],
  ])("gets an output under an id with %s, and only once", async (_what, id) => {
    const made = lines.toSpliced(output, 1);
    const mended = await repaired(joined(made.with(call, made[call]!.replace(/(?<="call_id":")[^"]+/u, id))));
    expect(mended.split("rebuilt_by")).toHaveLength(2);
    expect(await kinds()).toEqual([]);
    expect(await repaired(mended)).toBe(mended);
  });

  it("says why there is no repair where there is no room for one, and what to do instead", async () => {
    const text = joined(lines.with(call, lines[call]!.replace(/(?<="type":"\w+_)call(?=")/u, "cell")));
    expect(await repaired(text)).toBe(text);
    const [found] = await findings();
    expect(found).toMatchObject({
      kind: "output-without-call",
      mends: expect.stringContaining("throughline resume"),
    });
  });

  const lower = (line: string, by: number): string =>
    line.replace(/"ordinal":\d+/u, `"ordinal":${ordinalOf(line) - by}`);

  it("keeps ordinals that go back before the place at which the fork goes on, where they do no harm", async () => {
    const text = joined(lines.map((line, at) => (at > 8 && at < lines.length - 2 ? lower(line, 5) : line)));
    expect(await repaired(text)).toBe(text);
    expect(await kinds()).toEqual([]);
  });

  it("has ordinals put right that go back behind that place", async () => {
    const text = joined([...lines, lower(lines.at(-1)!, 5).replace(/"turn_id":"[^"]+"/u, '"turn_id":"a"')]);
    writeFileSync(path, text, "latin1");
    expect(await kinds()).toEqual(["ordinal-regressed"]);
    expect((await repaired(text)).startsWith(whole)).toBe(true);
    expect(await kinds()).toEqual([]);
  });

  it("is left alone as long as it is whole", async () => {
    expect(await repaired(whole)).toBe(whole);
    expect(await kinds()).toEqual([]);
  });
});

describe("a rollout that a fork goes on from at its end", () => {
  beforeEach(() => forkAt(lines.length));

  it.each([
    ["a blank line too many", joined(lines.toSpliced(8, 0, "")), "segment-long"],
    ["an output too few", joined(lines.toSpliced(output, 1)), "segment-short"],
    ["its last record torn", whole.slice(0, -30), "segment-short"],
  ])("ends where the fork says, once it is repaired: %s", async (_what, text, kind) => {
    writeFileSync(path, text, "latin1");
    expect(await kinds()).toContain(kind);
    expect(await repaired(text)).toHaveLength(whole.length);
    expect(await kinds()).toEqual([]);
  });
});

describe("ordinals that are no numbers", () => {
  it.each(["null", '"12"'])("are given again: %s", async (other) => {
    const odd = (line: string): string => line.replace(/"ordinal":\d+/u, `"ordinal":${other}`);
    const last = lines.length - 1;
    expect(await repaired(joined(lines.with(last, odd(lines[last]!))))).toBe(whole);
    expect(await findings()).toEqual([]);
    expect(await repaired(joined(lines.map(odd)))).toBe(whole);
  });
});

describe("records without ordinals, where ordinals go back before them", () => {
  const from = lines.length - 10;
  const back = lines.map((line, at) =>
    at < from ? line : line.replace(/"ordinal":\d+/u, `"ordinal":${ordinalOf(line) - 5}`),
  );
  const bare = (line: string): string => line.replace(/"ordinal":\d+,/u, "");

  it("stop the session where they are the last ones, and are mended alone for an error that names them", async () => {
    const text = joined([...back.slice(0, -3), ...back.slice(-3).map(bare)]);
    writeFileSync(path, text, "latin1");
    expect((await findings()).map(({ kind, count }) => [kind, count])).toEqual([
      ["missing-ordinal", 3],
      ["ordinal-regressed", 5],
    ]);
    const only = ["missing-ordinal"] as const;
    const options = { home: join(root, "own"), now, seals: { which: "none" }, only } as const;
    await repairRollout(path, options);
    expect(await kinds()).toEqual(["ordinal-regressed"]);
    await repaired(text);
    expect(await kinds()).toEqual([]);
  });

  it("stop nothing in the middle", async () => {
    const text = joined(back.map((line, at) => (at === from - 1 || at === from + 1 ? bare(line) : line)));
    writeFileSync(path, text, "latin1");
    expect(await kinds()).toEqual(["ordinal-regressed"]);
    await repaired(text);
    expect(await kinds()).toEqual([]);
  });
});

describe("a first line that stands there again", () => {
  const header = lines[0]!.replace(/"ordinal":\d+,/u, "");
  const again = [...lines.slice(0, 9), header, ...lines.slice(9)];

  it("goes, as Codex takes nothing of what stands before it", async () => {
    writeFileSync(path, joined(again), "latin1");
    expect(await kinds()).toEqual(["header-again"]);
    expect(await repaired(joined(again))).toBe(joined(again.with(9, " ".repeat(header.length))));
  });

  it("stays where it does no harm: behind the first one, and in sessions without ordinals", async () => {
    for (const text of [
      joined([lines[0]!, header, ...lines.slice(1)]),
      joined(again)
        .replaceAll(/"ordinal":\d+,/gu, "")
        .replaceAll('"paginated"', '"legacy"'),
    ]) {
      expect(await repaired(text)).toBe(text);
      expect(await kinds()).toEqual([]);
    }
  });
});

describe("a fork", () => {
  const fork = join(sessions, "rollout-2026-11-20T11-00-00-01a1fe21-a4f7-7732-aaac-cfb0c4572f0c.jsonl");

  it("is told of when what it goes on from isn't there, or isn't named any more", async () => {
    writeFileSync(path, whole, "latin1");
    forkAt(lines.length - 2);
    expect(await findings(fork)).toEqual([]);
    rmSync(path);
    expect((await findings(fork)).map(({ kind }) => kind)).toEqual(["base-missing"]);
    writeFileSync(fork, readFileSync(fork, "latin1").replace('"history_base"', '"history_bass"'), "latin1");
    expect((await findings(fork)).map(({ kind }) => kind)).toEqual(["base-lost"]);
  });
});
