import { classify } from "../../../failure/classify.ts";
import type { Failure, FailureSignal } from "../../../failure.ts";
import { isJsonObject, parseJson } from "../../../lib/json.ts";
import { signalFromEvent, signalFromHttp } from "../../../failure/signal.ts";

/** What Codex says for a stream that ended before its response did (0.20 to 0.130); 0.150 and later speak of high demand. */
const disconnected =
  /stream (?:disconnected|closed) before completion|(?:currently )?experiencing high demand/iu;
const longest = 2 ** 17;
const status = /\b(?:unexpected |last )?status:? (\d{3})\b[^:{]*:?\s*/u;

/**
 * The signal of a message as Codex prints it and people paste it: `ERROR: {"error":{…}}`, `unexpected status 400 Bad Request: {…}`,
 * `stream disconnected before completion: …`, with whatever the terminal or a chat put around it. The words after the last known prefix
 * count where there is no JSON.
 */
export function signalFromText(pasted: string): FailureSignal {
  const text = pasted
    .slice(0, longest)
    .trim()
    .replace(/^(?:■\s*)?(?:ERROR|Error):\s*/u, "");
  const found = status.exec(text);
  const rest = found ? text.slice(found.index + found[0].length) : text;
  const json = jsonIn(text);
  if (found) return signalFromHttp(Number(found[1]), {}, json ?? rest.replace(/, url: .*$/u, ""));
  if (json !== undefined) return signalFromHttp(statusIn(json) ?? 400, {}, json);
  const cut = disconnected.exec(text);
  if (cut) {
    const reason = /before completion:\s*(.+)$/isu.exec(text)?.[1]?.trim();
    // "stream closed before response.completed", "Transport error: …": nothing but the cut itself.
    if (
      reason === undefined ||
      /transport|stream closed|response\.completed|idle timeout|reset|broken pipe|decod/iu.test(reason)
    )
      return { source: "transport", code: "CUT", message: text };
    return signalFromEvent("response.failed", { message: reason }, text);
  }
  return { source: "http", status: 400, message: text, body: text };
}

/** The longest run from the first brace to a brace that is JSON. */
function jsonIn(text: string): string | undefined {
  const start = text.indexOf("{");
  if (start < 0) return undefined;
  let end = text.lastIndexOf("}");
  for (let tries = 0; end > start && tries < 100; tries++) {
    const candidate = text.slice(start, end + 1);
    if (isJsonObject(parseJson(candidate))) return candidate;
    end = text.lastIndexOf("}", end - 1);
  }
  return undefined;
}

function statusIn(json: string): number | undefined {
  const value = parseJson(json);
  const found = isJsonObject(value) ? value["status"] : undefined;
  return typeof found === "number" && found >= 400 ? found : undefined;
}

/** What a provider refused a request of the session for, by the message that a turn ended with. */
export function refusalIn(message: string | undefined, now: number): Failure | undefined {
  return message === undefined ? undefined : classify(signalFromText(message), { now, sealedSent: true });
}

/** Whether a turn ended because sealed content of the session can't be opened any more. */
export function isSealRefused(message: string | undefined, now: number): boolean {
  const kind = refusalIn(message, now)?.class;
  return kind === "sealed-reasoning-rejected" || kind === "sealed-compaction-rejected";
}

/** Whether an item was refused because the reasoning that its id belongs to isn't sent right before it. */
export function isDependentRefused({ class: kind, data }: Failure): boolean {
  return kind === "reasoning-unpaired" && "dependsOn" in data;
}

/** Whether a provider misses the call id of an output that has none, as those other than OpenAI do (openai/codex #41690, #43296, #43515, #45227). */
export function isCallIdMissed(text: string): boolean {
  return /\bmissing (?:required )?(?:field|parameter)s?:? ['"`]?(?:input(?:\[\d+\])?\.)?call_id|\boutput requires ['"`]?call_id|\btool_call_id {2}is not found/iu.test(
    text,
  );
}
