/**
 * The catalogue of what can be wrong with a Codex rollout: what it is, what it causes in which versions, and what mends it. Measured with
 * the real CLI, 0.20 to 0.169, against an upstream on loopback (2026-11-20 and 2026-11-21).
 */

import { besideTheFile } from "./beside-the-file.ts";
import type { FindingEntry } from "./finding-entry.ts";

/** Every kind of damage, by its name in `doctor --json`. */
export const catalogue = {
  "header-broken": {
    severity: "broken",
    title: "a first line that Codex can't read",
    causes:
      'every resume fails: "failed to read session metadata" (0.98 and before: "failed to parse thread ID from rollout file"); where it only lacks that the lines have ordinals, 0.169 shows the turns empty',
    mends: "repair",
  },
  "header-missing": {
    severity: "broken",
    title: "the first line, which says what session this is, is missing",
    causes:
      'every resume fails: "does not start with session metadata" (0.98 and before: "failed to parse thread ID from rollout file")',
    mends: "repair",
  },
  "history-mode-unknown": {
    severity: "broken",
    title: "the first line says that its history is of a kind that no version up to 0.169 knows",
    causes: 'every resume fails in 0.145 and later: "invalid session metadata history_mode: unknown variant"',
    mends: "go on in the version of Codex that wrote it, or here: throughline resume takes it over as it is",
  },
  "byte-order-mark": {
    severity: "broken",
    title: "a byte order mark before the first line",
    causes: 'every resume fails: "does not start with session metadata"',
    mends: "repair",
  },
  "empty-file": {
    severity: "broken",
    title: "the file is empty",
    causes: 'every resume fails: "rollout is empty"; nothing of the session is left in it',
    mends: "restore it from a backup; there is nothing in it to repair",
  },
  "git-lfs-pointer": {
    severity: "broken",
    title: "a git-lfs pointer stands in the place of the session",
    causes: "every resume fails; the session itself lies in git's large file storage",
    mends: "git lfs pull, in the repository that the file comes from",
  },
  "not-a-rollout": {
    severity: "broken",
    title: "no line of it is a Codex record",
    causes: "every resume fails",
    mends: "restore it from a backup, if it was a session of Codex's: there is nothing in it to repair",
  },
  "other-layout": {
    severity: "broken",
    title: "a program has written its records anew, and none is a line any more",
    causes: "every resume fails",
    mends: "repair",
  },
  "seal-refused": {
    severity: "broken",
    title: "the provider refused sealed content of this session",
    causes:
      "the next resume fails with invalid_encrypted_content, in every version, until the dead blobs are out",
    mends: "repair",
  },
  "seal-malformed": {
    severity: "broken",
    title: "sealed content that was cut or altered",
    causes: "the next resume fails with invalid_encrypted_content, in every version",
    mends: "repair",
  },
  "doubled-record": {
    severity: "broken",
    title: "records that stand there twice",
    causes:
      'the next resume fails: "Duplicate item found" (0.150 and later); 0.47 to 0.130 send everything twice',
    mends: "repair",
  },
  "missing-ordinal": {
    severity: "broken",
    title: "the last record has no ordinal: an older Codex has written to a newer session",
    causes:
      'the next resume fails in 0.148 and later: "final paginated rollout record is missing an ordinal"',
    mends: "repair",
  },
  "invalid-utf8": {
    severity: "broken",
    title: "bytes that are no UTF-8",
    causes: "0.98 to 0.130 refuse the whole file; 0.150 and later go on without the line",
    mends: "repair",
  },
  "lone-reasoning": {
    severity: "broken",
    title: "reasoning without what it led to",
    causes:
      'the next resume fails where the provider checks it: "reasoning was provided without its required following item"',
    mends: "repair",
  },
  "unsealed-reasoning": {
    severity: "broken",
    title: "reasoning without its seal, so that at most its id is left",
    causes: `the next resume fails at OpenAI: "Missing required parameter: 'input[4].encrypted_content'", or, in 0.146 and later, which send ids: "Item with id 'rs_…' not found. Items are not persisted"`,
    mends: "repair",
  },
  "dependent-id": {
    severity: "broken",
    title: "ids of items whose reasoning isn't sent with them",
    causes: `the next resume fails in 0.146 and later, which send ids: "provided without its required 'reasoning' item"`,
    mends: "repair",
  },
  "invalid-id": {
    severity: "broken",
    title: "ids of a form that OpenAI refuses",
    causes: `a resume at OpenAI fails in 0.146 and later, which send ids: "Expected an ID that begins with 'msg'" (reviews of 0.142 to 0.144 have such ids, and what some relays gave)`,
    mends: "repair",
  },
  "plain-reasoning": {
    severity: "broken",
    title: "reasoning in plain text, as other providers write it",
    causes: `a resume at OpenAI fails: "Invalid 'input[7].content': array too long"`,
    mends: "repair",
  },
  "unread-item": {
    severity: "loss",
    title:
      "items in a form that Codex doesn't read, or OpenAI refuses: of another API, or with a member gone",
    causes: `every version goes on without them, and says nothing (of a call whose output isn't read the model is told "aborted"), or every request is refused: "without its required following item", "Invalid value: 'input_text'"; programs that convert sessions for Codex write such`,
    mends: "repair",
  },
  "lost-message": {
    severity: "loss",
    title: "messages whose record is gone or can't be read, and which an event still tells",
    causes:
      "every version goes on without them, though its screen still shows them; programs that convert sessions for Codex write such",
    mends: "repair",
  },
  "lost-call": {
    severity: "loss",
    title: "calls whose record is gone with that of their output, and which an event still tells",
    causes: "every version goes on without them, as if the command had never run",
    mends: "repair",
  },
  "lost-event": {
    severity: "loss",
    title: "messages whose event is gone, by which Codex shows them",
    causes:
      "0.148 and later show the turn without them, and may take another prompt for the title; the model still gets them",
    mends: "repair",
  },
  "unparsable-line": {
    severity: "loss",
    title: "lines that are no records",
    causes: "every version goes on without them, and says nothing",
    mends: "repair",
  },
  "lone-surrogate": {
    severity: "loss",
    title: "half a character (a lone surrogate)",
    causes: "every version goes on without the line, and says nothing",
    mends: "repair",
  },
  "untimed-record": {
    severity: "loss",
    title: "records whose timestamp is missing or no text",
    causes:
      "every version goes on without them, and says nothing; programs that convert sessions for Codex write such",
    mends: "repair",
  },
  "torn-tail": {
    severity: "loss",
    title: "the last line is torn",
    causes: "0.47 to 0.130 glue the next record onto it, and both are lost; 0.150 and later go on without it",
    mends: "repair",
  },
  "no-final-newline": {
    severity: "loss",
    title: "the last line has no end",
    causes: "0.47 to 0.130 glue the next record onto it, and both are lost; 0.150 and later end it first",
    mends: "repair",
  },
  "nul-tail": {
    severity: "loss",
    title: "NUL bytes at the end (a crash of the machine)",
    causes:
      "0.47 to 0.130 glue the next record onto them, and it is lost; 0.150 and later keep them as a bad line",
    mends: "repair",
  },
  "call-without-output": {
    severity: "loss",
    title: "calls without their output",
    causes:
      'the model is told "aborted", also of commands that ran; 0.47 puts the filler first in the request, of the wrong type',
    mends: "repair",
  },
  "output-without-call": {
    severity: "loss",
    title: "outputs without their call",
    causes: "0.98 and later leave them out; 0.47 sends them and is refused (400) for ever",
    mends: "repair",
  },
  "injected-output": {
    severity: "broken",
    title:
      "prompts from elsewhere (a goal, the app, another session), which Codex keeps as outputs without a call id",
    causes:
      'OpenAI takes them; other providers refuse every request of the session: "missing field `call_id`", "tool_call_id is not found" (0.150 and later)',
    mends: "repair",
  },
  "base-lost": {
    severity: "loss",
    title: "the first line doesn't say which session this one was forked from",
    causes: "a resume goes on without all that was said before the fork (its ordinals begin in the middle)",
    mends:
      "restore the first line, or the whole file, from a backup; no other session here has what it goes on from, or several could be it",
  },
  "base-missing": {
    severity: "broken",
    title: "the file that this one goes on from isn't there",
    causes: 'every resume fails: "missing source rollout"',
    mends: "restore that file; what is in this one: throughline resume, which says what it goes without",
  },
  "header-again": {
    severity: "loss",
    title: "a first line that stands there again, in the middle",
    causes:
      "0.169 sends nothing any more of what stands before it, and says nothing (in sessions of 0.147 and before it does no harm: 0.137 to 0.146 write it)",
    mends: "repair",
  },
  "ordinal-regressed": {
    severity: "loss",
    title: "ordinals that go back, or are missing between others",
    causes:
      "turns are missing from what 0.148 and later show; lines that stand in another order than they were written in are sent so, and may be refused for it",
    mends: "repair",
  },
  ...besideTheFile,
  "broken-archive": {
    severity: "broken",
    title: "the compressed file can't be unpacked to its end",
    causes: "0.169 unpacks it on resume, and fails",
    mends: "repair",
  },
  "others-lines": {
    severity: "note",
    title: "events that tell of another session",
    causes:
      "nothing where this is a copy of that one under another id; where lines of it got in here, every version sends what was said in them as if it had been said here: restore the file from a backup, or take out the lines from the first one to the last one named, together with what belongs to their turns",
    mends: undefined,
  },
  "sealed-reasoning": {
    severity: "note",
    title: "sealed reasoning",
    causes:
      "fine as long as the account, the model and the provider's key stay what they were; if they don't, a resume fails with invalid_encrypted_content",
    mends: undefined,
  },
  "sealed-compaction": {
    severity: "note",
    title: "a sealed summary stands for the history before it",
    causes:
      "fine as long as it can be opened; if not, a resume fails, and repair brings back the history before it",
    mends: undefined,
  },
  "turn-open": {
    severity: "note",
    title: "the last turn was never closed",
    causes: "nothing: every version goes on from there",
    mends: undefined,
  },
  "carriage-returns": {
    severity: "note",
    title: "lines end in CRLF",
    causes: "nothing: every version reads them",
    mends: undefined,
  },
  "long-line": {
    severity: "note",
    title: "lines of more than 32 MB",
    causes:
      "nothing in itself: 0.169 was seen to send 50 MB whole; a provider may refuse it as too large, and throughline resume puts words in the place of lines of more than 64 MB",
    mends: undefined,
  },
  "ids-left-out": {
    severity: "note",
    title: "ids of items and calls that are not followed: after the first 2 million, or of more than 1 MB",
    causes:
      "nothing in Codex; of these doctor and repair don't see what stands there twice, or has no partner",
    mends: undefined,
  },
  "old-document": {
    severity: "note",
    title: "a session of the first versions, one JSON document",
    causes: "no version since 0.20 reads it; throughline resume does",
    mends: undefined,
  },
  "old-lines": {
    severity: "note",
    title: "a session of before 0.34, whose lines have no envelopes",
    causes: 'no version since 0.34 reads it: "rollout at … is empty" (0.130, 0.169); throughline resume does',
    mends: undefined,
  },
  "provider-gone": {
    severity: "note",
    title: "the provider that it was made with isn't in Codex's config.toml",
    causes:
      'nothing where a profile, the command line or the system\'s settings have it; otherwise 0.169 refuses every resume, and 0.130 those of the app: "no longer configured", "not found"',
    mends: undefined,
  },
  compressed: {
    severity: "note",
    title: "compressed by Codex",
    causes: "nothing: 0.169 unpacks it on resume, and so does a repair",
    mends: undefined,
  },
  live: {
    severity: "note",
    title: "a running Codex holds it",
    causes:
      "a repair waits for it to end; what is found here may be work in progress. The server that 0.169's terminal interface leaves running holds it too: codex app-server daemon stop",
    mends: undefined,
  },
} as const satisfies Record<string, FindingEntry>;

/** The name of a kind of damage: `header-broken`, `call-without-output`. */
export type FindingKind = keyof typeof catalogue;
