import { type JsonObject, parseJson } from "../../../lib/json.ts";
import { isSummaryText } from "../rollout/payload/compaction.ts";
import { injectedPrompt, isInjected } from "../rollout/payload/injected.ts";
import { failureOf } from "../rollout/payload/outcome.ts";
import { goalOf, promptOf, taggedInJson, toldPrompt } from "../rollout/payload/prompt.ts";
import { readRecord } from "../rollout/record/record.ts";
import { titleOf } from "../rollout/payload/title.ts";
import { type MarkedLine, type MarkedLines, markedIn } from "./marked-lines.ts";
import type { ListedHeader } from "./scan-header.ts";
import type { Parts } from "./scan-parts.ts";
import type { Scanned } from "./scan-rewritten.ts";

/** What the lines of a rollout say as Codex writes them: they are told by how they begin, and hardly ever parsed. */
export function scanMarked({ head, tail, begun, between }: Parts, header: ListedHeader | undefined): Scanned {
  const isWhole = between === 0;
  const first = messagesIn(head);
  const last = tail ? messagesIn(tail) : undefined;
  const recorded = first.count + (begun?.messages ?? 0) + (last?.count ?? 0);
  // A copy of another thread may hold events without their records (0.146).
  const isCopy = header?.parent !== undefined || header?.forkedFrom !== undefined;
  const isToldAlone = !first.prompt && !last?.prompt && !isCopy;
  const told = [first, last].map((part) =>
    part && isToldAlone ? countTold(part, { answers: recorded > 0 }) : 0,
  ) as [number, number];
  const own = ownPart(head, header) ?? (tail && ownPart(tail, header));
  const title =
    (own && askedIn(messagesIn(own), header)) ??
    // What a sub-agent was told to do is sealed; of what it was given the first prompt is its parent's.
    (header?.ownFrom === undefined ? undefined : header.agentPath) ??
    askedIn(first, header) ??
    // Of a tail it is known to be the first only where all before it was read.
    (isWhole && last ? askedIn(last, header) : undefined) ??
    header?.agentPath;
  const turn = begun && messagesIn(begun.lines);
  const lacks = last && !turn && !isWhole ? lackOf(first, last) : undefined;
  return {
    ...(title !== undefined && { title }),
    ...settingsIn([last, turn, first].find((part) => part?.lines.settings) ?? first),
    turn: turnIn([last, turn, isWhole ? first : undefined].find((part) => part?.lines.edge)),
    ...(lacks && { lacks }),
    messages: recorded + told[0] + told[1],
    ...(last && { inHead: first.count + told[0] }),
  };
}

/**
 * Before 0.34 no line tells what a turn was given, and before 0.100 none that it began. A sub-agent's head may be what its parent gave it:
 * of that only the second may be there.
 */
function lackOf({ lines: first }: Part, { lines: last }: Part): Scanned["lacks"] {
  const isBare = first.messages[0]?.mark === "bare-message";
  const lacks = { settings: !last.settings && !isBare, edge: !last.edge && !!first.edge };
  return lacks.settings || lacks.edge ? lacks : undefined;
}

const newline = 0x0a;
const quote = 0x22;

/** A part of a rollout, and the messages in it. */
interface Part {
  readonly bytes: Buffer;
  readonly lines: MarkedLines;
  /** How many messages of the person and the model there are. */
  readonly count: number;
  /** The first message of the person's that has words. */
  readonly prompt: { readonly line: MarkedLine; readonly text: string } | undefined;
}

function messagesIn(bytes: Buffer): Part {
  const lines = markedIn(bytes);
  let count = 0;
  let prompt: Part["prompt"];
  for (const line of lines.messages) {
    const start = bytes.toString("latin1", line.at, Math.min(line.end, line.at + 440));
    const role = roleMark.exec(start)?.[1];
    if (role === "assistant") count++;
    if (role !== "user") continue;
    if (prompt === undefined || doubtful.test(start) || taggedInJson.test(start)) {
      const text = wordsOf(bytes, line, promptOf);
      if (text === undefined) continue;
      if (text !== "" && !isSummaryText(text)) prompt ??= { line, text };
    }
    count++;
  }
  return { bytes, lines, count, prompt };
}

const roleMark = /"?message"[^[]{0,160}?"role":"(\w+)"/u;

/** Beginnings of texts that may be Codex's own, which only the text's end can tell. */
const doubtful = /"text":"(?:\\n|\s)*(?:# AGENTS\.md|Warning: )/iu;

const outputMark = Buffer.from('"type":"response_item","payload":{"type":"function_call_output"');
const callMark = Buffer.from('"call_id":"');
const promptItemMark = Buffer.from('"item":{"type":"UserMessage"');
/** At most so many events are searched for one with words in it. */
const mostTold = 8;

/**
 * How many messages events tell where their records are none, as in what other programs converted: prompts, and answers too where no
 * message has a record.
 */
function countTold({ bytes, lines }: Part, has: { readonly answers: boolean }): number {
  return lines.events.filter((line) =>
    line.mark === "answer"
      ? !has.answers
      : line.mark === "told" && wordsOf(bytes, line, toldPrompt) !== undefined,
  ).length;
}

/**
 * The part of a sub-agent's rollout after the history that its parent gave it; `undefined` where it was given none, or where these bytes
 * don't reach that part.
 */
function ownPart(bytes: Buffer, header: ListedHeader | undefined): Buffer | undefined {
  if (header?.ownFrom === undefined) return undefined;
  const at = bytes.indexOf(`,"ordinal":${header.ownFrom},`);
  return at < 0 ? undefined : bytes.subarray(bytes.lastIndexOf(newline, at) + 1);
}

/** What was asked first: by a goal that was set before all else, as an event tells it, as the first message says it, or as another session or an automation gave it. */
function askedIn(
  { bytes, lines: { events }, prompt }: Part,
  header: ListedHeader | undefined,
): string | undefined {
  const goals = events.filter(
    ({ mark, start }) => mark === "goal" && start < (prompt?.line.start ?? Infinity),
  );
  return (
    titleAmong(bytes, goals, goalOf) ??
    titleAmong(bytes, promptEvents(bytes, events, header), toldPrompt) ??
    (prompt && titleOf(prompt.text)) ??
    titleAmong(bytes, outputsIn(bytes), (item) =>
      isInjected("function_call_output", item) ? injectedPrompt(item) : undefined,
    )
  );
}

/** The events that tell the person's prompts: others with their names have none, however they begin. */
function* promptEvents(
  bytes: Buffer,
  events: readonly MarkedLine[],
  header: ListedHeader | undefined,
): Generator<Place> {
  const wanted = header?.isPaginated === true ? "completed" : "told";
  for (const line of events) {
    if (line.mark !== wanted) continue;
    if (wanted === "told" || bytes.subarray(line.start, line.end).includes(promptItemMark)) yield line;
  }
}

/** The first outputs, without those of a call. They are searched for: hardly any rollout is asked for them, and all have many. */
function* outputsIn(bytes: Buffer): Generator<Place> {
  let at = bytes.indexOf(outputMark);
  for (let looked = 0; at >= 0 && looked < mostTold; looked++) {
    const found = bytes.indexOf(newline, at);
    const end = found < 0 ? bytes.length : found;
    const call = bytes.subarray(at, end).indexOf(callMark);
    if (call < 0 || bytes[at + call + callMark.length] === quote)
      yield { start: bytes.lastIndexOf(newline, at) + 1, end };
    at = bytes.indexOf(outputMark, end);
  }
}

/** Where a line stands. */
type Place = Pick<MarkedLine, "start" | "end">;

/** What a payload says in words. */
type WordsIn = (payload: JsonObject) => string | undefined;

/** The first line of the first words that one of the first of these lines holds. */
function titleAmong(bytes: Buffer, lines: Iterable<Place>, wordsIn: WordsIn): string | undefined {
  let looked = 0;
  for (const line of lines) {
    if (++looked > mostTold) break;
    const text = wordsOf(bytes, line, wordsIn);
    const title = text === undefined ? undefined : titleOf(text);
    if (title !== undefined) return title;
  }
  return undefined;
}

function wordsOf(bytes: Buffer, { start, end }: Place, wordsIn: WordsIn): string | undefined {
  const record = readRecord({ bytes: bytes.subarray(start, end), whole: true });
  return record.readable ? wordsIn(record.payload) : undefined;
}

/** The model, the effort and the folder that were set last. */
function settingsIn({ bytes, lines: { settings } }: Part): Pick<Scanned, "model" | "effort" | "cwd"> {
  if (!settings) return {};
  const line = bytes.toString("utf8", settings.start, settings.end);
  const model = /"model":"([^"\\]{1,100})"/u.exec(line)?.[1];
  const effort = /"(?:effort|reasoning_effort)":"([a-z]{1,20})"/u.exec(line)?.[1];
  const cwd = parseJson(/"cwd":("(?:[^"\\]|\\.)+")/u.exec(line)?.[1] ?? "");
  return {
    ...(model !== undefined && { model }),
    ...(effort !== undefined && { effort }),
    ...(typeof cwd === "string" && { cwd }),
  };
}

const errorMark = Buffer.from('"error":{');

/** Whether a turn began after the last one that ended, or what that one failed of. Before 0.100 nothing tells. */
function turnIn(part: Part | undefined): Scanned["turn"] {
  const edge = part?.lines.edge;
  if (!edge) return undefined;
  if (edge.mark === "began") return "open";
  const line = part.bytes.subarray(edge.start, edge.end);
  if (!line.includes(errorMark)) return undefined;
  const record = readRecord({ bytes: line, whole: true });
  return record.readable ? failureOf(record.kind, record.payload) : undefined;
}
