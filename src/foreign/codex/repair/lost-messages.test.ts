import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { judged, kindsToRepair } from "../../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { isJsonObject, type JsonObject, parseJson } from "../../../lib/json.ts";
import type { FindingKind } from "../findings/catalogue.ts";
import { promptOf } from "../rollout/payload/prompt.ts";
import { textIn } from "../rollout/payload/text-in.ts";
import { repairRollout } from "./repair.ts";

const now = Date.parse("2026-11-21T12:00:00Z");
const root = temporaryFolder();

const versions = ["0.36.0", "0.58.0", "0.98.0", "0.130.0", "0.169.0"];
const rollouts = (version: string): string[] =>
  codexRollouts(version)
    .filter(({ form }) => form === "jsonl")
    .map(({ path }) => path);

const payloadOf = (line: string): JsonObject | undefined => {
  const value = parseJson(line);
  return isJsonObject(value) && value["type"] === "response_item" && isJsonObject(value["payload"])
    ? value["payload"]
    : undefined;
};

/** What the person and the model said, in order. */
function said(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const payload = payloadOf(line);
    if (payload?.["type"] !== "message") return [];
    const words = payload["role"] === "assistant" ? textIn(payload["content"]) : promptOf(payload);
    return words === undefined ? [] : [`${String(payload["role"])}: ${words}`];
  });
}

const sessions = join(root, "codex", "sessions", "2026", "11", "20");
mkdirSync(sessions, { recursive: true });
let repairs = 0;

async function repaired(source: string, content: string): Promise<string> {
  const path = join(sessions, basename(source));
  writeFileSync(path, content);
  const options = { home: join(root, `home-${repairs++}`), now, seals: { which: "none" } } as const;
  await repairRollout(path, options);
  return readFileSync(path, "utf8");
}

async function kinds(source: string, content: string | Buffer): Promise<FindingKind[]> {
  const path = join(root, basename(source));
  writeFileSync(path, content);
  return kindsToRepair(path, now);
}

describe("a message whose record was destroyed", () => {
  it.each(versions)("is put in again at its place, from the event that tells it: %s", async (version) => {
    let tried = 0;
    for (const path of rollouts(version)) {
      const text = readFileSync(path, "utf8");
      const lines = text.split("\n");
      const wanted = said(text);
      // A compaction sets aside what was said before.
      const from = lines.findLastIndex((line) => line.includes('"type":"compacted"'));
      for (const [at, line] of lines.entries()) {
        const payload = payloadOf(line);
        const isMessage = payload?.["role"] === "assistant" || (payload && promptOf(payload) !== undefined);
        if (at < from || !isMessage) continue;
        tried++;
        const damaged = lines.map((other, nth) => (nth === at ? "#".repeat(other.length) : other)).join("\n");
        expect(said(damaged)).toHaveLength(wanted.length - 1);
        const mended = await repaired(path, damaged);
        expect(said(mended), `${basename(path)}:${at + 1}`).toEqual(wanted);
        const rebuilt = mended.split("\n").find((other) => other.includes("rebuilt_by"));
        expect(rebuilt).toContain('"rebuilt_by":"throughline repair"');
      }
    }
    expect(tried).toBeGreaterThan(3);
  });

  it.each(versions)(
    "is put in again where an earlier prompt has the same words, too: %s",
    async (version) => {
      const same = rollouts(version).flatMap((path) => {
        const text = readFileSync(path, "utf8");
        const [first, ...later] = said(text).flatMap((words) => /^user: (.*)$/su.exec(words)?.[1] ?? []);
        if (first === undefined || later.length === 0) return [];
        const given = (all: string, words: string): string =>
          all.replaceAll(JSON.stringify(words), JSON.stringify(first));
        return [{ path, text: later.reduce(given, text) }];
      });
      const { path, text } = same[0]!;
      const lines = text.split("\n");
      const at = lines.findLastIndex((line) => promptOf(payloadOf(line) ?? {}) !== undefined);
      const damaged = lines.with(at, "#".repeat(lines[at]!.length)).join("\n");
      expect(said(damaged)).toHaveLength(said(text).length - 1);
      expect(said(await repaired(path, damaged))).toEqual(said(text));
    },
  );

  it.each(["0.130.0", "0.169.0"])(
    "is put in again where the file ends with its event: %s",
    async (version) => {
      let tried = 0;
      for (const path of rollouts(version)) {
        const lines = readFileSync(path, "utf8").split("\n");
        const at = lines.findLastIndex((line) => payloadOf(line)?.["role"] === "assistant");
        if (!/"(?:agent_message|AgentMessage)"/u.test(lines[at - 1] ?? "")) continue;
        tried++;
        const mended = await repaired(path, `${lines.slice(0, at).join("\n")}\n`);
        expect(said(mended), path).toEqual(said(lines.slice(0, at + 1).join("\n")));
        const [last, was] = [mended.trimEnd().split("\n").at(-1)!, lines[at]!];
        expect(/"ordinal":\d+/u.exec(last)?.[0]).toBe(/"ordinal":\d+/u.exec(was)?.[0]);
      }
      expect(tried).toBeGreaterThan(0);
    },
  );

  it("is not made up where its event stands there twice", async () => {
    const [path] = rollouts("0.130.0");
    const text = readFileSync(path!, "utf8");
    const lines = text.split("\n");
    const at = lines.findIndex((line) => line.includes('"user_message"'));
    const doubled = lines.toSpliced(at + 1, 0, "#".repeat(lines[at - 1]!.length), lines[at]!);
    expect(said(await repaired(path!, doubled.join("\n")))).toEqual(said(text));
  });

  it("is not made up where only the event was ever written, as of a stream that was cut (0.58 and before)", async () => {
    const [path] = rollouts("0.58.0");
    const lines = readFileSync(path!, "utf8").trimEnd().split("\n");
    const event = lines.findIndex((line) => line.includes('"type":"agent_message"'));
    const text = `${lines[event]!.replace(/"message":"[^"]*"/u, '"message":"Never answered."')}`;
    expect(
      await kinds(path!, `${[...lines.slice(0, event), text, ...lines.slice(event)].join("\n")}\n`),
    ).toEqual([]);
  });
});

describe("a call whose record is destroyed with that of its output", () => {
  const told = /"event_msg".*"CommandExecution"/u;
  const isMeant = /^(?![^]*"type":"compacted")[^]*"CommandExecution"[^]*"function_call_output"/u;
  const path = rollouts("0.169.0").find((one) => isMeant.test(readFileSync(one, "utf8")))!;
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const event = lines.findIndex((line) => told.test(line));
  const id = /"type":"CommandExecution","id":"([^"]+)"/u.exec(lines[event]!)![1]!;
  const pair = lines.flatMap((line, at) => (payloadOf(line)?.["call_id"] === id ? [at] : []));
  const joined = (all: readonly string[]): string => all.map((line) => `${line}\n`).join("");
  const paired = (text: string): JsonObject[] =>
    text.split("\n").flatMap((line) => {
      const payload = payloadOf(line);
      return payload?.["call_id"] === id ? [payload] : [];
    });

  it.each([
    ["are garbage", lines.map((line, at) => (pair.includes(at) ? "#".repeat(line.length) : line))],
    ["are gone", lines.filter((_, at) => !pair.includes(at))],
  ])("is put in again with it where both %s, as their event tells them", async (_what, damaged) => {
    expect(pair).toHaveLength(2);
    expect(paired(joined(damaged))).toEqual([]);
    const found = await kinds(path, joined(damaged));
    expect(found).toContain("lost-call");
    const mended = await repaired(path, joined(damaged));
    const had = paired(joined(lines));
    expect(paired(mended).map(({ type, name, arguments: given }) => ({ type, name, given }))).toEqual(
      had.map(({ type, name, arguments: given }) => ({ type, name, given })),
    );
    const words = String(had[1]!["output"]).replace(/^[^]*Output:\n/u, "");
    expect(words.length).toBeGreaterThan(1);
    expect(String(paired(mended)[1]!["output"])).toContain(words);
    expect(await kinds(path, mended)).toEqual([]);
  });

  it("is not made up where only the event was ever written: of what the person ran", async () => {
    const alone = lines.filter((_, at) => !pair.includes(at));
    const person = alone.map((line) =>
      told.test(line) ? line.replace(/"source":"[a-z_]+"/iu, '"source":"userShell"') : line,
    );
    expect(person).not.toEqual(alone);
    expect(await kinds(path, joined(person))).not.toContain("lost-call");
    const renumbered = alone.map((line, at) => line.replace(/"ordinal":\d+/u, `"ordinal":${at}`));
    expect(await kinds(path, joined(renumbered))).not.toContain("lost-call");
  });
});

describe("reasoning whose answer is gone", () => {
  it("goes where a record is gone behind it, and stays where a turn was cut off", async () => {
    const path = rollouts("0.169.0").find((one) => readFileSync(one, "utf8").includes("AgentMessage"))!;
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const answer = lines.findLastIndex((line) => payloadOf(line)?.["role"] === "assistant");
    const reasoning = lines.findLastIndex(
      (line, at) => at < answer && payloadOf(line)?.["type"] === "reasoning",
    );
    const cut = lines.slice(0, reasoning + 1);
    expect(await kinds(path, `${cut.join("\n")}\n`)).toEqual([]);
    const damaged = [...cut, "#".repeat(300), ...lines.slice(answer + 1)];
    expect(await kinds(path, `${damaged.join("\n")}\n`)).toEqual(["lone-reasoning", "unparsable-line"]);
    const mended = await repaired(path, `${damaged.join("\n")}\n`);
    expect(mended.split("\n")[reasoning]?.trim()).toBe("");
    expect(mended.split("\n")[reasoning]).toHaveLength(lines[reasoning]!.length);
  });
});

describe("a line that is too long to be examined", () => {
  it("still answers its call, and is left as it is", async () => {
    const output = /"type":"function_call_output",[^{]*?"output":"/u;
    const path = rollouts("0.169.0").find((one) => output.test(readFileSync(one, "utf8")))!;
    const text = readFileSync(path, "utf8");
    const long = text.replace(output, (head) => head + "x".repeat(34 * 2 ** 20));
    expect(await kinds(path, long)).toEqual([]);
    const found = await judged(join(root, basename(path)), now);
    expect(found.find(({ kind }) => kind === "long-line")).toMatchObject({
      count: 1,
      detail: expect.stringMatching(/^up to 35\.\d MB, kept byte for byte$/u),
    });
    expect(statSync(join(root, basename(path))).size).toBe(Buffer.byteLength(long));
  });
});

describe("a rollout that is damaged in hundreds of thousands of places", () => {
  it("is repaired like another", async () => {
    const [path] = rollouts("0.169.0");
    const text = readFileSync(path!, "utf8");
    const mended = await repaired(path!, text + "#\n".repeat(150_000));
    expect(mended.slice(text.length)).toBe(" \n".repeat(150_000));
  });
});
