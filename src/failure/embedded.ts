import { isJsonObject, type JsonObject, parseJson } from "../lib/json.ts";

// Gateways put the upstream's body after words of their own: "Upstream request failed: {…}", "litellm.BadRequestError: OpenAIException - {…}",
// "VertexAIException - b'{…}'", "Error code: 400 - {'error': …}", "Upstream error: 400 {…}", 'POST "https://…": 400 Bad Request {…}'
// (OpenAI's and Anthropic's Go clients).
const wrapper =
  /^(?:[\w\s.,:;()/-]|"[^\s"{}]{1,200}"){0,240}?(?:[:–-]|\b[45]\d\d(?: [A-Z][a-z]+){0,3})\s*(?=(?:b?['"])?\{)/u;
const wrapperWords = /error|exception|fail|returned|rejected|response|status|"https?:[^"]*": [45]\d\d /iu;
// Some put words of their own behind the upstream's body, too: LiteLLM ". Received Model Group=…", claude-code-router its stack, others a
// request id. Such a text is taken for a wrapped body only where it names an exception or the upstream's status.
const quoting =
  /\b[a-z][\w.]*(?:Error|Exception)\b|(?:\b|_)(?:http|status|code|error|failed|returned|responded|answered)[\s:=(]+[45]\d\d\b|[:(] ?[45]\d\d\)/iu;
// A refusal that is sent as the one event of a stream.
const eventLines = /^(?:(?:event|id|retry):[^\n]*\n)*data:\s*$/u;

/**
 * The JSON object that a text consists of, or that follows a gateway's own words. Behind the object other words may stand only where the
 * ones before it name an exception or a status. Also reads bodies printed by Python as a dict or as bytes, and the first event of a stream;
 * never JSON that a sentence merely quotes.
 */
export function embeddedObject(text: string): JsonObject | undefined {
  const trimmed = text.trim();
  const words = trimmed.startsWith("{") ? "" : wrapper.exec(trimmed)?.[0];
  if (words === undefined) return undefined;
  const isEvent = eventLines.test(words);
  if (words !== "" && !isEvent && !wrapperWords.test(words)) return undefined;
  const rest = trimmed.slice(words.length);
  const isBytes = /^b?['"]/u.test(rest);
  const body = isBytes ? rest.replace(/^b?['"]/u, "") : rest;
  const end = objectEnd(body);
  if (end === undefined) return undefined;
  const behind = body.slice(end).replace(isBytes ? /^['"]/u : "", "");
  if (behind.trim() !== "" && !isEvent && !quoting.test(words)) return undefined;
  return parsed(body.slice(0, end));
}

/** The length in characters of the object that the text begins with. */
function objectEnd(text: string): number | undefined {
  let depth = 0;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quote !== "") {
      if (character === "\\") at++;
      else if (character === quote) quote = "";
    } else if (character === '"' || (character === "'" && /[\s,:[{(]/u.test(text[at - 1] ?? "")))
      quote = character;
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return at + 1;
  }
  return undefined;
}

function parsed(text: string): JsonObject | undefined {
  // As it is; then with line breaks inside strings taken for spaces, as terminals and logs put them there; then as Python prints it.
  const attempts = [() => text, () => oneLine(text), () => fromPython(text)];
  for (const attempt of attempts) {
    const value = parseJson(attempt());
    if (isJsonObject(value)) return value;
  }
  return undefined;
}

function oneLine(text: string): string {
  const lines = text.split(/[\n\r]+/u).map((line) => line.trim());
  return lines.filter((line) => line !== "").join(" ");
}

const pythonTokens = /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|\b(None|True|False)\b/gsu;
const pythonWords: Readonly<Record<string, string>> = { None: "null", True: "true", False: "false" };

/** `{'message': "it's", 'code': None}` as JSON. */
function fromPython(text: string): string {
  return text.replace(pythonTokens, (_all, single?: string, double?: string, word?: string) => {
    if (word !== undefined) return pythonWords[word] ?? word;
    const escaped = (single ?? double ?? "").replace(/\\'/gu, "'").replace(/(?<!\\)"/gu, '\\"');
    return `"${escaped.replace(/[\n\r\t]/gu, " ")}"`;
  });
}
