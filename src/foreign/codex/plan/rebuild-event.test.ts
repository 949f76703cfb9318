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

async function kinds(content: readonly string[], file = path): Promise<string[]> {
  writeFileSync(file, content.map((line) => `${line}\n`).join(""));
  return judge(await examine(file), { path: file, now })
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

it.each(["0.36.0", "0.58.0", "0.98.0", "0.130.0"])(
  "the event that tells a prompt without an ordinal (%s) comes back where it can't be read",
  async (version) => {
    const own = codexRollouts(version)[0]!.path;
    const file = join(sessions, basename(own));
    const older = readFileSync(own, "utf8").trimEnd().split("\n");
    const at = older.findIndex((line) => line.includes('"payload":{"type":"user_message"'));
    const damaged = older.with(at, "#".repeat(older[at]!.length));
    expect((await kinds(damaged, file)).toSorted()).toEqual(["lost-event", "unparsable-line"]);
    const options = { home: temporaryFolder(), now, seals: { which: "none" } } as const;
    await repairRollout(file, options);
    const mended = readFileSync(file, "utf8").trimEnd().split("\n");
    const [told, was] = [mended, older].map((all) => JSON.parse(all[at]!) as { payload: JsonObject });
    expect(told).toMatchObject({ type: "event_msg", payload: { type: "user_message" } });
    expect(told!.payload["message"]).toBe(was!.payload["message"]);
    expect(mended.toSpliced(at, 1)).toEqual(older.toSpliced(at, 1));
    expect(await kinds(mended, file)).toEqual([]);
  },
);

it.each(["0.36.0", "0.58.0", "0.98.0", "0.130.0", "0.169.0"])(
  "no event is missed in what Codex %s has written",
  async (version) => {
    for (const { path: each } of codexRollouts(version)) {
      const found = judge(await examine(each), { path: each, now });
      expect(found.map(({ kind }) => kind)).not.toContain("lost-event");
    }
  },
);

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
