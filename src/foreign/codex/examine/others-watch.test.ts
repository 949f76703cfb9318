import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { judge } from "../findings/judge.ts";
import { examine } from "./examine.ts";

const folder = temporaryFolder();
const [own, other] = ["01a1fab7-43af-7111-ab7c-b4a4c49da1a3", "01a1fe21-a4f7-7732-aaac-cfb0c4572f0c"];
const entered = "EnteredReviewMode";
const timestamp = "2026-11-20T20:48:00.000Z";
const version = { originator: "codex_exec", cli_version: "0.169.0", history_mode: "paginated" };

it.each<[string, object, string[], number[]]>([
  ["its own alone", {}, [own, own], []],
  ["another one", {}, [own, other, own, other], [3, 5]],
  ["a review, which Codex puts there", {}, [own, entered, other, other, own], []],
  ["another one, behind a review", {}, [entered, other, own, other], [5]],
  ["another one, into a fork, which Codex itself copies", { forked_from_id: other }, [other, own], []],
  ["another one, into a sub-agent", { source: { subagent: { other: "guardian" } } }, [other, own], []],
])(
  "of events that tell of %s, those that got in from elsewhere are told",
  async (_, more, threads, lines) => {
    const path = join(folder, `rollout-2026-11-20T20-48-00-${own}.jsonl`);
    const header = { id: own, timestamp, cwd: "/w", source: "cli", ...version, ...more };
    const event = (of: string): object => ({
      type: "item_completed",
      thread_id: of === entered ? own : of,
      turn_id: "t",
      item: of === entered ? { type: entered } : {},
    });
    const payloads = [header, ...threads.map((thread) => event(thread))];
    const texts = payloads.map((payload, ordinal) => {
      const type = ordinal === 0 ? "session_meta" : "event_msg";
      return `${JSON.stringify({ timestamp, ordinal, type, payload })}\n`;
    });
    writeFileSync(path, texts.join(""));
    const found = judge(await examine(path), { path, now: Date.now() });
    const of = found.filter(({ kind }) => kind === "others-lines");
    expect(of.flatMap(({ places }) => places.map(({ line }) => line))).toEqual(lines);
    expect(of.map(({ detail, severity }) => [detail, severity])).toEqual(
      lines.length === 0 ? [] : [[other, "note"]],
    );
  },
);
