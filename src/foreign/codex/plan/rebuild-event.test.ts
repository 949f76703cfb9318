import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { isJsonObject, type JsonObject } from "../../../lib/json.ts";
import { examine } from "../examine/examine.ts";
import { needsRepair } from "../findings/finding.ts";
import { judge } from "../findings/judge.ts";
import { repairRollout } from "../repair/repair.ts";

const root = temporaryFolder();

const now = Date.parse("2026-11-21");
const source = codexRollouts("0.169.0").find(({ path }) =>
  readFileSync(path, "utf8").includes('"AgentMessage"'),
)!;
const lines = readFileSync(source.path, "utf8").trimEnd().split("\n");

const sessions = join(root, "codex", "sessions", "2026", "11", "20");
mkdirSync(sessions, { recursive: true });
const path = join(sessions, basename(source.path));

async function kinds(content: readonly string[]): Promise<string[]> {
  writeFileSync(path, content.map((line) => `${line}\n`).join(""));
  return judge(await examine(path), { path, now })
    .filter(needsRepair)
    .map(({ kind }) => kind);
}

/** What the event of a line tells, as far as a screen shows it. */
function shown(line: string): unknown {
  const { ordinal, payload } = JSON.parse(line) as { ordinal: number; payload: JsonObject };
  const { item, turn_id, thread_id } = payload;
  const { id, ...told } = isJsonObject(item) ? item : {};
  return { ordinal, turn_id, thread_id, told: { ...told, ...(told["type"] === "AgentMessage" && { id }) } };
}

describe.each(["UserMessage", "AgentMessage"])("the event that tells a %s", (type) => {
  const at = lines.findIndex((line) => line.includes(`"item":{"type":"${type}"`));

  it.each([
    ["is gone", lines.toSpliced(at, 1), ["lost-event"]],
    ["can't be read", lines.with(at, "#".repeat(lines[at]!.length)), ["unparsable-line", "lost-event"]],
  ])("comes back from the message itself where it %s", async (_how, damaged, found) => {
    expect((await kinds(damaged)).toSorted()).toEqual(found.toSorted());
    const options = { home: temporaryFolder(), now, seals: { which: "none" } } as const;
    await repairRollout(path, options);
    const mended = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(shown(mended[at]!)).toEqual(shown(lines[at]!));
    expect(mended.toSpliced(at, 1)).toEqual(lines.toSpliced(at, 1));
    expect(await kinds(mended)).toEqual([]);
  });
});

it("no event is missed in what Codex has written", async () => {
  for (const { path: each } of codexRollouts("0.169.0")) {
    const found = judge(await examine(each), { path: each, now });
    expect(found.map(({ kind }) => kind)).not.toContain("lost-event");
  }
});

it("a summary that Codex made lacks no event, since no event tells one", async () => {
  const all = codexRollouts("0.169.0").map((each) => readFileSync(each.path, "utf8").trimEnd().split("\n"));
  const summarised = all.find((each) => each.some((line) => line.includes('"text":"SUMMARY: ')))!;
  const before = summarised.findIndex((line) => line.includes('"text":"SUMMARY: ')) - 1;
  for (const damaged of [
    summarised.toSpliced(before, 1),
    summarised.with(before, " ".repeat(summarised[before]!.length)),
    summarised.with(before, summarised[before]!.slice(0, 30)),
  ])
    expect(await kinds(damaged)).not.toContain("lost-event");
});
