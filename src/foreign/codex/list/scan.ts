import { ifPossible } from "../../../lib/system.ts";
import { mostUnpacked, wholeOf } from "../rollout/bytes/compressed.ts";
import { documentAt, documentLines } from "../rollout/file/document.ts";
import { glance, glancedTime } from "../rollout/record/glance.ts";
import { createdOf, headerOfRecord, type HistoryBase } from "../rollout/record/header.ts";
import { oldDocument, relaid, writingOf } from "../rollout/file/layout.ts";
import { lineAround, linesIn } from "../rollout/bytes/lines.ts";
import type { RolloutFile } from "../home/places.ts";
import type { TurnFailure } from "../rollout/payload/outcome.ts";
import { promptOf } from "../rollout/payload/prompt.ts";
import { readRecord } from "../rollout/record/record.ts";
import { folderTold } from "../rollout/record/told-folder.ts";
import { titleOf } from "../rollout/payload/title.ts";
import type { Flaw } from "./flaw.ts";
import { type FoundHeader, headerIn, type ListedHeader, withoutInstructions } from "./scan-header.ts";
import { longerHeads, withLastTurn } from "./scan-further.ts";
import { scanMarked } from "./scan-marked.ts";
import { endsOf, inMemory, linesBetween, opened, type Opened, type Parts } from "./scan-parts.ts";
import { type Scanned, scanRewritten } from "./scan-rewritten.ts";

/** What a list says of a rollout, from its head and its tail. Times are milliseconds since 1970. */
export interface RolloutFacts {
  readonly header: ListedHeader | undefined;
  /** First line of what the person asked first. */
  readonly title?: string;
  readonly model?: string;
  readonly effort?: string;
  /**
   * The folder that the last turn or change of settings names: another one than the header's where the thread was gone on with elsewhere, or
   * has no folder there.
   */
  readonly cwd?: string;
  readonly created: number;
  readonly updated: number;
  /** Messages of the person and the model. `estimated`: counted in the head and the tail, and reckoned for what is between them. */
  readonly messages: number;
  readonly estimated?: true;
  /** What the file that this one goes on from holds up to there. Absent: none is there, or it couldn't be read. */
  readonly before?: FactsBefore;
  /** What its last turn failed of, where the event that ended it says so (0.148 and later). */
  readonly failure?: TurnFailure;
  /** It couldn't be opened for its rights ("unreadable"). Not cached: granting the rights changes neither size nor time. */
  readonly refused?: true;
  /** Bytes that it unpacks to, where it is compressed and they are known. */
  readonly unpacked?: number;
  readonly flaws: readonly Flaw[];
}

/** What is asked of a part of a rollout that another one goes on from. */
export type FactsBefore = Pick<RolloutFacts, "title" | "messages" | "estimated">;

const newline = 0x0a;

/**
 * Reads what a list says of a rollout. Never throws for what is in it or on its way. Synchronous: 10,000 small files are read one after
 * the other.
 */
export function scanRollout(file: RolloutFile): RolloutFacts {
  return scanUntil(file, undefined);
}

/**
 * What a rollout holds before the place at which another one goes on from it; `undefined` where nothing can be read of it. Never throws,
 * as `scanRollout`.
 */
export function scanBefore(file: RolloutFile, { endOffset }: HistoryBase): FactsBefore | undefined {
  const { header, title, messages, estimated } = scanUntil(file, endOffset);
  if (!header && messages === 0) return undefined;
  return { messages, ...(title !== undefined && { title }), ...(estimated && { estimated }) };
}

function scanUntil(file: RolloutFile, until: number | undefined): RolloutFacts {
  const facts = opened(file, until, (rollout) => scanOpened(file, rollout));
  if (facts === "damaged") return { ...unknownOf(file), flaws: ["unreadable"] };
  if (facts === "refused") return { ...unknownOf(file), refused: true, flaws: ["unreadable"] };
  return facts;
}

function scanOpened(file: RolloutFile, rollout: Opened): RolloutFacts {
  const parts = endsOf(rollout);
  const { head } = parts;
  if (head.length === 0) return { ...unknownOf(file), flaws: ["empty"] };
  if (head.toString("latin1", 0, 19) === "version https://git")
    return { ...unknownOf(file), flaws: ["git-lfs"] };
  const found = headerIn(head);
  // It may be removed meanwhile.
  const other = found.flaws.includes("no-header") ? ifPossible(() => scanRelaid(file)) : undefined;
  return other ?? scanFurther(file, rollout, parts, found);
}

/** Reads a file that has no lines as Codex writes them, all of it; of a very large one only the name is known. */
function scanRelaid(file: RolloutFile): RolloutFacts | undefined {
  const layout = writingOf(file.path)?.layout;
  if (layout === undefined) return undefined;
  if (layout === oldDocument) return scanDocument(file);
  const bytes = wholeOf(file.path, mostUnpacked);
  if (bytes === undefined || bytes.length === 0) return { ...unknownOf(file), flaws: ["other-layout"] };
  const rollout = inMemory(relaid(bytes));
  const parts = endsOf(rollout);
  const facts = scanFurther(file, rollout, parts, headerIn(parts.head));
  return { ...facts, flaws: ["other-layout", ...facts.flaws] };
}

/** Of a rollout that isn't read whole, what the ends don't hold is looked for further on: its title, and what the last turn was given. */
function scanFurther(file: RolloutFile, rollout: Opened, ends: Parts, header: FoundHeader): RolloutFacts {
  let [parts, found, seen] = [ends, header, scanLines(ends, header)];
  if (ends.between > 0 && seen.title === undefined)
    for (parts of longerHeads(rollout, ends)) {
      found = headerIn(parts.head);
      seen = scanLines(parts, found);
      if (seen.title !== undefined) break;
    }
  if (parts.between > 0 && seen.lacks) {
    const wanted = { ...seen.lacks, isRewritten: found.isRewritten };
    parts = withLastTurn(rollout, parts, wanted);
    seen = scanLines(parts, found);
  }
  return factsOf(file, rollout, parts, found, seen);
}

function scanLines(parts: Parts, { header, isRewritten }: FoundHeader): Scanned {
  return isRewritten ? scanRewritten(parts) : scanMarked(parts, header);
}

function factsOf(
  file: RolloutFile,
  rollout: Opened,
  parts: Parts,
  { header, flaws, isRewritten }: FoundHeader,
  seen: Scanned,
): RolloutFacts {
  const { unpacked } = rollout;
  const { head, tail, between } = parts;
  const end = endOf(tail ?? head);
  const { title, model, effort, messages, turn } = seen;
  const updated = isRewritten ? seen.updated : end.updated;
  const cwd = seen.cwd ?? (header?.cwd === undefined ? folderToldIn(head) : undefined);
  return {
    header,
    ...(title !== undefined && { title }),
    ...(model !== undefined && { model }),
    ...(effort !== undefined && { effort }),
    ...(cwd !== undefined && { cwd }),
    created: createdOf(header, file),
    updated: updated ?? file.mtime,
    messages: messages + (between > 0 ? Math.round(reckoned(rollout, parts, seen)) : 0),
    ...(between > 0 && { estimated: true }),
    ...(typeof turn === "object" && { failure: turn }),
    ...(unpacked !== undefined && { unpacked }),
    flaws: [...flaws, ...end.flaws, ...(turn === "open" ? (["open-turn"] as const) : [])],
  };
}

/** How many messages are in what was not read: as many as at both ends or, where the last turn was found, as before it. */
function reckoned(rollout: Opened, parts: Parts, { messages, inHead = messages }: Scanned): number {
  const { head, tail, begun, between } = parts;
  const [counted, bytes] = begun ? [inHead, head.length] : [messages, head.length + (tail?.length ?? 0)];
  return (counted * between * linesBetween(rollout, parts)) / bytes;
}

const environment = Buffer.from("<environment_context>");
/** At most so many places are looked at: a person may write of such messages. */
const mostEnvironments = 8;

/** The folder that Codex tells the model first: up to 0.33 no header names it. */
function folderToldIn(head: Buffer): string | undefined {
  for (let at = head.indexOf(environment), looked = 0; at >= 0 && looked < mostEnvironments; looked++) {
    const record = readRecord({ bytes: lineAround(head, at), whole: true });
    const folder = record.readable ? folderTold(record) : undefined;
    if (folder !== undefined) return folder;
    at = head.indexOf(environment, at + environment.length);
  }
  return undefined;
}

function unknownOf(file: RolloutFile): Omit<RolloutFacts, "flaws"> {
  return { header: undefined, created: createdOf(undefined, file), updated: file.mtime, messages: 0 };
}

/** `undefined`: it is no document any more. */
function scanDocument(file: RolloutFile): RolloutFacts | undefined {
  const document = documentAt(file.path);
  if (!document) return undefined;
  const records = documentLines(document)
    .map(readRecord)
    .filter((record) => record.readable);
  const header = headerOfRecord(records[0]);
  const prompts = records.flatMap(({ payload }) => promptOf(payload) ?? []);
  const answers = records.filter(
    ({ kind, payload }) => kind === "message" && payload["role"] === "assistant",
  );
  const title = titleOf(prompts[0] ?? "");
  return {
    header: header && withoutInstructions(header),
    ...(title !== undefined && { title }),
    created: createdOf(header, file),
    updated: file.mtime,
    messages: prompts.length + answers.length,
    flaws: header ? [] : ["no-header"],
  };
}

/** So many lines at the end are looked at. */
const mostLast = 8;

/** When the last line was written, and what is wrong at the end. */
function endOf(bytes: Buffer): { readonly updated: number | undefined; readonly flaws: readonly Flaw[] } {
  const flaws: Flaw[] = [];
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  if (end < bytes.length) flaws.push("nul-tail");
  let updated: number | undefined;
  let isPaginated = false;
  let hasOrdinal: boolean | undefined;
  // What was written last may not be the last line that can be read.
  for (
    let start = end, nth = 0;
    start > 0 && nth < mostLast && !(updated !== undefined && hasOrdinal);
    nth++
  ) {
    const behind = start;
    // A negative offset would be counted from the end.
    start = bytes.lastIndexOf(newline, Math.max(0, start - 2)) + 1;
    const [line] = linesIn(bytes.subarray(start, behind));
    if (!line) break;
    if (nth === 0 && line.ending === "" && !readRecord(line).readable) flaws.push("torn-tail");
    const glanced = glance(line.bytes);
    if (!glanced) continue;
    updated ??= glancedTime(line.bytes, glanced);
    if (glanced.timeEnd > 0) hasOrdinal ??= glanced.ordinal !== undefined;
    isPaginated ||= glanced.ordinal !== undefined;
  }
  if (isPaginated && hasOrdinal === false) flaws.push("no-ordinal");
  return { updated, flaws };
}
