import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Standing } from "../../session/standing.ts";
import type { SessionSummary } from "../../session/summary.ts";
import { listSessions } from "./list-sessions.ts";
import { scratch, toolContext } from "../../../test/kit/tool-context.ts";

const now = 1_790_000_000_000;
const clock = { now: () => now, monotonic: () => 0 };

function summary(over: Partial<SessionSummary & Standing>): SessionSummary & Standing {
  return {
    id: "0190-a",
    workspace: { path: "/w/app", gitBranch: "main" },
    settings: { provider: "openai", model: "gpt-5.5", effort: "high", instructionsHash: "", approval: "all" },
    created: now - 10,
    updated: now - 3 * 3_600_000,
    status: "idle",
    turns: 1,
    steps: 1,
    messages: 4,
    repairs: 0,
    usage: { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 },
    ...over,
  };
}

async function list(
  sessions: (SessionSummary & Standing)[],
  input = "{}",
  workspace = "/w/app",
): Promise<string> {
  const tool = listSessions(() => Promise.resolve(sessions), clock);
  const outcome = await tool.run({ call: "c", name: "list_sessions", input }, toolContext({ workspace }));
  return `${outcome.status}: ${outcome.output}`;
}

describe("the list of sessions for the model", () => {
  it("has one informative line for each", async () => {
    const sessions = [
      summary({ title: "Fix the parser" }),
      summary({ id: "0190-b", name: "release", status: "limited", reason: "usage-limit", updated: now - 5 }),
    ];
    expect(await list(sessions)).toBe(
      "ok: 0190-a · Fix the parser · gpt-5.5/high · 3 h ago · 4 messages · main · idle\n" +
        '0190-b · "release" · gpt-5.5/high · just now · 4 messages · main · limited',
    );
  });

  it("says how each stands in the words of a person's list: the one that asks is running", async () => {
    const words = async (over: Partial<SessionSummary & Standing>): Promise<string | undefined> =>
      (await list([summary(over)])).split(" · ").at(-1);
    const open = { status: "interrupted", reason: "the turn was not ended" } as const;
    expect(await words({ ...open, holder: { pid: 7 } })).toBe("running (pid 7)");
    expect(await words(open)).toBe("interrupted: the turn was not ended");
    expect(await words({ status: "limited", until: now + 60_000 })).toBe("limited, resets in 1 m");
    expect(await words({ status: "limited", until: now - 60_000 })).toBe("interrupted: limit has reset");
    expect(await words({ archived: true })).toBe("archived, idle");
    const trouble = `${"/folder".repeat(12)}/log.jsonl is missing`;
    expect(await words({ trouble })).toBe(`damaged: ${trouble}`);
  });

  it("counts what it leaves out", async () => {
    const sessions = [
      summary({}),
      summary({ id: "2" }),
      summary({ id: "3", workspace: { path: "/w/other" } }),
    ];
    const limited = await list(sessions, '{"limit":1}');
    expect(limited.split("\n")).toHaveLength(3);
    expect(limited).toContain("(1 older ones are not shown");
    expect(limited).toContain("(1 in other workspaces are not shown");
    expect(await list(sessions, '{"all":true}')).toContain(
      "3 · (no prompt yet) · gpt-5.5/high · 3 h ago · 4 messages · /w/other · idle",
    );
  });

  it("has what a person's list shows there: sessions of folders above and below, and those that can't say where they belong", async () => {
    const paths = ["/w", "/w/app/src", "", "/w/application"];
    const shown = await list(paths.map((path, at) => summary({ id: `s${at}`, workspace: { path } })));
    expect(shown.match(/s\d(?= ·)/gu)).toEqual(["s0", "s1", "s2"]);
    expect(shown).toContain("(1 in other workspaces are not shown");
  });

  it("has those of the repository's other worktrees", async () => {
    const repository = scratch();
    mkdirSync(join(repository, ".git"));
    const workspace = { path: "/w/other", gitRoot: "/w/other", gitCommon: join(repository, ".git") };
    expect(await list([summary({ workspace })], "{}", repository)).toContain("0190-a");
  });

  it("holds no control sequences and no line breaks of a title", async () => {
    expect(await list([summary({ title: "a\u001b[31m\nb" })])).toContain("0190-a · a b · ");
  });

  it("says so when there is none, and when the arguments are wrong", async () => {
    expect(await list([])).toBe("ok: There are no sessions in this workspace.");
    expect(await list([], "[")).toContain("failed: ");
    expect(await list([], '{"all":3}')).toContain("failed: ");
  });
});
