import { type JsonObject, parseJson } from "../../../lib/json.ts";
import { isSummaryText } from "../rollout/payload/compaction.ts";
import { injectedPrompt, isInjected } from "../rollout/payload/injected.ts";
import { lineAround } from "../rollout/bytes/lines.ts";
import { failureOf, turnEdge, type TurnFailure } from "../rollout/payload/outcome.ts";
import { goalOf, promptOf, taggedInJson, toldPrompt } from "../rollout/payload/prompt.ts";
import { readRecord } from "../rollout/record/record.ts";
import { titleOf } from "../rollout/payload/title.ts";
import type { ListedHeader } from "./scan-header.ts";
import type { Scanned } from "./scan-rewritten.ts";

/** What the lines of a rollout say as Codex writes them: they are told by how they begin, and hardly ever parsed. */
export function scanMarked(
  head: Buffer,
  tail: Buffer | undefined,
  header: ListedHeader | undefined,
): Omit<Scanned, "updated"> {
  const first = countMessages(head);
  const last = tail ? countMessages(tail) : { count: 0 };
  const recorded = first.count + last.count;
  // A copy of another thread may hold events without their records (0.146).
  const isCopy = header?.parent !== undefined || header?.forkedFrom !== undefined;
  const isToldAlone = first.promptAt === undefined && last.promptAt === undefined && !isCopy;
  const alone = isToldAlone ? [head, ...(tail ? [tail] : [])] : [];
  const own = ownPart(head, header) ?? (tail && ownPart(tail, header));
  const title =
    (own && askedIn(own, header, countMessages(own).promptAt)) ??
    // What a sub-agent was told to do is sealed; of what it was given the first prompt is its parent's.
    (header?.ownFrom === undefined ? undefined : header.agentPath) ??
    askedIn(head, header, first.promptAt) ??
    header?.agentPath;
  return {
    ...(title !== undefined && { title }),
    ...settingsIn(tail ? [tail, head] : [head]),
    turn: lastTurn(tail ?? head),
    messages: alone.reduce((sum, each) => sum + countTold(each, { answers: recorded > 0 }), recorded),
  };
}

const itemMark = Buffer.from('"type":"response_item","payload":{"type":"message"');
const bareMark = Buffer.from('\n{"type":"message"');
const newline = 0x0a;

/** How many messages of the person and the model there are, and the offset of the first one of the person's that has words. */
function countMessages(bytes: Buffer): { count: number; promptAt?: number } {
  let count = 0;
  let promptAt: number | undefined;
  for (const mark of [itemMark, bareMark]) {
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) {
      const rest = bytes.toString("latin1", at + mark.length, at + mark.length + 400);
      const end = rest.indexOf("\n");
      const start = end < 0 ? rest : rest.slice(0, end);
      const role = /^[^[]{0,160}?"role":"(\w+)"/u.exec(start)?.[1];
      if (role === "assistant") count++;
      if (role !== "user") continue;
      if (promptAt === undefined || doubtful.test(start) || taggedInJson.test(start)) {
        const text = readAt(bytes, at, promptOf);
        if (text === undefined) continue;
        if (text !== "" && !isSummaryText(text)) promptAt ??= at;
      }
      count++;
    }
    if (count > 0) break;
  }
  return { count, ...(promptAt !== undefined && { promptAt }) };
}

/** Beginnings of texts that may be Codex's own, which only the text's end can tell. */
const doubtful = /"text":"(?:\\n|\s)*(?:# AGENTS\.md|Warning: )/iu;

const answerMark = Buffer.from('"type":"event_msg","payload":{"type":"agent_message"');
const toldMark = Buffer.from('"type":"event_msg","payload":{"type":"user_message"');
const outputMark = Buffer.from('"type":"response_item","payload":{"type":"function_call_output"');
const goalMark = Buffer.from('"type":"event_msg","payload":{"type":"thread_goal_updated"');
const completedMark = Buffer.from('"item":{"type":"UserMessage"');
/** At most so many events are searched for one with words in it. */
const mostTold = 8;

/**
 * How many messages events tell where their records are none, as in what other programs converted: prompts, and answers too where no
 * message has a record.
 */
function countTold(bytes: Buffer, has: { readonly answers: boolean }): number {
  let count = 0;
  for (const mark of has.answers ? [toldMark] : [toldMark, answerMark])
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length))
      if (mark === answerMark || readAt(bytes, at, toldPrompt) !== undefined) count++;
  return count;
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
  bytes: Buffer,
  header: ListedHeader | undefined,
  promptAt: number | undefined,
): string | undefined {
  return (
    titleIn(promptAt === undefined ? bytes : bytes.subarray(0, promptAt), goalMark, goalOf) ??
    titleIn(bytes, toldMarkOf(header), toldPrompt) ??
    (promptAt === undefined ? undefined : titleAt(bytes, promptAt, promptOf)) ??
    titleIn(bytes, outputMark, (item) =>
      isInjected("function_call_output", item) ? injectedPrompt(item) : undefined,
    )
  );
}

/** How events that tell the person's prompt begin. Other lines with the event's name in them have none, however they begin. */
const toldMarkOf = (header: ListedHeader | undefined): Buffer =>
  header?.isPaginated === true ? completedMark : toldMark;

/** The first line of the first words that a line with the mark holds. */
function titleIn(bytes: Buffer, mark: Buffer, wordsIn: WordsIn): string | undefined {
  for (let at = bytes.indexOf(mark), looked = 0; at >= 0 && looked < mostTold; looked++) {
    const title = titleAt(bytes, at, wordsIn);
    if (title !== undefined) return title;
    at = bytes.indexOf(mark, at + mark.length);
  }
  return undefined;
}

function titleAt(bytes: Buffer, at: number, wordsIn: WordsIn): string | undefined {
  const text = readAt(bytes, at, wordsIn);
  return text === undefined ? undefined : titleOf(text);
}

/** What a payload says in words. */
type WordsIn = (payload: JsonObject) => string | undefined;

/** The words that the line around an offset holds. */
function readAt(bytes: Buffer, at: number, wordsIn: WordsIn): string | undefined {
  const record = readRecord({ bytes: lineAround(bytes, at), whole: true });
  return record.readable ? wordsIn(record.payload) : undefined;
}

const contextMark = Buffer.from('"type":"turn_context","payload":{');
const settingsMark = Buffer.from('"type":"event_msg","payload":{"type":"thread_settings_applied"');

/** The model, the effort and the folder that were set last. `parts`: the last one first. */
function settingsIn(parts: readonly Buffer[]): Pick<Scanned, "model" | "effort" | "cwd"> {
  for (const bytes of parts) {
    const at = Math.max(bytes.lastIndexOf(contextMark), bytes.lastIndexOf(settingsMark));
    if (at < 0) continue;
    const line = lineAround(bytes, at).toString("utf8");
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

/** How events that begin or end a turn start, among others. */
const turnMark = Buffer.from('"type":"event_msg","payload":{"type":"t');

const errorMark = Buffer.from('"error":{');

/** Whether a turn began after the last one that ended, or what that one failed of. Before 0.100 nothing tells. */
function lastTurn(bytes: Buffer): Scanned["turn"] {
  for (
    let at = bytes.lastIndexOf(turnMark);
    at >= 0;
    at = at === 0 ? -1 : bytes.lastIndexOf(turnMark, at - 1)
  ) {
    const kind = at + turnMark.length - 1;
    const edge = turnEdge(/^\w+/u.exec(bytes.toString("latin1", kind, kind + 16))?.[0]);
    if (edge) return edge === "began" ? "open" : failureAt(bytes, at);
  }
  return undefined;
}

function failureAt(bytes: Buffer, at: number): TurnFailure | undefined {
  const line = lineAround(bytes, at);
  if (!line.includes(errorMark)) return undefined;
  const record = readRecord({ bytes: line, whole: true });
  return record.readable ? failureOf(record.kind, record.payload) : undefined;
}
