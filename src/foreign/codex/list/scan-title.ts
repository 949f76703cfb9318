import type { JsonObject } from "../../../lib/json.ts";
import { isSummaryText } from "../rollout/compaction.ts";
import type { RolloutHeader } from "../rollout/header.ts";
import { injectedPrompt, isInjected } from "../rollout/injected.ts";
import { lineAround } from "../rollout/lines.ts";
import { promptOf, taggedInJson, toldPrompt } from "../rollout/prompt.ts";
import { readRecord } from "../rollout/record.ts";
import { titleOf } from "../rollout/title.ts";

const itemMark = Buffer.from('"type":"response_item","payload":{"type":"message"');
const bareMark = Buffer.from('\n{"type":"message"');
const newline = 0x0a;

/** How many messages of the person and the model there are, and where the first one of the person's is. */
export function countMessages(bytes: Buffer): { count: number; prompt?: number } {
  let count = 0;
  let prompt: number | undefined;
  for (const mark of [itemMark, bareMark]) {
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) {
      const rest = bytes.toString("latin1", at + mark.length, at + mark.length + 400);
      const end = rest.indexOf("\n");
      const start = end < 0 ? rest : rest.slice(0, end);
      const role = /^[^[]{0,160}?"role":"(\w+)"/u.exec(start)?.[1];
      if (role === "assistant") count++;
      if (role !== "user") continue;
      const isDoubtful = prompt === undefined || doubtful.test(start) || taggedInJson.test(start);
      const text = isDoubtful ? readAt(bytes, at, promptOf) : "x";
      if (text === undefined) continue;
      count++;
      if (text !== "" && !isSummaryText(text)) prompt ??= at;
    }
    if (count > 0) break;
  }
  return { count, ...(prompt !== undefined && { prompt }) };
}

/** Beginnings of texts that may be Codex's own, which only the text's end can tell. */
const doubtful = /"text":"(?:\\n|\s)*(?:# AGENTS\.md|Warning: )/iu;

const answerMark = Buffer.from('"type":"event_msg","payload":{"type":"agent_message"');
const toldMark = Buffer.from('"type":"event_msg","payload":{"type":"user_message"');
const outputMark = Buffer.from('"type":"response_item","payload":{"type":"function_call_output"');
const completedMark = Buffer.from('"item":{"type":"UserMessage"');
/** At most so many events are searched for one with words in it. */
const mostTold = 8;

/**
 * How many messages events tell where their records are none, as in what other programs converted: prompts, and answers too where no
 * message has a record.
 */
export function countTold(bytes: Buffer, has: { readonly answers: boolean }): number {
  let count = 0;
  for (const mark of has.answers ? [toldMark] : [toldMark, answerMark])
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length))
      if (mark === answerMark || readAt(bytes, at, toldPrompt) !== undefined) count++;
  return count;
}

type TitledHeader = Pick<RolloutHeader, "isPaginated" | "ownFrom"> | undefined;

/**
 * The part of a sub-agent's rollout after the history that its parent gave it; `undefined` where it was given none, or where these bytes
 * don't reach that part.
 */
export function ownPart(bytes: Buffer, header: TitledHeader): Buffer | undefined {
  if (header?.ownFrom === undefined) return undefined;
  const at = bytes.indexOf(`,"ordinal":${header.ownFrom},`);
  return at < 0 ? undefined : bytes.subarray(bytes.lastIndexOf(newline, at) + 1);
}

/** What was asked first: as an event tells it, as the first message says it, or as another session or an automation gave it. */
export function askedIn(bytes: Buffer, header: TitledHeader, prompt: number | undefined): string | undefined {
  return (
    titleIn(bytes, toldMarkOf(header), toldPrompt) ??
    (prompt === undefined ? undefined : titleAt(bytes, prompt, promptOf)) ??
    titleIn(bytes, outputMark, (item) =>
      isInjected("function_call_output", item) ? injectedPrompt(item) : undefined,
    )
  );
}

/** How events that tell the person's prompt begin. Other lines with the event's name in them have none, however they begin. */
const toldMarkOf = (header: TitledHeader): Buffer =>
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
