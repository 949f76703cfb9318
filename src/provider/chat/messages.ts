import { createHash } from "node:crypto";
import { isJsonObject, type JsonObject, objectsIn, parseJson, stringOf } from "../../lib/json.ts";
import { writeJson } from "../../lib/whole-json.ts";
import { frameWords } from "../../replay/element.ts";
import { isCallKind, isOutputKind } from "../../session/item.ts";
import { assistantText, contentOf, outputOf, type Part } from "./content.ts";
import type { ChatDialect } from "./dialect.ts";

/** The model's items of one step, on their way into one assistant message. */
interface Spoken {
  reasoning: string[];
  text: string[];
  calls: JsonObject[];
}

/**
 * The conversation as Chat Completions takes it. What the model said and called in a step becomes one assistant message, and the outputs
 * follow as its tool messages, in the order of the calls, wherever in the items they stand: the wire refuses anything between them
 * (failures.md row 29). Reasoning goes along as `reasoning_content` where the projection left plaintext (DeepSeek, row 20). The one system
 * message comes first, because chat templates of open models (Qwen, Mistral) fail on any other; later developer messages are told as the
 * user's.
 */
export function toMessages(
  instructions: string,
  items: readonly JsonObject[],
  dialect: ChatDialect,
): Messages {
  return new Conversation(items, dialect).messages(instructions);
}

/** A history as this wire takes it, and where each message of it came from. */
export interface Messages {
  readonly messages: readonly JsonObject[];
  /** For each message the index of the item that it shows; `undefined` where that is several. */
  readonly origins: readonly (number | undefined)[];
  /** The calls' own ids by those that are sent. */
  readonly calls: ReadonlyMap<string, string>;
}

class Conversation {
  readonly #items: readonly JsonObject[];
  readonly #dialect: ChatDialect;
  /** The output of each call that has one. */
  readonly #outputs: ReadonlyMap<JsonObject, JsonObject>;
  readonly #messages: JsonObject[] = [];
  readonly #origins = new Map<JsonObject, number>();
  readonly #calls = new Map<string, string>();
  #spoken: Spoken = { reasoning: [], text: [], calls: [] };
  #answered = false;

  constructor(items: readonly JsonObject[], dialect: ChatDialect) {
    this.#items = items;
    this.#dialect = dialect;
    this.#outputs = pair(items);
  }

  messages(instructions: string): Messages {
    const system = instructions === "" ? [] : [instructions];
    const paired = new Set(this.#outputs.values());
    for (const [index, item] of this.#items.entries()) {
      const kind = kindOf(item);
      if (paired.has(item)) this.#answered = true;
      else if (kind === "reasoning") this.#say().reasoning.push(reasoningText(item));
      else if (isCallKind(kind)) this.#say().calls.push(item);
      else if (kind === "message" && item["role"] === "assistant") this.#say().text.push(assistantText(item));
      else if (kind === "message" && item["role"] !== "user" && this.#isAtStart())
        system.push(joinText(contentOf(item)));
      else if (kind === "message") this.#user(contentOf(item), index);
      else if (isOutputKind(kind)) {
        this.#finish();
        this.#messages.push(...this.#toolMessages([[item, item]]));
      }
    }
    this.#finish();
    this.#order();
    this.#fillReasoning();
    const first = system.filter((text) => text.trim() !== "").join("\n\n");
    const messages = first === "" ? this.#messages : [{ role: "system", content: first }, ...this.#messages];
    return { messages, origins: messages.map((message) => this.#origins.get(message)), calls: this.#calls };
  }

  #isAtStart(): boolean {
    const { reasoning, text, calls } = this.#spoken;
    return this.#messages.length + reasoning.length + text.length + calls.length === 0;
  }

  /** The message that the model's next item belongs to: a new one, when tools have answered the last. */
  #say(): Spoken {
    if (this.#answered) this.#finish();
    return this.#spoken;
  }

  #user(parts: readonly Part[], index: number): void {
    this.#finish();
    if (parts.length === 0) return;
    const plain = parts.every((part) => part.type === "text");
    const message = { role: "user", content: plain ? joinText(parts) : parts };
    this.#messages.push(message);
    this.#origins.set(message, index);
  }

  #finish(): void {
    const { reasoning, text, calls } = this.#spoken;
    this.#spoken = { reasoning: [], text: [], calls: [] };
    this.#answered = false;
    const content = joined(text);
    // Reasoning alone says nothing that a message could carry.
    if (content === "" && calls.length === 0) return;
    const thought = joined(reasoning);
    this.#messages.push({
      role: "assistant",
      content: content === "" ? null : content,
      ...(thought !== "" && { reasoning_content: thought }),
      ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => this.#call(call)) }),
    });
    const outputs = calls.flatMap((call): [JsonObject, JsonObject][] => {
      const output = this.#outputs.get(call);
      return output ? [[call, output]] : [];
    });
    this.#messages.push(...this.#toolMessages(outputs));
  }

  /** Brings the roles into the order that the dialect demands (see `strictRoles` and `endsOnUser`). */
  #order(): void {
    const made = this.#messages.splice(0);
    for (const message of made) {
      const last = this.#messages.at(-1);
      const isUser = message["role"] === "user";
      if (this.#dialect.strictRoles && isUser && last?.["role"] === "tool")
        this.#messages.push({ role: "assistant", content: "[interrupted]" });
      if (this.#dialect.strictRoles && isUser && last?.["role"] === "user") {
        const merged = { role: "user", content: merge(last["content"], message["content"]) };
        this.#messages.splice(-1, 1, merged);
      } else this.#messages.push(message);
    }
    if (this.#dialect.endsOnUser && this.#messages.at(-1)?.["role"] === "assistant")
      this.#messages.push({ role: "user", content: frameWords.tail });
  }

  /**
   * Fills in `reasoning_content` where it is missing: a backend that takes reasoning back may demand it of every message, even of another
   * backend's, and not empty (see `reasoningRequired`). Where no message has any, the backend doesn't know the member and may refuse it.
   */
  #fillReasoning(): void {
    const spoken = this.#messages.filter(({ role }) => role === "assistant");
    const isTaken = spoken.some((message) => message["reasoning_content"] !== undefined);
    if (!isTaken && !this.#dialect.reasoningRequired) return;
    for (const message of spoken) message["reasoning_content"] ??= " ";
  }

  #call(item: JsonObject): JsonObject {
    const signature = item["thought_signature"];
    const extra = { google: { thought_signature: signature } };
    return {
      id: this.#callId(item),
      type: "function",
      function: { name: nameOf(item), arguments: argumentsOf(item) },
      ...(this.#dialect.thoughtSignatures && typeof signature === "string" ? { extra_content: extra } : {}),
    };
  }

  /** Tool messages hold text alone: the media of outputs follow all of them as a user message. */
  #toolMessages(outputs: readonly (readonly [call: JsonObject, output: JsonObject])[]): JsonObject[] {
    const media: Part[] = [];
    const messages: JsonObject[] = [];
    for (const [call, output] of outputs) {
      const parts = outputOf(output);
      const shown = parts.filter((part) => part.type !== "text");
      const text = joinText(parts.filter((part) => part.type === "text"));
      if (shown.length > 0) media.push({ type: "text", text: `What ${nameOf(call)} gave:` }, ...shown);
      const empty = shown.length > 0 ? "[shown in the next message]" : "[no output]";
      messages.push({
        role: "tool",
        tool_call_id: this.#callId(output),
        content: text === "" ? empty : text,
      });
    }
    if (media.length === 0) return messages;
    const shown = { role: "user", content: media };
    const showing = outputs.filter(([, output]) => outputOf(output).some((part) => part.type !== "text"));
    const only = showing.length === 1 ? showing[0]?.[1] : undefined;
    if (only) this.#origins.set(shown, this.#items.indexOf(only));
    return [...messages, shown];
  }

  #callId(item: JsonObject): string {
    const id = typeof item["call_id"] === "string" ? item["call_id"] : "";
    const keeps = !this.#dialect.shortCallIds || /^[A-Za-z0-9]{9}$/u.test(id);
    const sent = keeps ? id : createHash("sha256").update(id).digest("hex").slice(0, 9);
    this.#calls.set(sent, id);
    return sent;
  }
}

/** Call ids can come again in a later step: outputs go with calls by occurrence. */
function pair(items: readonly JsonObject[]): Map<JsonObject, JsonObject> {
  const open = new Map<unknown, JsonObject[]>();
  const outputs = new Map<JsonObject, JsonObject>();
  for (const item of items) {
    const { call_id: id } = item;
    const kind = kindOf(item);
    const ofId = open.get(id);
    if (isCallKind(kind)) {
      if (ofId) ofId.push(item);
      else open.set(id, [item]);
    }
    const call = isOutputKind(kind) ? ofId?.shift() : undefined;
    if (call) outputs.set(call, item);
  }
  return outputs;
}

/** Items without a type are messages (the Responses API's short form). */
function kindOf(item: JsonObject): string {
  const { type, role } = item;
  return typeof type === "string" ? type : typeof role === "string" ? "message" : "";
}

function nameOf(item: JsonObject): string {
  return typeof item["name"] === "string" ? item["name"] : stringOf(item["type"]).replace(/_call$/u, "");
}

/** Always the text of a JSON object: servers parse the arguments of the history, and fail on what the model wrote wrongly. */
function argumentsOf(item: JsonObject): string {
  if (typeof item["input"] === "string") return JSON.stringify({ input: item["input"] });
  if (item["action"] !== undefined) return writeJson({ action: item["action"] });
  const text = typeof item["arguments"] === "string" ? item["arguments"] : "";
  if (text.trim() === "") return "{}";
  return isJsonObject(parseJson(text)) ? text : JSON.stringify({ arguments: text });
}

function reasoningText(item: JsonObject): string {
  return objectsIn(item["content"])
    .map(({ text }) => stringOf(text))
    .join("");
}

function joined(texts: readonly string[]): string {
  return texts.filter((text) => text.trim() !== "").join("\n\n");
}

function joinText(parts: readonly Part[]): string {
  return joined(parts.flatMap((part) => (part.type === "text" ? [part.text] : [])));
}

function merge(first: unknown, second: unknown): unknown {
  if (typeof first === "string" && typeof second === "string") return `${first}\n\n${second}`;
  return [first, second].flatMap((content) =>
    typeof content === "string" ? [{ type: "text", text: content }] : content,
  );
}
