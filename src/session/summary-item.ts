import { isJsonObject, type JsonObject, parseJsonBytes } from "../lib/json.ts";
import { sanitise } from "./item.ts";
import { shorten } from "./shorten.ts";

const contextHead = "[Given at the beginning of the session]\n";
const summaryHead =
  "[Summary of the conversation until here. The messages that it stands for are not shown any more; this is not a request of the person.]\n";
const shadowHead =
  "[What the log holds of the conversation until here, in place of a sealed compaction that can't be opened. This is not a request of the person.]\n";
/** How a summary begins that Codex has made (since 0.47), in a session that was taken over. */
export const codexSummaryHead = "Another language model started to solve this problem and produced a summary";
const promptHead = "[The person's last message, word for word]\n";

/** What a summary item says beside the summary. */
export interface SummaryParts {
  /** Context from the beginning of the session. */
  readonly context: readonly string[];
  readonly kind: "summary" | "shadow";
  readonly text: string;
  /** The last message of the person, when it isn't among what is kept. */
  readonly prompt?: string;
}

/** The bytes of the item that takes the place of what was summarised: a message of the user's side, marked as what it is. */
export function summaryItem({ context, kind, text, prompt }: SummaryParts): Uint8Array {
  const texts = [
    ...context.map((one) => contextHead + shorten(one, 4_096)),
    (kind === "summary" ? summaryHead : shadowHead) + text,
    ...(prompt === undefined ? [] : [promptHead + shorten(prompt, 8_192)]),
  ];
  const content = texts.map((one) => ({ type: "input_text", text: sanitise(one) }));
  return new TextEncoder().encode(JSON.stringify({ type: "message", role: "user", content }));
}

const heads = [summaryHead, shadowHead, codexSummaryHead] as const;

/** Whether an item is a summary, or the words in place of a sealed one: in the person's name, and not of the person. */
export function isSummaryItem(item: JsonObject): boolean {
  return textsOf(item).some((text) => heads.some((head) => text.startsWith(head)));
}

/** What a summary item says, its parts one below the other: for a person, who isn't shown what the program told the model. */
export const summaryText = (item: JsonObject): string =>
  textsOf(item)
    .filter((text) => !text.startsWith(contextHead))
    .join("\n\n");

/** The context and the last message that an earlier summary item carries on, so that none is lost by summarising again. */
export function carriedOn(item: Uint8Array): Pick<SummaryParts, "context" | "prompt"> {
  const texts = textsOf(parseJsonBytes(item));
  const after = (head: string): string[] =>
    texts.flatMap((text) => (text.startsWith(head) ? [text.slice(head.length)] : []));
  const [prompt] = after(promptHead);
  return { context: after(contextHead), ...(prompt !== undefined && { prompt }) };
}

function textsOf(item: unknown): string[] {
  const content: unknown[] = isJsonObject(item) && Array.isArray(item["content"]) ? item["content"] : [];
  return content.flatMap((part) =>
    isJsonObject(part) && typeof part["text"] === "string" ? [part["text"]] : [],
  );
}
