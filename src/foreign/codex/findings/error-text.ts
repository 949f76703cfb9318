import { classify } from "../../../failure/classify.ts";
import type { Failure, FailureSignal } from "../../../failure.ts";
import { isJsonObject, type JsonObject, parseJson } from "../../../lib/json.ts";
import { printable } from "../../../lib/printable.ts";
import { signalFromEvent, signalFromHttp } from "../../../failure/signal.ts";

/** What Codex says for a stream that ended before its response did; other clients of the gateway print its words alone. */
const disconnected =
  /stream (?:disconnected|closed) before completion|stream disconnected - retrying|(?:upstream.s stream|the gateway was) ended.{0,40} after output had begun|error sending request for url|error decoding response body|idle timeout waiting for|failed to connect to websocket|websocket closed by server/iu;
const longest = 2 ** 17;
/**
 * A status as clients write it before a provider's words, with its name: "unexpected status 400 Bad Request: …", "last status: 429 Too Many
 * Requests", "HTTP error: 401 Unauthorized" (a websocket), "API Error: 529 …" (Claude Code), "HTTP 500 in 0.62s", "codex [502]: …",
 * "Error: 400 Item …".
 */
const status =
  /(?:\bstatus:? |\bfailed with status code |\bAPI Error:? \(?|\b(?:HTTP|http)(?: error:)? |\bHTTP status \w+ error \(|(?<![\w.])\[|^)([45]\d\d)\b[\])]?(?:(?: [A-Z][\w'-]*){1,4}(?=[:,)]|\s*(?:\{|$))| <unknown status code>)?(?:; cause)?:?\s*/u;
/** What Codex puts behind a provider's words. */
const behind = /(?:^|, )(?:url|cf-ray|request id): .*$/u;
/** Marks around quoted lines, or around lines copied out of a terminal's frame. */
const frame = /^[>│┃\s]+|[█│┃\s]+$/gu;
/** Where a message begins on a screen, or in a log. */
const begins =
  /^(?=[>│┃ \t]*(?:[■⚠›•]|\{"type"|ERROR\b|Error\b|unexpected status|stream |\d{4}-\d\d-\d\dT))/mu;
/** Escapes of Markdown, which are none in JSON. */
const escaped = /\\(?=[[\]_*])/gu;
/** What stands before the words in a line of Codex's log (codex-tui.log): time, level, spans, module. */
const logged = /^\d{4}-\d\d-\d\dT[\d:.]+Z\s+[A-Z]{4,5}\s.*?\bcodex_[\w:]+: (?:Turn error: )?/u;
/**
 * Messages of Codex's own, or what it leaves of a provider's refusal when it passes on the words alone, with the provider's code for
 * each.
 */
const codes: readonly [words: RegExp, code: string][] = [
  [/ran out of room in the model['’]s context window/iu, "context_length_exceeded"],
  // An HTTP 500, measured with 0.153 and 0.169; 0.150 and later say it of a stream that ended early, too.
  [/^we['’]re currently experiencing high demand/iu, "server_error"],
  [/^an error occurred while processing your request/iu, "server_error"],
  [/^rate limit reached for/iu, "rate_limit_exceeded"],
  [/^[a-z]+(?:_[a-z]+)+$/u, "$&"],
];

/**
 * A message in one line, without what a terminal, a chat or a shell put around it and between its words. `fold`: what a line's end stands
 * for; nothing where a terminal has broken the lines at its width, words and ids too.
 */
export function pastedLine(pasted: string, fold: "" | " " = " "): string {
  return printable(pasted.slice(0, longest))
    .split("\n")
    .map((line) => line.replace(frame, ""))
    .filter((line) => line !== "")
    .join(fold)
    .replace(escaped, "")
    .replace(logged, "")
    .replace(/^(?:■\s*)?(?:(?:ERROR|Error):\s*)?/u, "");
}

/** The messages of a screen that was pasted whole. */
export const messagesIn = (pasted: string): string[] => printable(pasted.slice(0, longest)).split(begins);

/**
 * The signal of a message as Codex prints it and people paste it, as a line of `pastedLine` or a part of one: `ERROR: {"error":{…}}`,
 * `unexpected status 400 Bad Request: {…}`, `stream disconnected before completion: …`, a line of its log, of `exec --json` or of a
 * rollout, whole or cut. The words after the last known prefix count where there is no JSON. What was left of a limit when it was said
 * isn't among it where the limit's end is told, too.
 */
export const signalFromLine = (line: string): FailureSignal => asOfThen(signalOf(line));

/** The same of the text as it was pasted. */
export const signalFromText = (pasted: string): FailureSignal => signalFromLine(pastedLine(pasted));

function signalOf(text: string): FailureSignal {
  const found = status.exec(text);
  const rest = found ? text.slice(found.index + found[0].length) : text;
  const json = jsonIn(text) ?? jsonIn(unquoted(text));
  if (found) return signalFromHttp(Number(found[1]), {}, json ?? rest.replace(behind, ""));
  if (json !== undefined) return signalFromHttp(400, {}, json);
  const cut = disconnected.exec(text);
  if (cut) {
    const reason = /before completion:\s*(.+)$/iu.exec(text)?.[1]?.trim();
    // "stream closed before response.completed", "Transport error: …": nothing but the cut itself.
    if (
      reason === undefined ||
      /transport|stream closed|response\.completed|idle timeout|reset|broken pipe|decod|error sending request|\bos error \d/iu.test(
        reason,
      )
    )
      return { source: "transport", code: "CUT", message: text };
    return signalFromEvent("response.failed", { message: reason, ...codeOf(reason) }, text);
  }
  const signal = signalFromHttp(400, {}, text);
  return { ...codeOf(text), ...signal };
}

/** `resets_in_seconds` beside `resets_at` holds for an answer that has just come, and so do the headers of a window. */
function asOfThen(signal: FailureSignal): FailureSignal {
  const { details, headers } = signal;
  return {
    ...signal,
    ...(details && { details: ends(details) }),
    ...(headers && { headers: ends(headers) }),
  };
}

function ends<Value>(members: Readonly<Record<string, Value>>): Record<string, Value> {
  const isEnd = (name: string): boolean => {
    const end = name.replace(/(?:in_|after-)seconds$/u, "at");
    return end === name || members[end] === undefined;
  };
  return Object.fromEntries(Object.entries(members).filter(([name]) => isEnd(name)));
}

function codeOf(words: string): { code: string } | undefined {
  const found = codes.find(([said]) => said.test(words));
  return found && { code: found[1] === "$&" ? words : found[1] };
}

/** The text without the escapes that a shell, or JSON around it, has added. */
const unquoted = (text: string): string =>
  text.replaceAll(/(?<!\\)\\+n/gu, " ").replaceAll(/(?<!\\)\\+"/gu, '"');

/** At most so many opening braces are tried as the beginning of the error: other braces may stand before it. */
const mostStarts = 16;
/** At most so many candidates are parsed in all: an error may quote a request of 100 KB with hundreds of braces. */
const mostTries = 400;
const telling: ReadonlySet<string> = new Set([
  "error",
  "errors",
  "message",
  "detail",
  "code",
  "type",
  "response",
  "payload",
]);
const errorStart = /^\{\s*"(?:error|message|detail)"\s*:/u;

/**
 * The longest text from an opening to a closing brace that is JSON; else the text from where an error object begins whose end is missing.
 */
function jsonIn(text: string): string | undefined {
  const starts = Array.from(text.matchAll(/\{/gu).take(mostStarts), ({ index }) => index);
  let tries = 0;
  for (const start of starts) {
    let end = text.lastIndexOf("}");
    for (const last = Math.min(tries + 100, mostTries); end > start && tries < last; tries++) {
      const candidate = text.slice(start, end + 1);
      const value = parseJson(candidate);
      if (isJsonObject(value) && Object.keys(value).some((key) => telling.has(key)))
        return toldIn(value) ?? candidate;
      end = text.lastIndexOf("}", end - 1);
    }
  }
  const cut = starts.find((start) => errorStart.test(text.slice(start, start + 200)));
  return cut === undefined ? undefined : text.slice(cut);
}

/** What the error event of a rollout says. */
function toldIn({ payload }: JsonObject): string | undefined {
  return isJsonObject(payload) && typeof payload["message"] === "string"
    ? JSON.stringify({ error: { message: payload["message"] } })
    : undefined;
}

/** What a provider refused a request of the session for, by the message that a turn ended with. Its class, and what it names, are the same whenever that was. */
export function refusalIn(message: string | undefined): Failure | undefined {
  return message === undefined ? undefined : classify(signalFromText(message), { now: 0, sealedSent: true });
}

/** Whether a turn ended because sealed content of the session can't be opened any more. */
export function isSealRefused(message: string | undefined): boolean {
  if (isSealMissed(message ?? "")) return false;
  const kind = refusalIn(message)?.class;
  return kind === "sealed-reasoning-rejected" || kind === "sealed-compaction-rejected";
}

/** Whether an item was refused because the reasoning that its id belongs to isn't sent right before it. */
export function isDependentRefused({ class: kind, data }: Failure): boolean {
  return kind === "reasoning-unpaired" && "dependsOn" in data;
}

/** Whether the refusal names an item of the history, which Codex sends again with every request. */
export function namesItem({ signal }: Failure): boolean {
  return /\binput[[.]\d/u.test(`${signal?.param} ${signal?.message}`);
}

/** Whether an item was refused for the form of its own id; call ids are not meant. */
export function isIdRefused({ class: kind, signal }: Failure): boolean {
  return kind === "item-id-invalid" && !/(?:call|use)[ _]?id/iu.test(signal?.message ?? "");
}

/**
 * Whether a provider misses the call id of an output that has none, as those other than OpenAI do (openai/codex #41690, #43296, #43515,
 * #45227).
 */
export function isCallIdMissed(text: string): boolean {
  return /\bmissing (?:required )?(?:field|parameter)s?:? ['"`]?(?:input(?:\[\d+\])?\.)?call_id|\boutput requires ['"`]?call_id|\btool_call_id {2}is not found/iu.test(
    text,
  );
}

/** Whether a provider misses the seal of reasoning that has none (openai/codex#19661). */
export const isSealMissed = (text: string): boolean =>
  /missing required parameter: ['"`]input\[\d+\]\.encrypted_content/iu.test(text);
