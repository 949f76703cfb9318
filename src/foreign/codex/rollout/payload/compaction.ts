import type { JsonObject } from "../../../../lib/json.ts";
import { codexSummaryHead } from "../../../../session/summary-item.ts";

/** Whether a text is a summary that Codex has put in the place of a history, and no prompt. */
export function isSummaryText(text: string): boolean {
  return text.startsWith(codexSummaryHead);
}

const summaryPrefix = `${codexSummaryHead} of its thinking process. You also have access to the state of the tools that were used by that language model. Use this to build on the work that has already been done and avoid duplicating work. Here is the summary produced by the other language model, use the information in this summary to assist with your own analysis:`;
/** In front of a summary that came without those words (up to 0.58): one more line end tells it from the others. */
const lentPrefix = `${summaryPrefix}\n\n`;
/** Bytes of the person's messages that stay beside a summary: 20,000 tokens of four bytes (0.36 to 0.169). */
const keptBytes = 80_000;

/** How Codex frames an image among a message's texts. */
const imageFrame = /<image(?:\s[^>]*)?><\/image>/gu;

/**
 * What the next compaction keeps of a message's texts; "" for nothing. Codex takes a summary that came without the words that begin one for
 * a prompt.
 */
export function keptByCompaction(text: string): string {
  return isSummaryText(text) && !text.startsWith(lentPrefix) ? "" : text.replaceAll(imageFrame, "");
}

/**
 * The history that a `compacted` line without `replacement_history` stands for: the person's last messages, word for word as far as there
 * is room, and the summary (codex-rs `build_compacted_history`).
 */
export function rebuiltHistory(prompts: readonly string[], summary: string): JsonObject[] {
  const kept: string[] = [];
  let room = keptBytes;
  for (const prompt of prompts.toReversed()) {
    if (room <= 0) break;
    const size = Buffer.byteLength(prompt);
    kept.unshift(size <= room ? prompt : `${prompt.slice(0, room / 2)}…${prompt.slice(-room / 2)}`);
    room -= size;
  }
  const text = summary === "" ? "(no summary available)" : summary;
  return [...kept, isSummaryText(text) ? text : `${lentPrefix}${text}`].map((words) => ({
    type: "message",
    role: "user",
    content: [{ type: "input_text", text: words }],
  }));
}
