// Lines of a rollout, and what the fold of its thread makes of them.
import { linesIn } from "../../src/foreign/codex/rollout/bytes/lines.ts";
import type { ThreadChange } from "../../src/foreign/codex/rollout/thread/thread-change.ts";
import { ThreadFold } from "../../src/foreign/codex/rollout/thread/thread.ts";

export const line = (type: string, payload: object): string =>
  JSON.stringify({ timestamp: "2026-01-02T03:04:05.000Z", type, payload });

export const header = (id: string, more: object = {}): string =>
  line("session_meta", { id, cwd: "/w", ...more });

export const said = (role: string, text: string): string =>
  line("response_item", { type: "message", role, content: [{ type: "input_text", text }] });

export const event = (type: string, more: object = {}): string => line("event_msg", { type, ...more });

export const turn = (prompt: string): string[] => [
  event("task_started", { turn_id: prompt }),
  said("user", prompt),
  event("user_message", { message: prompt }),
  said("assistant", `answer to ${prompt}`),
  event("task_complete", { turn_id: prompt, last_agent_message: "x" }),
];

export function changes(lines: readonly string[], fold = new ThreadFold()): ThreadChange[] {
  const taken = linesIn(Buffer.from(lines.join("\n"))).flatMap((each) => fold.take(each));
  return [...taken, ...fold.end()].map(({ change }) => change);
}

/** The texts of the history that the changes leave. */
export function history(lines: readonly string[]): string[] {
  let texts: string[] = [];
  const textOf = (payload: object): string =>
    ((payload as { content?: { text: string }[] }).content ?? []).map(({ text }) => text).join("");
  for (const change of changes(lines)) {
    if (change.do === "add") texts.push(textOf(change.item.payload));
    if (change.do === "replace") texts = change.items.map(({ payload }) => textOf(payload));
    if (change.do === "cut") texts.length = change.keep;
  }
  return texts;
}
