import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../lib/json.ts";
import { type HeadSources, rebuildHead } from "./rebuild-head.ts";

const id = "01a1fd7f-7f19-7713-9a44-8f943967cbfd";
const other = "01a1fd7f-7f19-7713-9a44-8f943967cbfe";
const third = "01a1fd7f-7f19-7713-9a44-8f943967cbff";
const named = `/codex/sessions/2026/11/21/rollout-2026-11-21T09-45-53-${id}.jsonl`;
const nothing: HeadSources = {
  path: named,
  broken: undefined,
  copy: undefined,
  row: undefined,
  folder: undefined,
  firstTimestamp: undefined,
  base: undefined,
  isBare: false,
  isPaginated: false,
  firstOrdinal: undefined,
};

interface Head {
  ordinal?: number;
  timestamp: string;
  payload: JsonObject;
}

function head(sources: Partial<HeadSources>): Head | undefined {
  const made = rebuildHead({ ...nothing, ...sources });
  return made && (JSON.parse(made.toString()) as Head);
}

const row = {
  id: third,
  cwd: "/of/row",
  originator: "codex_vscode",
  cli_version: "0.160.0",
  source: '{"subagent":"review"}',
  model_provider: "ofrow",
  git_sha: "abc",
  git_branch: "of-row",
};
const remains = (text: string): Buffer => Buffer.from(`{"timestamp":"2026-11-2\uFFFD{"payload":{${text}`);

describe("a first line that is gone", () => {
  it("has what a resume needs where only the file's name is left", () => {
    expect(head({})).toMatchObject({
      type: "session_meta",
      payload: { id, cwd: "/", originator: "codex_cli_rs", cli_version: "0.130.0", source: "cli" },
    });
    const { timestamp } = head({})!;
    expect(Date.parse(timestamp)).toBe(Date.parse("2026-11-21T09:45:53"));
    expect(head({})).not.toHaveProperty("ordinal");
    expect(head({})!.payload).not.toHaveProperty("git");
    expect(head({})!.payload).not.toHaveProperty("history_mode");
  });

  it("is not made where no id can be told", () => {
    expect(head({ path: "/kept.jsonl", broken: remains('"id":"no id","cwd":"/w"') })).toBeUndefined();
  });

  it("takes what the state database knows, but the id of the file's name", () => {
    expect(head({ row, folder: "/of/lines" })!.payload).toMatchObject({
      id,
      cwd: "/of/row",
      originator: "codex_vscode",
      cli_version: "0.160.0",
      source: { subagent: "review" },
      model_provider: "ofrow",
      git: { commit_hash: "abc", branch: "of-row" },
    });
    expect(head({ path: "/kept.jsonl", row })!.payload["id"]).toBe(third);
    expect(head({ row: { ...row, cwd: "", source: "exec" }, folder: "/of/lines" })!.payload).toMatchObject({
      cwd: "/of/lines",
      source: "exec",
    });
  });

  it("keeps first of all what the broken line still says, as far as it is whole", () => {
    const broken = remains(
      `"id":"${other}","timestamp":"2026-11-20T08:00:00.000Z","cwd":"/of \\"line\\"","cli_version":"0.1\uFFFD","model_provider":"ofline","model_provider":"later","branch":"ma`,
    );
    const made = head({ broken, row })!;
    expect(made.payload).toMatchObject({
      id,
      timestamp: "2026-11-20T08:00:00.000Z",
      cwd: '/of "line"',
      cli_version: "0.160.0",
      model_provider: "ofline",
      git: { branch: "of-row" },
    });
    expect(
      head({ path: "/kept.jsonl", broken, row })!.payload["id"],
      "its own goes before the database's",
    ).toBe(other);
    const git = '"commit_hash":"f00","branch":"main","repository_url":"git@example.com:a.git"';
    expect(head({ broken: remains(git) })!.payload["git"]).toEqual(JSON.parse(`{${git}}`));
    const odd = head({
      broken: remains('"timestamp":"yesterday"'),
      firstTimestamp: "2026-11-20T09:00:00.000Z",
    })!;
    expect(odd.timestamp, "a time that is none").toBe("2026-11-20T09:00:00.000Z");
  });

  it.each([
    ["a day that is none", '"timestamp":"2026-11-99T08:00:00.000Z"', {}],
    ["a year alone", '"timestamp":"2026"', {}],
    [
      "text with an escape that is none",
      '"cwd":"/of\\q","originator":"codex_exec"',
      { originator: "codex_exec" },
    ],
  ])("doesn't keep %s", (_what, said, kept) => {
    const firstTimestamp = "2026-11-20T09:00:00.000Z";
    expect(head({ broken: remains(said), firstTimestamp, row })).toMatchObject({
      timestamp: firstTimestamp,
      payload: { timestamp: firstTimestamp, cwd: "/of/row", ...kept },
    });
  });

  it("is of the first id in the broken line that is a thread's", () => {
    const broken = remains(`"id":"no id","forked":{"id":"${other}"},"id":"${third}"`);
    expect(head({ path: "/kept.jsonl", broken })!.payload["id"]).toBe(other);
  });

  it("began when the line itself says, else a copy of it, else what is left of the line", () => {
    const [first, second] = ["2026-11-20T07:00:00.000Z", "2026-11-20T07:30:00.000Z"];
    const broken = remains('"timestamp":"2026-11-20T08:00:00.000Z"');
    const own = { timestamp: first };
    const copy = { id, timestamp: second };
    const began = (sources: Partial<HeadSources>): unknown =>
      (JSON.parse(rebuildHead({ ...nothing, isBare: true, broken, ...sources })!.toString()) as JsonObject)[
        "timestamp"
      ];
    expect(head({ broken, own, copy })!.payload["timestamp"]).toBe(first);
    expect(head({ broken, copy })!.payload["timestamp"]).toBe(second);
    expect(began({ copy })).toBe(second);
    expect(began({})).toBe("2026-11-20T08:00:00.000Z");
  });

  it("has no envelope where the lines behind it have none", () => {
    const made = (sources: Partial<HeadSources>): unknown =>
      JSON.parse(rebuildHead({ ...nothing, isBare: true, ...sources })!.toString());
    expect(made({ row: { ...row, git_sha: undefined, git_branch: undefined } })).toEqual({
      id,
      timestamp: new Date("2026-11-21T09:45:53").toISOString(),
      instructions: null,
    });
    const copy = { id, timestamp: "2025-06-20T07:00:00.000Z", instructions: "Be." };
    const git = '"commit_hash":"f00","branch":"main"';
    expect(made({ copy, broken: remains(git) })).toEqual({ ...copy, git: JSON.parse(`{${git}}`) as unknown });
  });

  it("is a later copy of it, where the file has one", () => {
    const copy = {
      id,
      timestamp: "2026-11-20T07:00:00.000Z",
      cwd: "/of/copy",
      base_instructions: { text: "Be." },
    };
    expect(head({ copy, row })!.payload).toMatchObject({ ...copy, model_provider: "ofrow" });
  });

  const base = { rollout: other, endOrdinal: 7, endOffset: 4_096 };
  const lost = { base, folder: "/of/base" };
  const toldBase = { thread_id: other, end_ordinal_exclusive: 7, end_byte_offset: 4_096 };

  it("goes on from where another file ends: as the line says still, or else as the other files do", () => {
    const made = head({ isPaginated: true, base: lost, firstOrdinal: 9 })!;
    expect(made).toMatchObject({
      ordinal: 7,
      payload: { history_base: toldBase, history_mode: "paginated", cwd: "/of/base", cli_version: "0.148.0" },
    });
    const said = { ...toldBase, end_ordinal_exclusive: 9, end_byte_offset: 9_000 };
    const broken = remains(`"cwd":"/w","history_base":${JSON.stringify(said)},"x`);
    expect(head({ isPaginated: true, broken, base: lost })!.payload["history_base"]).toEqual(said);
    expect(head({ isPaginated: true, broken })!.payload["history_base"]).toEqual(said);
    expect(head({ isPaginated: true })!.payload).not.toHaveProperty("history_base");
  });

  const spawned = {
    subagent: {
      thread_spawn: { parent_thread_id: other, depth: 1, agent_path: "/root/a", agent_nickname: "A" },
    },
  };
  const agent = {
    forked_from_id: other,
    parent_thread_id: other,
    agent_path: "/root/a",
    agent_nickname: "A",
    subagent_history_start_ordinal: 48,
  };
  const parent = { header: { id: other, session_id: third }, ownFrom: 48 };

  it("of a sub-agent says whose it is, and where what it took along ends, as the lines and the database tell", () => {
    const known = { ...row, source: JSON.stringify(spawned), thread_source: "subagent" };
    const made = head({ isPaginated: true, row: known, parent })!.payload;
    expect(made).toMatchObject({ ...agent, source: spawned, session_id: third, thread_source: "subagent" });
    const full = { ...known, agent_role: "reviewer", agent_nickname: "B", git_origin_url: "git@a" };
    expect(head({ isPaginated: true, row: full, parent })!.payload).toMatchObject({
      agent_nickname: "A",
      agent_role: "reviewer",
      git: { repository_url: "git@a" },
    });
    const legacy = head({ row: known, parent })!.payload;
    expect(legacy).not.toHaveProperty("subagent_history_start_ordinal");
    const fork = head({ isPaginated: true, row: { ...row, source: "exec" }, parent })!.payload;
    expect(fork).toMatchObject({ forked_from_id: other, source: "exec" });
    expect(fork).not.toHaveProperty("subagent_history_start_ordinal");
    expect(fork).not.toHaveProperty("session_id");
  });

  it("of a sub-agent keeps what the broken line still says of that", () => {
    const said = { session_id: third, ...agent, multi_agent_version: "v2", thread_source: "subagent" };
    const broken = remains(JSON.stringify({ source: spawned, ...said }).slice(1));
    expect(head({ isPaginated: true, broken })!.payload).toMatchObject({ ...said, source: spawned });
    const black = JSON.stringify({ source: spawned }).replace("/root/a", "[X]").slice(1);
    expect(head({ broken: remains(black) })!.payload["source"], "of a path that was blacked out").toEqual({
      subagent: { thread_spawn: { parent_thread_id: other, depth: 1 } },
    });
    const odd = remains('"parent_thread_id":"../..","source":{"subagent":{"thread_spawn":{"depth":1}}},');
    const made = head({ broken: odd })!.payload;
    expect(made["source"]).toBe("cli");
    expect(made).not.toHaveProperty("parent_thread_id");
  });

  it("has the number before the lines that are left, and none below nought", () => {
    expect(head({ isPaginated: true, firstOrdinal: 5 })!.ordinal).toBe(4);
    expect(head({ isPaginated: true, firstOrdinal: 0 })!.ordinal).toBe(0);
    expect(head({ isPaginated: true })!.ordinal).toBe(0);
    const none = { isNone: true } as const;
    expect(head({ isPaginated: true, firstOrdinal: 5, base: none })!.ordinal).toBe(0);
  });
});
