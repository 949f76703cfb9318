import { closeSync, fstatSync, statSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { readerOf } from "../../lib/file-bytes.ts";
import { hasCode } from "../../lib/system.ts";
import { openToRead } from "../../lib/open-file.ts";
import { fateOf } from "../../lib/process.ts";
import { outcomeUnknown } from "../../replay/pair.ts";
import { sanitise } from "../../session/item.ts";
import type { ToolOutcome } from "../../tool.ts";
import { SpoolDamaged, spoolFiles } from "../spool.ts";
import { readCommand } from "./spool-records.ts";
import { type ExitRecord, readProcess, readStarted } from "./state.ts";

/** Bytes of output that the model gets from each end; the whole of it stays in the spool. */
const answerHead = 16 * 1024;
const answerTail = 16 * 1024;

/** The outcome of a command that ended, from its spool. The head of the text is as models of OpenAI know it from Codex (2025-09 to 2026-11). */
export function exitOutcome(spool: string, exit: ExitRecord): ToolOutcome {
  const code = exit.timedOut ? 124 : (exit.code ?? signalCode(exit.signal));
  const text = [
    `Exit code: ${code}`,
    `Wall time: ${seconds(exit.durationMs)} seconds`,
    "Output:",
    ...remarks(spool, exit),
    readPrinted(spool, exit.bytes),
  ].join("\n");
  const status = exit.cancelled ? "cancelled" : code === 0 ? "ok" : "failed";
  return { output: text, status, exitCode: code, durationMs: exit.durationMs };
}

/** What the head of such a text says; `undefined` for another text. */
export function readAnswerHead(
  text: string,
): { status: "ok" | "failed"; exitCode: number; durationMs: number } | undefined {
  const [, code, time] = /^Exit code: (-?\d+)\nWall time: ([\d.]+) seconds\n/u.exec(text) ?? [];
  if (code === undefined || time === undefined) return undefined;
  const exitCode = Number(code);
  return { status: exitCode === 0 ? "ok" : "failed", exitCode, durationMs: Number(time) * 1_000 };
}

/** The outcome of a command that was started and left no trace of its end (R26). */
export function unknownOutcome(spool: string, why: string): ToolOutcome {
  const text = readPrinted(spool);
  const command = intact(() => readProcess(spool));
  const alive =
    command && fateOf(command) === "alive" ? ` Its process (pid ${command.pid}) still runs, unwatched.` : "";
  const output = `${outcomeUnknown}: ${why}.${alive}\nWhat it had printed until then:\n${text}`;
  const at = intact(() => readStarted(spool))?.at;
  return {
    output,
    status: "unknown",
    durationMs: at === undefined ? 0 : Math.max(0, Math.round(lastSign(spool) - at)),
  };
}

/** A command that was told to stop and did not leave a record in time: it and its wrapper were killed. */
export function killedOutcome(spool: string, durationMs: number): ToolOutcome {
  const text = readPrinted(spool);
  const head = `Exit code: 137\nWall time: ${seconds(durationMs)} seconds\nOutput:`;
  return {
    output: `${head}\ncommand cancelled and killed; what it had printed until then:\n${text}`,
    status: "cancelled",
    exitCode: 137,
    durationMs,
  };
}

function remarks(spool: string, exit: ExitRecord): string[] {
  const lines: string[] = [];
  if (exit.timedOut) {
    const limit = readCommand(spool)?.timeoutMs ?? exit.durationMs;
    lines.push(`command timed out after ${limit} milliseconds`);
  }
  if (exit.cancelled) lines.push("command cancelled; what it had printed until then:");
  else if (exit.signal !== null && !exit.timedOut) lines.push(`command ended by signal ${exit.signal}`);
  if (exit.trouble !== undefined) lines.push(`command trouble: ${exit.trouble}`);
  return lines;
}

/**
 * What the command printed as text for the model: its beginning and its end where it is long, with a note of where all of it is. `bytes`: how
 * many it printed, when the exit record tells.
 */
function readPrinted(spool: string, bytes?: number): string {
  const path = join(spool, spoolFiles.output);
  let file: number;
  try {
    file = openToRead(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "";
    throw error;
  }
  try {
    const read = readerOf(file);
    const { size } = fstatSync(file);
    const printed = bytes ?? size;
    if (size <= answerHead + answerTail && printed === size) return decode(read(0, size));
    const head = wholeStart(read(0, Math.min(size, answerHead)));
    const from = Math.max(head.length, size - answerTail);
    const tail = wholeEnd(read(from, size - from));
    const left = printed - head.length - tail.length;
    const note = `[… ${left} of ${printed} bytes left out; the output is kept in ${path} …]`;
    return `${decode(head)}\n${note}\n${decode(tail)}`;
  } finally {
    closeSync(file);
  }
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** The bytes without a UTF-8 character that is cut off at their end. */
function wholeStart(bytes: Buffer): Buffer {
  let lead = bytes.length - 1;
  while (lead > bytes.length - 4 && isContinuation(bytes[lead])) lead--;
  const first = bytes[lead] ?? 0;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return lead >= 0 && lead + length > bytes.length ? bytes.subarray(0, lead) : bytes;
}

/** The bytes without a UTF-8 character that is cut off at their beginning. */
function wholeEnd(bytes: Buffer): Buffer {
  let at = 0;
  while (at < 3 && isContinuation(bytes[at])) at++;
  return bytes.subarray(at);
}

/** What isn't UTF-8 becomes U+FFFD, and so do NULs: no wire takes them (failures.md row 50). */
function decode(bytes: Buffer): string {
  return sanitise(bytes.toString("utf8"));
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 2 : 1).replace(/\.?0+$/u, "") || "0";
}

/** The exit status as a shell gives it: 128 plus the signal's number. 127: the command could not be started. */
function signalCode(signal: string | null): number {
  return signal === null ? 127 : 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
}

function lastSign(spool: string): number {
  return statSync(join(spool, spoolFiles.output), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function intact<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SpoolDamaged) return undefined;
    throw error;
  }
}
