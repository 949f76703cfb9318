import { isSummaryText } from "../rollout/payload/compaction.ts";
import { linesIn } from "../rollout/bytes/lines.ts";
import { failureOf, turnEdge, type TurnFailure } from "../rollout/payload/outcome.ts";
import { goalOf, promptOf, toldPrompt } from "../rollout/payload/prompt.ts";
import { readRecord, type RolloutRecord } from "../rollout/record/record.ts";
import { titleOf } from "../rollout/payload/title.ts";
import type { Mark, MarkedLine } from "./marked-lines.ts";
import type { Parts } from "./scan-parts.ts";

/** What a list says of a rollout, apart from its header. */
export interface Scanned {
  title?: string;
  model?: string;
  effort?: string;
  cwd?: string;
  /** When its last line was written, in milliseconds since 1970. */
  updated?: number | undefined;
  /** Messages of the person and the model, as many as are in the bytes that were read. */
  messages: number;
  /** Those of the head, where a tail is beside it. */
  inHead?: number;
  /** What its last turn failed of, or that it was not ended. */
  turn?: TurnFailure | "open" | undefined;
  /** What the tail doesn't hold of how the last turn began, though the rollout tells it. */
  lacks?: { readonly settings: boolean; readonly edge: boolean } | undefined;
}

/**
 * For a rollout that another program has rewritten with its members in another order than Codex's (backups in git do that): the first
 * bytes of a line tell nothing, so every line is parsed.
 */
export function scanRewritten({ head, tail, begun, between }: Parts): Scanned {
  const first = scanParsed(head);
  if (!tail) return first;
  const { title: later, ...last } = scanParsed(tail);
  const { messages: _counted, ...before } = begun ? scanParsed(begun.lines) : { messages: 0 };
  return {
    ...(between === 0 && later !== undefined && { title: later }),
    ...first,
    ...(between > 0 && { turn: undefined }),
    ...before,
    ...last,
    updated: last.updated,
    messages: first.messages + last.messages + (begun?.messages ?? 0),
    inHead: first.messages,
    ...(between > 0 && !begun && { lacks: lackOf(first, last) }),
  };
}

function lackOf(first: Scanned, last: Scanned): Scanned["lacks"] {
  const settings = last.model === undefined && first.model !== undefined;
  const edge = !("turn" in last) && "turn" in first;
  return settings || edge ? { settings, edge } : undefined;
}

/** As `eachMarked`, for lines that have to be parsed. Those that are cut are none. */
export function eachRewritten(
  bytes: Buffer,
  from: number,
  to: number,
  visit: (line: MarkedLine) => void,
): void {
  for (const line of linesIn(bytes.subarray(from), from)) {
    if (line.offset >= to) break;
    const record = readRecord(line);
    if (!record.readable) continue;
    const { offset: start, length } = line;
    const mark = markOf(record);
    if (mark) visit({ mark, start, end: start + length, at: start });
  }
}

function markOf({ type, kind }: RolloutRecord): Mark | undefined {
  if (type === "turn_context") return "settings";
  if (type === "event_msg") return turnEdge(kind);
  return type === "response_item" && kind === "message" ? "message" : undefined;
}

function scanParsed(bytes: Buffer): Scanned {
  const found: Scanned = { messages: 0 };
  let told: string | undefined;
  let hasPrompt = false;
  const alone = { prompts: 0, answers: 0 };
  for (const line of linesIn(bytes)) {
    const record = readRecord(line);
    if (!record.readable) continue;
    const { type, kind, payload, at } = record;
    if (at !== undefined) found.updated = at;
    if (type === "turn_context") {
      const { model, effort, cwd } = payload;
      if (typeof model === "string") found.model = model;
      if (typeof effort === "string") found.effort = effort;
      if (typeof cwd === "string") found.cwd = cwd;
    }
    if (type === "event_msg") {
      const prompt = toldPrompt(payload);
      if (kind === "thread_goal_updated" && !hasPrompt) told ??= titleOf(goalOf(payload) ?? "");
      told ??= titleOf(prompt ?? "");
      if (prompt !== undefined) alone.prompts++;
      if (kind === "agent_message") alone.answers++;
      const edge = turnEdge(kind);
      if (edge) found.turn = edge === "began" ? "open" : failureOf(kind, payload);
    }
    if (type !== "response_item" || kind !== "message") continue;
    const prompt = promptOf(payload);
    if (prompt === undefined && payload["role"] !== "assistant") continue;
    found.messages++;
    hasPrompt ||= prompt !== undefined;
    const title = prompt === undefined || isSummaryText(prompt) ? undefined : titleOf(prompt);
    if (title !== undefined) found.title ??= title;
  }
  if (told !== undefined) found.title = told;
  // Programs that convert sessions tell messages by events alone.
  if (!hasPrompt) found.messages += alone.prompts + (found.messages === 0 ? alone.answers : 0);
  return found;
}
