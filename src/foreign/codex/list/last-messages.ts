import { stat } from "node:fs/promises";
import { homeOf, listRollouts } from "../home/places.ts";
import { itemText } from "../../../session/item.ts";
import { isCompressed } from "../rollout/bytes/compressed.ts";
import { glance } from "../rollout/record/glance.ts";
import { writingOf } from "../rollout/file/layout.ts";
import type { HistoryBase } from "../rollout/record/header.ts";
import { headerOf } from "../rollout/file/file-header.ts";
import { lineageOf, linesUntil, type Segment } from "../rollout/file/lineage.ts";
import type { RolloutLine } from "../rollout/bytes/lines.ts";
import { promptOf } from "../rollout/payload/prompt.ts";
import { readRecord } from "../rollout/record/record.ts";

/** What the person or the model said. */
export interface SaidMessage {
  readonly who: "you" | "agent";
  readonly text: string;
}

/** Bytes at the end of the file that are searched first for the last messages; eight times as many while they hold too few. */
const tailBytes = 2 ** 18;

/**
 * What was said last in a thread, by its newest file, oldest first, without what Codex told the model. Reads the file's tail, and where that
 * goes on from other files and holds too few messages, theirs.
 */
export async function lastMessages(path: string, most: number): Promise<SaidMessage[]> {
  const parts = [await lastOf(path, undefined, most)];
  const missing = (): number => most - parts.flat().length;
  const before = missing() > 0 ? await filesBefore(path) : [];
  for (const { file, until } of before)
    if (missing() > 0) parts.unshift(await lastOf(file.path, until, missing()));
  return parts.flat();
}

/** The files that this one goes on from, the nearest first. */
async function filesBefore(path: string): Promise<readonly Segment[]> {
  const home = homeOf(path);
  if (home === undefined || (await headerOf(path))?.historyBase === undefined) return [];
  const files = listRollouts(home);
  const own = files.find((file) => file.path === path);
  return own ? (await lineageOf(own, files)).segments.slice(0, -1).toReversed() : [];
}

async function lastOf(path: string, until: HistoryBase | undefined, most: number): Promise<SaidMessage[]> {
  const { size } = await stat(path);
  const end = Math.min(size, until?.endOffset ?? size);
  const isPlain = !isCompressed(path) && writingOf(path) === undefined;
  for (let tail = tailBytes; ; tail *= 8) {
    const from = isPlain ? Math.max(0, end - tail) : 0;
    const messages = await saidIn(linesUntil(path, until, { from }), most);
    if (messages.length >= most || from === 0) return messages;
  }
}

async function saidIn(batches: AsyncIterable<readonly RolloutLine[]>, most: number): Promise<SaidMessage[]> {
  const messages: SaidMessage[] = [];
  for await (const lines of batches) {
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
