import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Diagnosis } from "../../foreign/codex/diagnose.ts";
import type { FindingKind } from "../../foreign/codex/findings/catalogue.ts";
import { finding } from "../../foreign/codex/findings/finding.ts";
import { understand } from "../../foreign/codex/findings/understand.ts";
import { whoseError } from "./whose-error.ts";

const root = mkdtempSync(join(tmpdir(), "throughline-whose-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const [one, two, three, four] = [1, 2, 3, 4].map((nth) => `01a1fac1-f0dd-7eb0-bdc6-95342368c19${nth}`);
const named = (id: string | undefined): string => `rollout-2026-11-20T20-59-36-${id}.jsonl`;

function diagnosed(file: string, kinds: FindingKind[], more: Partial<Diagnosis> = {}, text = ""): Diagnosis {
  const path = join(root, file);
  writeFileSync(path, text);
  return { path, bytes: 0, findings: kinds.map((kind) => finding(kind, [])), sealed: [], ...more };
}

const sealed = { line: 2, in: "reasoning", malformed: false } as const;
const diagnoses = [
  diagnosed(named(one), ["live"], {
    thread: one!,
    sealed: [
      { ...sealed, tail: "aaaaaaa=" },
      { ...sealed, id: "rs_0123456789", tail: "abcdc90=" },
    ],
    error: "You've hit your usage limit.",
  }),
  // The thread goes on here, after it was reverted.
  diagnosed(named(`${one}_${three}`), ["turn-open"], { thread: one!, error: "bananas are not allowed" }),
  diagnosed(
    named(two),
    ["compressed", "doubled-record", "doubled-record"],
    { thread: two! },
    "[call_0123456789] ob12 cfaf2c7c-7a57-4817-92fc-4e18058311df",
  ),
  diagnosed("copy.jsonl", ["long-line", "empty-file"], { thread: four! }),
  { path: join(root, "gone.jsonl"), bytes: 0, findings: [finding("unreadable", [])], sealed: [] },
];
const unexplained = ", but no damage in it explains the message";
const sealOf = (what: string): string => `The encrypted content ${what} could not be verified.`;

/** What a person is told: what to do, and which sessions it is about and why. */
it.each<[string, string, string, string[]]>([
  [
    "a file",
    `Error: thread/resume failed: rollout at /r o/${named(`${one}_${three}`)} has no usable header record`,
    "throughline resume 1",
    [`1: the message names it${unexplained}`],
  ],
  [
    "a file of a thread that has others",
    `rollout at /r/${named(`${one}_${two}`)} has no usable header record`,
    "throughline resume 1",
    [`1: the message names it${unexplained}`, `0: the message names it${unexplained}`],
  ],
  [
    "a thread that only a file's name tells",
    `thread ${two?.toUpperCase()} is missing an ordinal`,
    "throughline resume 2",
    [`2: the message names it${unexplained}`],
  ],
  [
    "a thread that only the first line tells",
    `Session ${four}: rollout is empty`,
    "restore it from a backup",
    ["3: the message names it"],
  ],
  [
    "a thread with such damage",
    `Session ${two}: Duplicate item found with id rs_1. Remove duplicate items`,
    "repair 2",
    ["2: the message names it"],
  ],
  [
    "a thread that isn't here",
    "No saved session found with ID 01a1fac1-f0dd-7eb0-bdc6-95342368c999",
    "rollout-…-01a1fac1-f0dd-7eb0-bdc6-95342368c999.jsonl",
    [],
  ],
  [
    "a thread that isn't here, of damage that others have",
    "Session 01a1fac1-f0dd-7eb0-bdc6-95342368c999: Duplicate item found with id rs_1.",
    "find its file",
    [],
  ],
  [
    "a request, which the session's last error quotes",
    "stream disconnected before completion: An error occurred. Please include the request ID cfaf2c7c-7a57-4817-92fc-4e18058311df",
    `\`codex resume ${two}\``,
    ["2: what the message names stands in it"],
  ],
  [
    "a session to be resumed, of an image in it",
    `Invalid 'input[7].content[1].image_url'. To continue this session, run codex resume ${two}`,
    `throughline resume ${two}`,
    ["2: the message names it"],
  ],
  [
    "an item's id",
    sealOf("for item rs_0123456789"),
    "repair 0 --sealed",
    ["0: what the message names is sealed in it"],
  ],
  ["a blob's end", sealOf("gAAA...c90="), "repair 0 --sealed", ["0: what the message names is sealed in it"]],
  ["the end of a blob that none has", sealOf("gAAA...ob12"), "throughline repair, with the session's id", []],
  [
    "a call",
    "No tool output found for function call call_0123456789.",
    "throughline resume 2",
    [`2: what the message names stands in it${unexplained}`],
  ],
  [
    "nothing, as a turn ended",
    "The usage limit has been reached",
    `\`codex resume ${one}\``,
    ["0: its last turn ended with it"],
  ],
  [
    "nothing, of damage that is there",
    "Duplicate item found with id rs_9.",
    "repair 2",
    ["2: in it: records that stand there twice"],
  ],
  [
    "nothing, of damage that isn't there",
    "final paginated rollout record is missing an ordinal",
    "throughline repair, with the session's id",
    [],
  ],
  [
    "nothing, of damage that no repair mends",
    "rollout at x is empty",
    "restore it from a backup",
    ["3: in it: the file is empty"],
  ],
  [
    "nothing, of a session that is open",
    "thread already has an active writer",
    "codex app-server daemon stop",
    ["0: in it: a running Codex holds it"],
  ],
  [
    "nothing, of what a policy refuses",
    "This request was flagged for possible cybersecurity risk",
    "where that is refused too, go back before it with Esc twice",
    [],
  ],
  ["nothing, of no damage", "thread 1 is archived", "codex unarchive", []],
  ["nothing, of what nobody knows, as a turn ended with other words", "frobnication", "give more of it", []],
  [
    "nothing, and no provider either",
    "MCP client for `x` failed to start: handshaking with MCP server failed",
    "[mcp_servers.NAME]",
    [],
  ],
])("a message that names %s", async (_what, pasted, youCan, sessions) => {
  const reference = (path: string): string => String(diagnoses.findIndex((each) => each.path === path));
  const said = await whoseError(understand(pasted, 0), diagnoses, { pasted, now: 0, reference });
  expect(said.youCan).toContain(youCan);
  expect(said.sessions.map(({ path, why }) => `${reference(path)}: ${why}`)).toEqual(sessions);
  for (const { path, session } of said.sessions)
    expect(session).toBe(diagnoses.find((each) => each.path === path)?.thread);
  expect(`${said.means} ${said.youCan}`).not.toContain("HTTP 400");
});

it("a refusal that the session's own last turn tells needs no more than a repair", async () => {
  const refused = diagnosed("refused.jsonl", ["seal-refused"], { sealed: [{ ...sealed, tail: "efgh567=" }] });
  const pasted = sealOf("gAAA...567=");
  const said = await whoseError(understand(pasted, 0), [refused], { pasted, now: 0, reference: () => "it" });
  expect(said.youCan).toBe("throughline repair it");
});

it("the session whose last turn missed a seal that a relay has dropped is known by that", async () => {
  const pasted = "Missing required parameter: 'input[3].encrypted_content'.";
  const missed = diagnosed("missed.jsonl", [], { sealed: [{ ...sealed, tail: "aaaa=" }], error: pasted });
  const said = await whoseError(understand(pasted, 0), [missed], { pasted, now: 0, reference: () => "it" });
  expect(said.sessions).toMatchObject([{ path: missed.path, why: "its last turn ended with it" }]);
  expect(said.youCan).toBe("throughline repair it --sealed");
});

it.each([
  "Error: failed to parse conversation ID from rollout file",
  `failed to read session metadata /r/${named(one)}: rollout at /r/${named(one)} is empty (code -32603)`,
])("a session of before 0.34 goes on here, as no repair makes later versions read it: %s", async (pasted) => {
  const old = diagnosed(named(one), ["old-lines"], { thread: one! });
  const said = await whoseError(understand(pasted, 0), [old], { pasted, now: 0, reference: () => one! });
  expect(said.youCan).toContain(`throughline resume ${one}`);
  expect(said.sessions).toMatchObject([{ path: old.path }]);
  expect(said.sessions[0]!.why).not.toContain("explains");
});

it("a session that another Codex has open goes on in Codex, where that is closed", async () => {
  const pasted = "Error: thread already has an active writer";
  const open = diagnosed(named(one), ["live"], { thread: one! });
  const said = await whoseError(understand(pasted, 0), [open], { pasted, now: 0, reference: () => one! });
  expect(said.youCan).toContain("close it there");
  expect(said.sessions).toMatchObject([{ path: open.path, command: `codex resume ${one}` }]);
});
