import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { type JsonObject, type Member, members, parseJson } from "../../../lib/json.ts";
import { isSystemError } from "../../../lib/system.ts";
import { unpackedWhole } from "../../../lib/zstd.ts";
import { wholeOf } from "../rollout/compressed.ts";
import { documentAt, documentLines } from "../rollout/document.ts";
import { glance, glancedTime } from "../rollout/glance.ts";
import { readHeader, type RolloutHeader } from "../rollout/header.ts";
import { oldDocument, relaid, writingOf } from "../rollout/layout.ts";
import { linesIn, type RolloutLine } from "../rollout/lines.ts";
import { madeAt, type RolloutFile } from "../home/places.ts";
import { promptOf, titleOf } from "../rollout/prompt.ts";
import { readRecord } from "../rollout/record.ts";
import { scanRewritten } from "./scan-rewritten.ts";
import { askedIn, longestTitle, messagesIn, ownPart } from "./scan-title.ts";

/** What stands at the ends of a rollout that somebody should know of. `throughline doctor` looks at all of it. */
export type Flaw =
  /** Nothing in it. */
  | "empty"
  /** The pointer of git-lfs in the place of the file. */
  | "git-lfs"
  /** The first line is no header: Codex refuses the file. */
  | "no-header"
  /** A program has written it anew, so that no line of it is a record (`Layout`). */
  | "other-layout"
  | "bom"
  /** NUL bytes at the end: the file system lost what was written. */
  | "nul-tail"
  /** The last line is not whole. */
  | "torn-tail"
  /** The last record of a paginated file has no ordinal: Codex 0.148 and later refuse it. */
  | "no-ordinal"
  /** The last turn was never ended. */
  | "open-turn"
  /** It can't be unpacked, or not be opened. */
  | "unreadable";

/** What a list says of a rollout, from its head and its tail. Times are milliseconds since 1970. */
export interface RolloutFacts {
  readonly header: Omit<RolloutHeader, "instructions"> | undefined;
  /** First line of what the person asked first. */
  readonly title?: string;
  readonly model?: string;
  readonly effort?: string;
  /**
   * The folder that the last turn or change of settings names: another one than the header's where the thread was gone on with elsewhere.
   */
  readonly cwd?: string;
  readonly created: number;
  readonly updated: number;
  /** Messages of the person and the model. `estimated`: counted in the head and the tail, and reckoned for what is between them. */
  readonly messages: number;
  readonly estimated?: true;
  /** It couldn't be opened for its rights ("unreadable"). Not cached: granting the rights changes neither size nor time. */
  readonly refused?: true;
  readonly flaws: readonly Flaw[];
}

/** A rollout of at most so many bytes is read whole: nine in ten are. */
const wholeBytes = 2 ** 20;
const headBytes = 2 ** 18;
const tailBytes = 2 ** 18;

const memory = Buffer.allocUnsafe(wholeBytes);
/** At so many places of the unread part it is checked whether a line ends nearby. */
const probes = 8;
const probed = Buffer.allocUnsafe(2 ** 16);

const contextMark = Buffer.from('"type":"turn_context","payload":{');
const settingsMark = Buffer.from('"type":"event_msg","payload":{"type":"thread_settings_applied"');
const newline = 0x0a;

/**
 * Reads what a list says of a rollout. Never throws for what is in it or on its way. Synchronous: 10,000 small files are read one after
 * the other.
 */
export function scanRollout(file: RolloutFile): RolloutFacts {
  const parts = partsOf(file);
  if (parts === "damaged") return { ...unknownOf(file), flaws: ["unreadable"] };
  if (parts === "refused") return { ...unknownOf(file), refused: true, flaws: ["unreadable"] };
  const { head } = parts;
  if (head.length === 0) return { ...unknownOf(file), flaws: ["empty"] };
  if (head.toString("latin1", 0, 19) === "version https://git")
    return { ...unknownOf(file), flaws: ["git-lfs"] };
  const found = headerIn(head);
  return (found.flaws.includes("no-header") ? scanRelaid(file) : undefined) ?? scanLines(file, parts, found);
}

/** Reads a file that has no lines as Codex writes them, all of it; of a very large one only the name is known. */
function scanRelaid(file: RolloutFile): RolloutFacts | undefined {
  try {
    const layout = writingOf(file.path)?.layout;
    if (layout === undefined) return undefined;
    if (layout === oldDocument) return scanDocument(file);
    const bytes = wholeOf(file.path, mostUnpacked);
    if (bytes === undefined || bytes.length === 0) return { ...unknownOf(file), flaws: ["other-layout"] };
    const parts = wholeOrEnds(relaid(bytes));
    const facts = scanLines(file, parts, headerIn(parts.head));
    return { ...facts, flaws: ["other-layout", ...facts.flaws] };
  } catch (error) {
    // It was removed meanwhile.
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

function scanLines(file: RolloutFile, parts: Parts, found: FoundHeader): RolloutFacts {
  const { head, tail, between, inLines } = parts;
  if (found.isRewritten) {
    const first = scanRewritten(head, longestTitle);
    const { title: _later, isOpen, ...end } = tail ? scanRewritten(tail, longestTitle) : first;
    const { title, model, effort, cwd } = first;
    const seen = first.messages + (tail ? end.messages : 0);
    const length = head.length + (tail?.length ?? 0);
    return {
      header: found.header,
      created: found.header?.created ?? madeAt(file) ?? file.mtime,
      ...(title !== undefined && { title }),
      ...(model !== undefined && { model }),
      ...(effort !== undefined && { effort }),
      ...(cwd !== undefined && { cwd }),
      ...end,
      updated: end.updated ?? file.mtime,
      messages: seen + Math.round((seen * between * inLines) / length),
      ...(between > 0 && { estimated: true as const }),
      flaws: [...found.flaws, ...endOf(tail ?? head).flaws, ...(isOpen ? (["open-turn"] as const) : [])],
    };
  }
  const counted = messagesIn(head);
  const last = tail ?? head;
  const { updated, flaws } = endOf(last);
  const own = ownPart(head, found.header);
  const asked =
    (own && askedIn(own, found.header, messagesIn(own).prompt)) ??
    // What a sub-agent was told to do is sealed; of what it was given the first prompt is its parent's.
    (own && found.header?.agentPath) ??
    askedIn(head, found.header, counted.prompt) ??
    found.header?.agentPath;
  const density = tail ? messagesIn(tail).count : 0;
  const share = (between * inLines) / (head.length + (tail?.length ?? 0));
  const inEnds = counted.count + density;
  return {
    header: found.header,
    ...(asked !== undefined && { title: asked }),
    ...settingsIn(last, tail ? head : undefined),
    created: found.header?.created ?? madeAt(file) ?? file.mtime,
    updated: updated ?? file.mtime,
    messages: inEnds + Math.round(inEnds * share),
    ...(between > 0 && { estimated: true as const }),
    flaws: [...found.flaws, ...flaws],
  };
}

interface Parts {
  head: Buffer;
  /** The end of a file that was not read whole, from the beginning of a line on. */
  tail?: Buffer;
  /** Bytes that were not read. */
  between: number;
  /** How many of those bytes are lines like those at both ends, and not one huge line: an image, or a tool's output. */
  inLines: number;
}

function partsOf(file: RolloutFile): Parts | "damaged" | "refused" {
  try {
    const fd = openSync(file.path, "r");
    try {
      const { size } = fstatSync(fd);
      if (file.form === "jsonl.zst") return unpackedParts(fd, size);
      if (size <= wholeBytes)
        return { head: memory.subarray(0, readSync(fd, memory, 0, size, 0)), between: 0, inLines: 1 };
      const read = readSync(fd, memory, 0, headBytes, 0);
      const end = readSync(fd, memory, headBytes, tailBytes, size - tailBytes);
      const probe = (at: number): Buffer =>
        probed.subarray(0, readSync(fd, probed, 0, probed.length, Math.floor(at)));
      return halves(memory.subarray(0, read), memory.subarray(headBytes, headBytes + end), size, probe);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (isSystemError(error)) return "refused";
    throw error;
  }
}

/** Cuts head and tail to whole lines; a head that is one long line stays, for its first bytes. */
function halves(head: Buffer, tail: Buffer, size: number, probe: (at: number) => Buffer): Parts {
  const end = head.lastIndexOf(newline);
  const own = end < 0 ? head : head.subarray(0, end + 1);
  const begin = tail.indexOf(newline);
  const rest = begin < 0 ? tail : tail.subarray(begin + 1);
  const between = size - own.length - rest.length;
  let ends = 0;
  for (let nth = 0; nth < probes; nth++)
    if (probe(own.length + (between * (nth + 0.5)) / probes).includes(newline)) ends++;
  return { head: own, tail: rest, between, inLines: ends / probes };
}

/** Compressed rollouts have to be unpacked whole; of very large ones nothing is known but their names. */
const mostUnpacked = 2 ** 26;

function unpackedParts(fd: number, size: number): Parts | "damaged" {
  if (size > mostUnpacked / 4) return "damaged";
  const packed = Buffer.allocUnsafe(size);
  readSync(fd, packed, 0, size, 0);
  const bytes = unpackedWhole(packed, mostUnpacked);
  return bytes ? wholeOrEnds(bytes) : "damaged";
}

function wholeOrEnds(bytes: Buffer): Parts {
  return bytes.length <= wholeBytes
    ? { head: bytes, between: 0, inLines: 1 }
    : halves(bytes.subarray(0, headBytes), bytes.subarray(bytes.length - tailBytes), bytes.length, (at) =>
        bytes.subarray(Math.floor(at), Math.floor(at) + probed.length),
      );
}

function unknownOf(file: RolloutFile): Omit<RolloutFacts, "flaws"> {
  return { header: undefined, created: madeAt(file) ?? file.mtime, updated: file.mtime, messages: 0 };
}

/** `undefined`: it is no document any more. */
function scanDocument(file: RolloutFile): RolloutFacts | undefined {
  const document = documentAt(file.path);
  if (!document) return undefined;
  const records = documentLines(document)
    .map(readRecord)
    .filter((record) => record.readable);
  const first = records[0];
  const header = first?.type === "session_meta" ? readHeader(first.payload) : undefined;
  const prompts = records.flatMap(({ payload }) => promptOf(payload) ?? []);
  const answers = records.filter(
    ({ kind, payload }) => kind === "message" && payload["role"] === "assistant",
  );
  const title = prompts[0] === undefined ? "" : titleOf(prompts[0], longestTitle);
  return {
    header: header && withoutInstructions(header),
    ...(title !== "" && { title }),
    created: header?.created ?? madeAt(file) ?? file.mtime,
    updated: file.mtime,
    messages: prompts.length + answers.length,
    flaws: header ? [] : ["no-header"],
  };
}

interface FoundHeader {
  readonly header: RolloutFacts["header"];
  readonly flaws: Flaw[];
  readonly isRewritten: boolean;
}

/** The header, among the first lines, and what is wrong with it. */
function headerIn(head: Buffer): FoundHeader {
  const flaws: Flaw[] = [];
  let isRewritten = false;
  for (let start = 0, at = 0; start < head.length && at < 8; at++) {
    const end = lineEnd(head, start);
    const line = head.subarray(start, end);
    const header = headerOfLine(line);
    if (header) {
      if (line[0] === 0xef) flaws.push("bom");
      if (at > 0) flaws.push("no-header");
      const isBare = line.indexOf('"session_meta"') < 0;
      // The header may have kept its form while the lines after it were rewritten.
      isRewritten =
        (!isBare && isOtherwise(line)) || isOtherwise(head.subarray(end + 1, lineEnd(head, end + 1)));
      return { header, flaws, isRewritten };
    }
    isRewritten ||= isOtherwise(line);
    start = end + 1;
  }
  return { header: undefined, flaws: ["no-header"], isRewritten };
}

function lineEnd(bytes: Buffer, start: number): number {
  const found = bytes.indexOf(newline, start);
  return found < 0 ? bytes.length : found;
}

/** Whether a line is a record that doesn't begin as Codex writes them: other members first, or spaces between them. */
function isOtherwise(line: Buffer): boolean {
  const own = line[0] === 0xef ? line.subarray(3) : line;
  return glance(own) === undefined && readRecord({ bytes: own, whole: true }).readable;
}

/** Members of a header whose values are long and say nothing to a list. */
const longMembers: ReadonlySet<string> = new Set(["base_instructions", "instructions", "dynamic_tools"]);

/** Half of a small rollout is the system prompt in its header, so only the other members are parsed. */
function headerOfLine(line: Buffer): RolloutFacts["header"] {
  const glanced = glance(line);
  if (glanced && glanced.type !== "session_meta") return undefined;
  if (!glanced) {
    const record = readRecord({ bytes: line, whole: true });
    const header = record.readable && record.type === "session_meta" ? readHeader(record.payload) : undefined;
    return header && withoutInstructions(header);
  }
  const bytes = line.subarray(glanced.payload);
  const payload: JsonObject = {};
  for (const { key, valueStart, end } of membersOf(bytes)) {
    if (!longMembers.has(key)) payload[key] = parseJson(bytes.toString("utf8", valueStart, end));
  }
  return readHeader(payload);
}

/** Members of a line that may not be JSON; a broken header has none. */
function membersOf(bytes: Buffer): Member[] {
  try {
    return members(bytes);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function withoutInstructions({ instructions: _long, ...header }: RolloutHeader): RolloutFacts["header"] {
  return header;
}

/** The model, the effort and the folder that were set last. */
function settingsIn(tail: Buffer, head: Buffer | undefined): Pick<RolloutFacts, "model" | "effort" | "cwd"> {
  for (const bytes of head ? [tail, head] : [tail]) {
    const at = Math.max(bytes.lastIndexOf(contextMark), bytes.lastIndexOf(settingsMark));
    if (at < 0) continue;
    const start = bytes.lastIndexOf(newline, at) + 1;
    const end = bytes.indexOf(newline, at);
    const line = bytes.toString("utf8", start, end < 0 ? bytes.length : end);
    const model = /"model":"([^"\\]{1,100})"/u.exec(line)?.[1];
    const effort = /"(?:effort|reasoning_effort)":"([a-z]{1,20})"/u.exec(line)?.[1];
    const cwd = parseJson(/"cwd":("(?:[^"\\]|\\.)+")/u.exec(line)?.[1] ?? "");
    return {
      ...(model !== undefined && { model }),
      ...(effort !== undefined && { effort }),
      ...(typeof cwd === "string" && { cwd }),
    };
  }
  return {};
}

/** When the last line was written, and what is wrong at the end. */
function endOf(bytes: Buffer): { updated: number | undefined; flaws: Flaw[] } {
  const flaws: Flaw[] = [];
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  if (end < bytes.length) flaws.push("nul-tail");
  const lines = lastLines(bytes.subarray(0, end));
  const final = lines.at(-1);
  if (final && final.ending === "" && !readRecord(final).readable) flaws.push("torn-tail");
  let updated: number | undefined;
  let isPaginated = false;
  let hasOrdinal: boolean | undefined;
  for (const line of lines.toReversed()) {
    const glanced = glance(line.bytes);
    if (!glanced) continue;
    updated ??= glancedTime(line.bytes, glanced);
    if (glanced.timeEnd > 0) hasOrdinal ??= glanced.ordinal !== undefined;
    isPaginated ||= glanced.ordinal !== undefined;
  }
  if (isPaginated && hasOrdinal === false) flaws.push("no-ordinal");
  if (isTurnOpen(bytes)) flaws.push("open-turn");
  return { updated, flaws };
}

/** How events that begin or end a turn start, among others. */
const turnMark = Buffer.from('"type":"event_msg","payload":{"type":"t');

/** Whether a turn began after the last one that ended. Before 0.100 nothing tells. */
function isTurnOpen(bytes: Buffer): boolean {
  for (
    let at = bytes.lastIndexOf(turnMark);
    at >= 0;
    at = at === 0 ? -1 : bytes.lastIndexOf(turnMark, at - 1)
  ) {
    const name = bytes.toString("latin1", at + turnMark.length, at + turnMark.length + 13);
    if (/^(?:ask|urn)_started"/u.test(name)) return true;
    if (/^(?:(?:ask|urn)_complete|urn_aborted)"/u.test(name)) return false;
  }
  return false;
}

/** A few of the last lines: what was written last may not be the last line that can be read. */
function lastLines(bytes: Buffer): RolloutLine[] {
  let start = bytes.length;
  for (let lines = 0; start > 0 && lines < 8; lines++) start = bytes.lastIndexOf(newline, start - 2) + 1;
  return linesIn(bytes.subarray(start), start);
}
