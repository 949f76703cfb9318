import { isJsonObject, type JsonObject, objectOf } from "../../../../lib/json.ts";
import { entryOf } from "../../../../lib/table.ts";
import type { FailureClass } from "../../../../failure/catalogue.ts";
import { classify } from "../../../../failure/classify.ts";
import { resetInWords } from "../../../../failure/reset-words.ts";
import { signalFromHttp } from "../../../../failure/signal.ts";
import type { TurnOutcome } from "../../../../session/event.ts";

/** What an event says of a turn: that it began, or how it ended. */
export type TurnEdge = "began" | "complete" | "aborted";

/** Codex 0.100 to 0.169 writes "task"; 0.169 reads both names, and goes on with either (2026-11). */
const edges: ReadonlyMap<string | undefined, TurnEdge> = new Map([
  ["task_started", "began"],
  ["turn_started", "began"],
  ["task_complete", "complete"],
  ["turn_complete", "complete"],
  ["turn_aborted", "aborted"],
]);

/** `kind`: of an event; `undefined` for one that neither begins nor ends a turn. */
export const turnEdge = (kind: string | undefined): TurnEdge | undefined => edges.get(kind);

/** How a turn failed, or met a limit. */
export interface TurnFailure {
  readonly kind: "failed" | "limited";
  /** Of the failure catalogue. */
  readonly class: string;
  /** When the limit ends (milliseconds since 1970). */
  readonly until?: number;
}

/** What the event that ends a turn says of its failure. */
export function failureOf(kind: string | undefined, payload: JsonObject): TurnFailure | undefined {
  const outcome = outcomeOf(kind, payload, false);
  if (outcome.kind === "failed") return { kind: "failed", class: outcome.class };
  if (outcome.kind !== "limited") return undefined;
  const { class: found, until } = outcome;
  return { kind: "limited", class: found, ...(until !== undefined && { until }) };
}

/** Codex's names for a turn's error (`codex_error_info`, 0.148 and later), and the failure class of each. */
const classes: Readonly<Record<string, FailureClass>> = {
  context_window_exceeded: "context-overflow",
  usage_limit_exceeded: "usage-limit",
  server_overloaded: "overloaded",
  internal_server_error: "overloaded",
  unauthorized: "auth-denied",
};

/**
 * How a turn ended, from the event that ended it. Before 0.148 an error is not named: a turn without a last message was cut off, where an
 * answer was owed (`isOwed`). None is when the person had Codex compact, review or run a command (0.130 to 0.169, 2026-11).
 */
export function outcomeOf(kind: string | undefined, payload: JsonObject, isOwed: boolean): TurnOutcome {
  if (turnEdge(kind) === "aborted") {
    const { reason } = payload;
    return { kind: "interrupted", reason: typeof reason === "string" ? reason : "aborted in Codex" };
  }
  const { error } = payload;
  if (isJsonObject(error)) {
    const info = error["codex_error_info"];
    const name = typeof info === "string" ? info : (Object.keys(objectOf(info))[0] ?? "");
    const said = typeof error["message"] === "string" ? error["message"] : name;
    // Of a provider's refusal Codex writes down the whole body (0.73 to 0.169): a person is told the words in it.
    const signal = signalFromHttp(statusIn(info) ?? 400, {}, said);
    const found = entryOf(classes, name) ?? classify(signal, { now: 0 }).class;
    const { message } = signal;
    if (found !== "usage-limit") return { kind: "failed", class: found, message };
    const until = resetIn(message, payload["completed_at"]);
    return { kind: "limited", class: found, message, ...(until !== undefined && { until }) };
  }
  if (payload["last_agent_message"] === null && isOwed)
    return { kind: "interrupted", reason: "the turn ended in Codex without an answer" };
  return { kind: "completed" };
}

/**
 * When a limit ends, by the clock that its words name: this machine's, as rollouts seldom leave theirs. They tell no seconds, so that one
 * that ends within the minute seems to be over. `ended`: the turn's end, in seconds since 1970.
 */
function resetIn(message: string, ended: unknown): number | undefined {
  if (typeof ended !== "number") return undefined;
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return resetInWords(message, (ended - 60) * 1000, timeZone);
}

/** The status that Codex gives with some of its names: `{"response_too_many_failed_attempts": {"http_status_code": 429}}`. */
function statusIn(info: unknown): number | undefined {
  const [told] = Object.values(objectOf(info));
  const status = objectOf(told)["http_status_code"];
  return typeof status === "number" ? status : undefined;
}
