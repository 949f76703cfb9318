import { unwrapped } from "./pattern.ts";
import type { FailureSignal } from "../failure.ts";
import { isJsonObject, type JsonObject } from "../lib/json.ts";
import { embeddedObject } from "./embedded.ts";
import { parsePartialJson } from "./partial.ts";
import { canonicalPlace, pathOf, placeInDetails, placeInPython } from "./place.ts";

/** How many characters of a body are kept; no more bytes of it need to be read. */
export const bodyLimit = 64 * 1024;

/** One error object of an answer. An answer that came through gateways has several, one inside the other. */
interface Layer {
  status?: number;
  code?: string;
  type?: string;
  param?: string;
  message?: string;
  headers?: Readonly<Record<string, string>>;
  details: JsonObject;
}

/** Headers with one text each, as `signalFromHttp` takes them. */
export function plainHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) plain[name] = typeof value === "string" ? value : value.join(", ");
  return plain;
}

/** The signal of an HTTP answer with an error status. `headers` have lower-case names; `body` may have been cut. */
export function signalFromHttp(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): FailureSignal {
  const text = body.slice(0, bodyLimit);
  const signal: FailureSignal = { source: "http", status, headers, message: bodyStart(text), body: text };
  const parsed = parsePartialJson(text) ?? (embeddedObject(text) && text);
  settle(signal, parsed === undefined ? [{ message: signal.message, details: {} }] : layersOf(parsed));
  return signal;
}

/**
 * The signal of a stream event that ends a response: `error`, `response.failed` or `response.incomplete`, in the flat shape
 * (`{type, code, message}`), the nested one (`{type, error: {…}, status}`) or as a whole response. `raw` is the event's data.
 */
export function signalFromEvent(event: string, data: unknown, raw: string): FailureSignal {
  const text = raw.slice(0, bodyLimit);
  const signal: FailureSignal = { source: "event", event, message: "", body: text };
  if (isJsonObject(data)) {
    // The event's own `type` is no error type.
    const { type: _event, ...rest } = data;
    settle(signal, layersOf(rest));
  }
  return signal;
}

/** The signal of a connection that could not be made or broke: `code` is the system's or undici's, or one of ours (CUT, IDLE). */
export function signalFromTransport(code: string, message: string): FailureSignal {
  return { source: "transport", code, message };
}

/** Fills the signal from the innermost layer, and from those around it where that has no status, headers or message. */
function settle(signal: FailureSignal, layers: readonly Layer[]): void {
  const inner = layers.at(-1);
  if (!inner) return;
  for (const layer of layers) {
    if (layer.status !== undefined) signal.status = layer.status;
    if (layer.headers) signal.headers = { ...signal.headers, ...layer.headers };
    if (layer.message) signal.message = layer.message;
  }
  if (inner.code) signal.code = inner.code;
  if (inner.type) signal.type = inner.type;
  if (inner.param) signal.param = inner.param;
  signal.details = inner.details;
  // A gateway's 5xx or 429 around a request that its upstream refused: the upstream's status counts, or the request would be sent again unchanged.
  const isOutage = (signal.status ?? 0) >= 500;
  if (inner.status === undefined && (isOutage || signal.status === 429)) {
    const isWrapped = isOutage && layers.length > 1 && isInvalid(inner);
    const told = upstreamStatus(layers);
    const refused = told ?? (isWrapped ? 400 : undefined);
    if (refused !== undefined) signal.status = refused;
    // The code beside words that tell another status is the gateway's own.
    if (told !== undefined && isOfGateway(signal.code)) delete signal.code;
    if (told !== undefined && isOfGateway(signal.type)) delete signal.type;
  }
}

const isOfGateway = (code: string | undefined): boolean =>
  code !== undefined && /^(?:internal_)?(?:server_)?error$/iu.test(code);

// "upstream returned 400: {…}", "Provider error: 400 Bad Request: …", "status code 422 from upstream", "upstream_status: HTTP 400"; before
// anything that is quoted. "429.png", "402-a1" and "450 tokens" are no statuses; "401 token expired" and "400 messages.0: …" begin with one.
const namedStatus =
  /^[^{"'`]{0,160}?\b(?:upstream|provider|backend|status|code|returned|responded|answered)(?:[\s:=(,_-]|error|status|code|returned|responded|answered|with|http(?:\/[\d.]+)?)*\b(4\d\d)\b(?!-\w*\d|\.(?:\d|[a-z][a-z\d]{0,3}\b))(?! ?(?:m?s|seconds|tokens|[km]?b|bytes|characters|items|messages|of \d+)\b(?! ?[:=]|[.[]\w))/iu;

/** 'POST "https://…": 400 Bad Request {…}': the upstream's answer as Go clients print it. */
const goStatus = /"https?:[^\s"]{1,200}": (4\d\d) [A-Z]/u;

/** The upstream's status where a gateway's own words name it. */
function upstreamStatus(layers: readonly Layer[]): number | undefined {
  const told = layers.flatMap(
    ({ message = "" }) =>
      (namedStatus.exec(message) ?? namedStatus.exec(unwrapped(message)) ?? goStatus.exec(message))?.[1] ??
      [],
  );
  return statusOf(told.at(-1));
}

const isInvalid = ({ type = "" }: Layer): boolean => invalidTypes.includes(type.toLowerCase());

const invalidTypes = ["invalid_request_error", "invalid_argument", "bad_request_error"];

/** The error objects in a value, the outermost first. */
function layersOf(value: unknown, depth = 0): Layer[] {
  if (depth > 6) return [];
  if (typeof value === "string") return layersOfText(value, depth);
  // Google wraps the one error of a stream in a list; FastAPI's `detail` and some gateways' `errors` are lists.
  if (Array.isArray(value)) return layersOf(value[0], depth + 1);
  return isJsonObject(value) ? layersOfObject(value, depth) : [];
}

function layersOfText(text: string, depth: number): Layer[] {
  const nested = embeddedObject(text);
  if (nested === undefined) return [{ message: text, details: {} }];
  // The gateway's words before the upstream's body are a layer around it.
  const words = text.trimStart().startsWith("{") ? [] : [{ message: bodyStart(text), details: {} }];
  return [...words, ...layersOf(nested, depth + 1)];
}

/** Members in which an error object, or a text that is one, lies inside another. */
const holders = ["response", "error", "errors", "detail", "innererror", "body", "delta", "upstream_error"];

function layersOfObject(value: JsonObject, depth: number): Layer[] {
  const own = ownLayer(value);
  const layers = own ? [own] : [];
  const add = (inner: unknown): void => void layers.push(...layersOf(inner, depth + 1));
  for (const key of holders) {
    const member = value[key];
    if (typeof member === "string" ? embeddedObject(member) !== undefined : typeof member === "object")
      add(member);
  }
  const { message, metadata, details, raw } = value;
  // Mistral's message is an object where its request check fails.
  if (isJsonObject(message)) add(message);
  if (isJsonObject(metadata)) {
    // OpenRouter tells its limits here (`X-RateLimit-Reset`).
    if (own && isJsonObject(metadata["headers"])) own.headers ??= textMembers(metadata["headers"]);
    if (metadata["raw"] !== undefined) layers.push(...rawLayers(metadata["raw"], depth + 1));
  }
  if (typeof details === "string" && embeddedObject(details)) add(details);
  if (typeof raw === "string") add(raw);
  if (own?.message) add(embeddedObject(own.message));
  return layers;
}

/** What an object says itself. Some tell their message, or beside one their code, as a text under `error` or `detail`. */
function ownLayer(value: JsonObject): Layer | undefined {
  const own = layerOf(value);
  const said = [value["error"], value["detail"]].find((member) => typeof member === "string");
  if (said === undefined || embeddedObject(said) !== undefined) return own;
  const isCode = own?.message !== undefined && /^[\w.-]+$/u.test(said);
  return { ...(own ?? { details: value }), ...(isCode ? { code: said } : { message: said }) };
}

/** What OpenRouter quotes of its upstream, or of its own check of the request: a list of zod's issues, as JSON (openai/codex#18307). */
function rawLayers(raw: unknown, depth: number): Layer[] {
  const issues =
    typeof raw === "string" && raw.trimStart().startsWith("[") ? parsePartialJson(raw) : undefined;
  const param = Array.isArray(issues) ? issuePlace(issues[0]) : undefined;
  return param === undefined ? layersOf(raw, depth) : [{ param, details: {} }];
}

/** The place that an issue is about, down to the item or the tool: `input[6]`, `tools[3]`. Of the branches of a union, the deepest that has one. */
function issuePlace(issue: unknown, above: readonly unknown[] = []): string | undefined {
  if (!isJsonObject(issue) || above.length > 8) return undefined;
  const path = [...above, ...(Array.isArray(issue["path"]) ? issue["path"] : [])];
  const [list, place] = path;
  if (typeof list === "string" && typeof place === "number") return `${list}[${place}]`;
  const branches = Array.isArray(issue["errors"]) ? issue["errors"].flat() : [];
  for (const branch of branches) {
    const found = issuePlace(branch, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

function layerOf(value: JsonObject): Layer | undefined {
  const layer: Layer = { details: value };
  const status = statusOf(value["status_code"]) ?? statusOf(value["status"]) ?? statusOf(value["code"]);
  if (status !== undefined) layer.status = status;
  if (typeof value["code"] === "string" && statusOf(value["code"]) === undefined) layer.code = value["code"];
  // Google names its error type `status`: "INVALID_ARGUMENT".
  if (typeof value["type"] === "string") layer.type = value["type"];
  else if (typeof value["status"] === "string" && /^[A-Z_]+$/u.test(value["status"]))
    layer.type = value["status"];
  if (typeof value["param"] === "string") layer.param = canonicalPlace(value["param"]);
  else if (Array.isArray(value["loc"])) layer.param = pathOf(value["loc"]);
  // AWS writes it with a capital in front of some services.
  const message = value["message"] ?? value["msg"] ?? value["Message"];
  if (typeof message === "string") layer.message = message;
  const told = placeInDetails(value["details"]) ?? (layer.message && placeInPython(layer.message));
  if (told) layer.param ??= told;
  const headers = value["headers"];
  if (isJsonObject(headers)) layer.headers = textMembers(headers);
  const incomplete = value["incomplete_details"];
  if (isJsonObject(incomplete) && typeof incomplete["reason"] === "string") layer.code = incomplete["reason"];
  // The Messages API tells how an answer ended in `message_delta`, with a reason and sometimes words.
  if (typeof value["stop_reason"] === "string") layer.code = value["stop_reason"];
  const stopped = value["stop_details"];
  if (isJsonObject(stopped) && typeof stopped["explanation"] === "string")
    layer.message = stopped["explanation"];
  const speaks = layer.code ?? layer.message ?? layer.type ?? layer.status ?? layer.headers;
  return speaks === undefined ? undefined : layer;
}

function statusOf(value: unknown): number | undefined {
  const status = typeof value === "string" && /^[45]\d\d$/u.test(value) ? Number(value) : value;
  return typeof status === "number" && status >= 400 && status <= 599 ? status : undefined;
}

function textMembers(value: JsonObject): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, member] of Object.entries(value)) {
    if (typeof member === "string" || typeof member === "number") texts[key.toLowerCase()] = String(member);
  }
  return texts;
}

/** The message of a body without an error object: a page's title or heading (HAProxy's has no title), else its first characters. */
function bodyStart(text: string): string {
  if (!isHtml(text)) return text.slice(0, 500).trim();
  return /<(?:title|h1)\b[^>]*>([^<]{1,200})/iu.exec(text)?.[1]?.trim() ?? "a page in place of an answer";
}

/** Whether a body begins as a page does: a proxy's or a login's, not the provider's. */
export function isHtml(text: string): boolean {
  return /^\s*<(?:!doctype|html|head|body|\?xml)/iu.test(text);
}
