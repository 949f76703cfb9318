import { stat } from "node:fs/promises";
import { itemText } from "../../../session/item.ts";
import { isCompressed } from "../rollout/compressed.ts";
import { glance } from "../rollout/glance.ts";
import { writingOf } from "../rollout/layout.ts";
import { linesOf } from "../rollout/lines-of.ts";
import { promptOf } from "../rollout/prompt.ts";
import { readRecord } from "../rollout/record.ts";

/** What the person or the model said. */
export interface SaidMessage {
  readonly who: "you" | "agent";
  readonly text: string;
}

/** Bytes at the end of the file that are searched first for the last messages; eight times as many while they hold too few. */
const tailBytes = 2 ** 18;

/** What was said last in a rollout, oldest first, without what Codex told the model. Reads its tail. */
export async function lastMessages(path: string, most: number): Promise<SaidMessage[]> {
  const { size } = await stat(path);
  const isPlain = !isCompressed(path) && writingOf(path) === undefined;
  for (let tail = tailBytes; ; tail *= 8) {
    const from = isPlain ? Math.max(0, size - tail) : 0;
    const messages = await messagesFrom(path, from, most);
    if (messages.length >= most || from === 0) return messages;
  }
}

async function messagesFrom(path: string, from: number, most: number): Promise<SaidMessage[]> {
  const messages: SaidMessage[] = [];
  for await (const lines of linesOf(path, { from })) {
    for (const line of lines) {
      const glanced = glance(line.bytes);
      if (glanced && (glanced.type !== "response_item" || glanced.kind !== "message")) continue;
      const record = readRecord(line);
      if (!record.readable || record.kind !== "message") continue;
      const { payload } = record;
      const isAnswer = payload["role"] === "assistant";
      const text = (isAnswer ? itemText(payload) : (promptOf(payload) ?? "")).trim();
      if (text === "") continue;
      messages.push({ who: isAnswer ? "agent" : "you", text });
      if (messages.length > most) messages.shift();
    }
  }
  return messages;
}
