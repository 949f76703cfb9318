import type { JsonObject } from "../../../../lib/json.ts";
import { withWords } from "../payload/agent-message.ts";
import { promptOf } from "../payload/prompt.ts";
import type { SkimmedItem } from "./thread-skim.ts";
import { type TurnMark, turnMark } from "./turn-mark.ts";

/** An item of a thread's history: a Responses item as Codex stored it. */
export interface ThreadItem {
  readonly kind: string;
  /** The item, parsed; an empty object for one that was `skimmed`. */
  readonly payload: JsonObject;
  readonly skimmed?: SkimmedItem;
  /** The payload's bytes in the line, where they are the item unchanged; valid until the next line is taken. */
  readonly bytes?: Buffer;
  /** The text of a message with which the person began a turn. */
  readonly prompt?: string;
}

/** The name of a sealed summary in 0.64 to 0.72. Later versions read it under today's name, and no provider knows this one. */
const formerName = "compaction_summary";

/** The item that a payload of this kind is. `bytes`: the payload's own in the line. */
export function asItem(given: string, stored: JsonObject, bytes?: Buffer): ThreadItem {
  const kind = given === formerName ? "compaction" : given;
  const payload = withWords(kind === given ? stored : { ...stored, type: kind });
  const prompt = kind === "message" ? promptOf(payload) : undefined;
  const own = payload === stored ? bytes : undefined;
  return { kind, payload, ...(own && { bytes: own }), ...(prompt !== undefined && { prompt }) };
}

export const markOf = ({ kind, payload, prompt }: ThreadItem): TurnMark => turnMark(kind, payload, prompt);

/** Whether it is what the model said to the person. `mark`: the item's own. */
export const isAnswer = ({ kind, payload }: ThreadItem, mark: TurnMark): boolean =>
  kind === "message" && payload["role"] === "assistant" && mark === undefined;
