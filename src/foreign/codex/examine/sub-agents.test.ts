import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { examine } from "./examine.ts";
import { type Finding, needsRepair } from "../findings/finding.ts";
import { judge } from "../findings/judge.ts";
import { repairRollout } from "../repair/repair.ts";

const root = temporaryFolder();

/**
 * As 0.146 and 0.169 write a sub-agent that takes the history of its parent along: all of that in one moment, and the parent's header
 * second.
 */
const parent = "01a1fed2-f034-7ca1-8f80-77bb39dde2ab";
const child = "01a1fed2-f27e-7832-b198-d1fa121445d6";
const made = Date.parse("2026-11-21T15:56:39.934Z");
const sessions = join(root, "codex", "sessions", "2026", "11", "21");
mkdirSync(sessions, { recursive: true });
const path = join(sessions, `rollout-2026-11-21T15-56-39-${child}.jsonl`);

const header = (id: string, more: object): object => ({
  id,
  timestamp: "2026-11-21T15:56:39.351Z",
  cwd: "/w",
  originator: "codex_exec",
  cli_version: "0.169.0",
  ...more,
});
const spawned = { subagent: { thread_spawn: { parent_thread_id: parent, depth: 1 } } };
const call = (id: string, name: string): [string, object] => [
  "response_item",
  { type: "function_call", call_id: `call_${id}`, name, arguments: "{}" },
];
const output = (id: string): [string, object] => [
  "response_item",
  { type: "function_call_output", call_id: `call_${id}`, output: `output of ${id}` },
];
const began = (turn: string): [string, object] => ["event_msg", { type: "task_started", turn_id: turn }];
const said = (role: string, text: string): [string, object] => [
  "response_item",
  { type: "message", role, content: [{ type: role === "user" ? "input_text" : "output_text", text }] },
];
const task: [string, object] = [
  "response_item",
  {
    type: "agent_message",
    author: "/root",
    recipient: "/root/child",
    content: [{ type: "input_text", text: "count" }],
  },
];
const copiedLines: readonly [string, object][] = [
  began("a"),
  said("user", "one"),
  call("one", "exec_command"),
  output("one"),
  said("assistant", "answer to one"),
  began("b"),
  said("user", "spawn"),
  call("spawn", "spawn_agent"),
];
const own: [string, object][] = [
  began("c"),
  task,
  call("own", "exec_command"),
  output("own"),
  said("assistant", "counted"),
  ["event_msg", { type: "task_complete", turn_id: "c", last_agent_message: "counted" }],
];

function written(era: "envelope" | "paginated", copied = copiedLines): string[] {
  const isPaginated = era === "paginated";
  const more = {
    source: spawned,
    forked_from_id: parent,
    agent_path: "/root/child",
    ...(isPaginated && { history_mode: "paginated", subagent_history_start_ordinal: 2 + copied.length }),
  };
  const records: [string, object][] = [
    ["session_meta", header(child, more)],
    ["session_meta", header(parent, { source: "exec", ...(isPaginated && { history_mode: "paginated" }) })],
    ...copied,
    ...own,
  ];
  return records.map(([type, payload], at) =>
    JSON.stringify({
      timestamp: new Date(made + 20 + Math.max(0, at - 1 - copied.length)).toISOString(),
      ...(isPaginated && { ordinal: at }),
      type,
      payload,
    }),
  );
}

const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");
async function found(): Promise<Finding[]> {
  return judge(await examine(path), { path, now: made }).filter(needsRepair);
}
async function repaired(lines: readonly string[]): Promise<string[]> {
  writeFileSync(path, joined(lines));
  const options = { home: join(root, "own"), now: made, seals: { which: "none" } } as const;
  await repairRollout(path, options);
  return readFileSync(path, "utf8").trimEnd().split("\n");
}

describe.each(["envelope", "paginated"] as const)("the rollout of a sub-agent (%s)", (era) => {
  const lines = written(era);

  it("is left alone with the call that started it, whose output its parent has", async () => {
    expect(await repaired(lines)).toEqual(lines);
    expect(await found()).toEqual([]);
  });

  it("is left alone so, too, where its parent had heard from another agent before", async () => {
    const heard = { type: "agent_message", author: "/root/first", recipient: "/root", content: [] };
    const more = written(era, [
      ...copiedLines.slice(0, 5),
      ["response_item", heard],
      began("b1"),
      ...copiedLines.slice(5),
    ]);
    expect(await repaired(more)).toEqual(more);
    expect(await found()).toEqual([]);
  });

  it("gets no answer of its parent's that was left out of the copy, though its event was copied", async () => {
    const at = lines.findIndex((line) => line.includes("answer to one"));
    const payload = { type: "agent_message", message: "answer to one" };
    const event = JSON.stringify({ ...(JSON.parse(lines[at]!) as object), type: "event_msg", payload });
    const damaged = lines.with(at, event).toSpliced(at + 1, 0, "#".repeat(300));
    const mended = (await repaired(damaged)).filter((line) => line.trim() !== "");
    expect(mended).toEqual(damaged.toSpliced(at + 1, 1));
  });

  it.each(["one", "own"])(
    "gets the other half of a call of its own, and of its parent's before it: %s",
    async (id) => {
      for (const half of ["function_call", "function_call_output"]) {
        const at = lines.findIndex((line) => line.includes(`"type":"${half}","call_id":"call_${id}"`));
        const mended = await repaired(lines.toSpliced(at, 1));
        expect(await found(), half).toEqual([]);
        const pair = mended.filter((line) => line.includes(`"call_id":"call_${id}"`));
        expect(pair.map((line) => line.includes('"function_call_output"'))).toEqual([false, true]);
        expect(mended.filter((line) => line.includes('"call_spawn"'))).toHaveLength(1);
      }
    },
  );

  it.each([
    ["is gone", lines.slice(1), "header-missing"],
    ["is garbage", ["#".repeat(lines[0]!.length), ...lines.slice(1)], "header-broken"],
  ])(
    "has a first line of its own again where that %s, and not its parent's",
    async (_what, damaged, kind) => {
      writeFileSync(path, joined(damaged));
      expect((await found()).map((finding) => finding.kind)).toContain(kind);
      const mended = await repaired(damaged);
      expect(JSON.parse(mended[0]!)).toMatchObject({ type: "session_meta", payload: { id: child } });
      expect(mended).toEqual(expect.arrayContaining(lines.slice(1)));
    },
  );
});

it("the rollout of a sub-agent's own sub-agent is left alone with the calls that started both", async () => {
  const cut: [string, object] = ["event_msg", { type: "turn_aborted", turn_id: "b", reason: "interrupted" }];
  const addressed = { type: "agent_message", author: "/root", recipient: "/root/first", content: [] };
  const lines = written("paginated", [
    ...copiedLines,
    cut,
    began("b1"),
    ["response_item", addressed],
    call("again", "spawn_agent"),
    cut,
  ]);
  expect(await repaired(lines)).toEqual(lines);
  expect(await found()).toEqual([]);
});

it("a first line that was made anew says where what was copied ends: Codex showed the parent's turns as its own", async () => {
  const [first, ...rest] = written("paginated");
  const named = { type: "thread_settings_applied", thread_id: child, thread_settings: {} };
  const lines = rest.map((line) =>
    line.includes('"turn_id":"c"') && line.includes("task_started")
      ? JSON.stringify({ ...(JSON.parse(line) as object), payload: named })
      : line,
  );
  const mended = await repaired([first!.replace(/"subagent_history.*/u, '"subag'), ...lines]);
  expect(JSON.parse(mended[0]!)).toMatchObject({
    payload: {
      id: child,
      source: spawned,
      forked_from_id: parent,
      parent_thread_id: parent,
      subagent_history_start_ordinal: 2 + copiedLines.length,
    },
  });
});

it("what a sub-agent's rollout copies ends where its first line says, also where the message that began it is gone", async () => {
  const lines = written("paginated");
  for (const left of [lines, lines.filter((line) => !line.includes('"agent_message"'))]) {
    writeFileSync(path, joined(left));
    const { copied: range } = (await examine(path)).turns;
    expect(range).toEqual({ from: 7, to: 2 + copiedLines.length });
  }
});
