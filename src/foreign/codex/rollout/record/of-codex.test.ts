import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { judged } from "../../../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../../../test/kit/temporary-folder.ts";
import type { Finding } from "../../findings/finding.ts";

const root = temporaryFolder();
const id = "01a0f497-0990-7f13-933f-78cca4bbbb53";

async function told(name: string, content: string): Promise<Finding[]> {
  const path = join(root, name);
  writeFileSync(path, content);
  return judged(path, Date.parse("2026-11-21"));
}

const lines = (...rows: object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const exec = lines({ type: "thread.started", thread_id: id }, { type: "turn.started" });

describe("what another program wrote is no broken session", () => {
  it.each<[string, string, string]>([
    ["events of codex exec --json", "run.jsonl", exec],
    ["Codex's history", "history.jsonl", lines({ session_id: id, ts: 1, text: "count" })],
    ["Codex's index", "session_index.jsonl", lines({ id, thread_name: "ponds", updated_at: "2026-01-01" })],
    ["hook events", "hooks.jsonl", lines({ session_id: id, hook_event_name: "Stop", cwd: "/pond" })],
    [
      "a session of Claude Code with a torn end",
      "claude.jsonl",
      `${lines({ type: "user", message: { role: "user", content: "count" }, uuid: "a", timestamp: "2026-01-01" })}{"ty`,
    ],
    ["messages of another program", "m.jsonl", lines({ type: "message", role: "user", content: "count" })],
    ["records with an id and a time", "log.jsonl", lines({ id: "a", timestamp: "2026-01-01T00:00:00Z" })],
    ["a manifest", "package.json", JSON.stringify({ name: "pond", session: {}, items: [] }, null, 2)],
  ])("%s", async (_what, name, content) => {
    expect(await told(name, content)).toMatchObject([{ kind: "not-a-rollout", severity: "note" }]);
  });

  it("and lines of Codex's that all end in a comma are none of its: what stands in them can be mended", async () => {
    const payload = {
      id,
      timestamp: "2026-11-20T20:47:32.000Z",
      cwd: "/pond",
      originator: "o",
      cli_version: "0.169.0",
    };
    const records = lines(
      { timestamp: payload.timestamp, type: "session_meta", payload },
      { timestamp: payload.timestamp, type: "event_msg", payload: { type: "token_count", info: null } },
    );
    expect(await told("commas.jsonl", records.replaceAll("\n", ",\n"))).toMatchObject([
      { kind: "header-broken" },
      { kind: "unparsable-line" },
    ]);
    // Of lines that are all cut off, as by a window's edge, no record is left that a repair could keep.
    const cut = records.replaceAll(/^.+$/gmu, (line) => line.slice(0, 70));
    expect(await told("cut.jsonl", cut)).toMatchObject([{ kind: "not-a-rollout" }]);
  });

  it("is one where a session should be, by the file's name", async () => {
    const found = await told(`rollout-2026-01-01T00-00-00-${id}.jsonl`, exec);
    expect(found).toMatchObject([{ kind: "not-a-rollout", severity: "broken" }]);
  });

  it.each([0, 2])("an old document is known with whatever spaces (%s)", async (indent) => {
    const written = JSON.stringify({ session: { id, timestamp: "2025-05-02" }, items: [] }, null, indent);
    expect(await told("old.json", written)).toMatchObject([{ kind: "old-document", severity: "note" }]);
  });

  it("a copy of a session without its head is broken", async () => {
    const bare = lines({ type: "message", role: "user", content: [{ type: "input_text", text: "count" }] });
    expect(await told("copy.jsonl", bare)).toMatchObject([{ kind: "header-missing" }]);
  });
});
