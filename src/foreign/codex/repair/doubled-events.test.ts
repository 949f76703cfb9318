import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import type { FindingKind } from "../findings/catalogue.ts";
import { repairRollout } from "./repair.ts";

const root = temporaryFolder();

const rollouts = (version: string): string[] => codexRollouts(version).map(({ path }) => path);

/** The lines that hold something, once the file is repaired. */
async function repaired(
  name: string,
  lines: readonly string[],
  only?: readonly FindingKind[],
): Promise<string[]> {
  const sessions = join(root, "codex", "sessions", "2026", "11", "20");
  mkdirSync(sessions, { recursive: true });
  const path = join(sessions, name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  const options = {
    home: temporaryFolder(),
    now: Date.now(),
    seals: { which: "none" },
  } as const;
  await repairRollout(path, { ...options, ...(only && { only }) });
  const left = readFileSync(path, "utf8").split("\n");
  return left.filter((line) => line.trim() !== "");
}

describe("a session without ordinals, all of which stands there twice", () => {
  const path = rollouts("0.130.0").find((each) =>
    readFileSync(each, "utf8").includes("function_call_output"),
  );
  const lines = readFileSync(path!, "utf8").trimEnd().split("\n");

  it.each([
    ["line by line", lines.flatMap((line) => [line, line])],
    ["one behind the other", [...lines, ...lines]],
  ])("has its events once again, too: %s", async (_how, doubled) => {
    expect(await repaired(basename(path!), doubled)).toEqual(lines);
  });
});

describe("a repair of nothing but what a message names", () => {
  it("reads first what may hold the partner of what seems to be alone", async () => {
    const isOutput = (line: string): boolean => line.includes('_call_output"');
    const path = rollouts("0.169.0").find((each) => readFileSync(each, "utf8").split("\n").some(isOutput))!;
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const at = lines.findIndex(isOutput);
    const glued = lines.toSpliced(at - 1, 2, lines[at - 1]! + lines[at]!);
    expect(await repaired(basename(path), glued, ["call-without-output"])).toEqual(lines);
  });
});

describe("an event that stands there twice, without its ordinal", () => {
  it("tells of no lost answer: its record is there", async () => {
    const isAnswer = (line: string): boolean => line.includes('"item":{"type":"AgentMessage"');
    const path = rollouts("0.169.0").find((each) => readFileSync(each, "utf8").split("\n").some(isAnswer))!;
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const at = lines.findIndex(isAnswer);
    const event = lines[at]!.replace(/"ordinal":\d+,/u, "");
    const doubled = lines.with(at, event).flatMap((line) => [line, line]);
    const left = await repaired(basename(path), doubled);
    expect(left.filter((line) => line !== event)).toEqual(lines.toSpliced(at, 1));
  });
});

describe("the lines of the last turn, which stand there again", () => {
  it.each<[string, (nth: number) => string]>([
    ["without ordinals", () => ""],
    ["with the next ordinals", (ordinal) => `"ordinal":${ordinal},`],
  ])("bring no prompt again: %s", async (_which, numbered) => {
    const isPrompt = (line: string): boolean => line.includes('"item":{"type":"UserMessage"');
    const path = rollouts("0.169.0").find((each) => readFileSync(each, "utf8").split("\n").some(isPrompt))!;
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const from = lines.findLastIndex((line) => line.includes('"task_started"'));
    const again = lines
      .slice(from)
      .map((line, nth) => line.replace(/"ordinal":\d+,/u, numbered(lines.length + nth)));
    const left = await repaired(basename(path), [...lines, ...again]);
    const asked = (all: readonly string[]): number =>
      all.filter((line) => line.includes('"response_item"') && line.includes('"role":"user"')).length;
    expect(asked(left)).toBe(asked(lines));
  });
});

describe("a message whose record is damaged, in a session without ordinals that stands there twice", () => {
  it.each([
    ["prompt", "user", "user_message"],
    ["answer", "assistant", "agent_message"],
  ])("is put in once: the %s", async (_which, role, event) => {
    const isTold = (line: string, nth: number, lines: readonly string[]): boolean =>
      line.includes(`"role":"${role}"`) &&
      [nth - 1, nth + 1].some((beside) => lines[beside]?.includes(`"type":"${event}"`));
    const path = rollouts("0.130.0").find((each) => readFileSync(each, "utf8").split("\n").some(isTold))!;
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const at = lines.findIndex(isTold);
    const damaged = lines.with(at, "#".repeat(lines[at]!.length));
    const left = await repaired(basename(path), [...damaged, ...damaged]);
    expect(left).toHaveLength(lines.length);
    expect(left.filter((line) => line.includes("rebuilt_by"))).toHaveLength(1);
  });
});

it("an output that is found behind something torn, twice, is one with one call, and nothing is left for a second repair", async () => {
  const path = rollouts("0.36.0").find((each) =>
    readFileSync(each, "utf8").includes("function_call_output"),
  )!;
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const at = lines.findIndex((line) => line.includes('"function_call_output"'));
  const torn = `${lines[at - 1]!.slice(40)}${lines[at]!}`;
  const once = await repaired(basename(path), [torn, torn, ...lines.slice(at + 1)]);
  expect(once.filter((line) => line.includes('"type":"function_call'))).toHaveLength(2);
  expect(await repaired(basename(path), once)).toEqual(once);
});
