import { createHash } from "node:crypto";
import { type JsonObject, stringOf } from "../../lib/json.ts";
import { isCallKind, isOutputKind } from "../../session/item.ts";
import { frameWords } from "../../replay/element.ts";
import { outcomeUnknown } from "../../replay/pair.ts";
import { type Block, isThinking, type TextBlock, type ToolResultBlock, type ToolUseBlock } from "./block.ts";
import { contentBlocks, textBlocks } from "./content.ts";
import { thinkingBlock } from "./thinking.ts";
import { callInput } from "./tools.ts";

/** A message of the Messages API. */
export interface Message {
  readonly role: "user" | "assistant";
  readonly content: Block[];
}

/** A history as this wire takes it, and where each piece of it came from. */
export interface Messages {
  /** The system prompt: developer and system messages before the conversation's first item. */
  readonly system: readonly TextBlock[];
  readonly messages: readonly Message[];
  /** For each block the index in the request's input of the item that it was made from; absent for blocks that were put in. */
  readonly origins: ReadonlyMap<Block, number>;
  /** Call ids by the names under which they are sent. */
  readonly calls: ReadonlyMap<string, string>;
}

interface Turn {
  readonly role: "user" | "assistant";
  readonly blocks: Block[];
  /** The results of an assistant's calls. */
  readonly results: ToolResultBlock[];
}

/**
 * Responses items as messages. Roles alternate; the results of a response's calls are together the first blocks of the user message
 * right after it, whatever lay between them; a call without a result gets one that says so; the first message is a user's, and so is
 * the last (a trailing assistant's turn is refused together with thinking, and by newer models always). With `thinks` false thinking
 * blocks are left out: the API doesn't look at them then, and refuses some of them.
 */
export function messagesOf(items: readonly JsonObject[], thinks: boolean): Messages {
  const builder = new Builder(thinks);
  for (const [index, item] of items.entries()) builder.add(item, index);
  return builder.build();
}

class Builder {
  readonly #thinks: boolean;
  readonly #system: TextBlock[] = [];
  readonly #turns: Turn[] = [];
  readonly #origins = new Map<Block, number>();
  readonly #calls = new Map<string, string>();
  /** Calls without a result yet, by their own ids: an id can come back, the oldest call is answered first. */
  readonly #open = new Map<string, { turn: Turn; sent: string }[]>();

  constructor(thinks: boolean) {
    this.#thinks = thinks;
  }

  add(item: JsonObject, index: number): void {
    const type = typeof item["type"] === "string" ? item["type"] : "message";
    if (type === "message") this.#addMessage(item, index);
    else if (type === "reasoning") {
      const block = this.#thinks ? thinkingBlock(item) : undefined;
      if (block) this.#put("assistant", index, block);
    } else if (isCallKind(type)) this.#addCall(item, index);
    else if (isOutputKind(type)) this.#addOutput(item, index);
    // Compactions and other sealed items can't be told in words either.
    else if (item["encrypted_content"] === undefined)
      this.#put("assistant", index, { type: "text", text: `[Left out here: ${type}.]` });
  }

  build(): Messages {
    const messages: Message[] = [];
    for (const turn of this.#turns) {
      if (turn.role === "user") join(messages, "user", turn.blocks);
      else {
        const blocks = withoutTrailingThinking(turn.blocks);
        if (blocks.length > 0) join(messages, "assistant", blocks);
        join(messages, "user", resultsOf(turn));
      }
    }
    // The projection adds such messages itself; these are for histories whose ends are lost only in this conversion.
    if (messages[0]?.role !== "user")
      messages.unshift({ role: "user", content: [...textBlocks(frameWords.head)] });
    if (messages.at(-1)?.role === "assistant")
      messages.push({ role: "user", content: [...textBlocks(frameWords.tail)] });
    return { system: this.#system, messages, origins: this.#origins, calls: this.#calls };
  }

  #addMessage(item: JsonObject, index: number): void {
    const blocks = contentBlocks(item["content"]);
    if (item["role"] === "assistant") return this.#put("assistant", index, ...blocks);
    const isSystem = item["role"] === "developer" || item["role"] === "system";
    if (!isSystem || this.#turns.length > 0) return this.#put("user", index, ...blocks);
    for (const block of blocks) {
      if (block.type !== "text") continue;
      this.#origins.set(block, index);
      this.#system.push(block);
    }
  }

  #addCall(item: JsonObject, index: number): void {
    const call = stringOf(item["call_id"]);
    const id = this.#sentId(call);
    const name = sentName(stringOf(item["name"]) || "local_shell");
    const block: ToolUseBlock = { type: "tool_use", id, name, input: inputOf(item) };
    this.#put("assistant", index, block);
    const open = this.#open.get(call) ?? [];
    open.push({ turn: this.#turns.at(-1)!, sent: id });
    this.#open.set(call, open);
  }

  #addOutput(item: JsonObject, index: number): void {
    const call = stringOf(item["call_id"]);
    const answered = this.#open.get(call)?.shift();
    const content = contentBlocks(item["output"]);
    if (!answered) {
      this.#put("user", index, ...textBlocks(`[The output of a tool call that is not shown:]`), ...content);
      return;
    }
    const block: ToolResultBlock = {
      type: "tool_result",
      tool_use_id: answered.sent,
      ...(content.length > 0 && { content }),
    };
    for (const part of content) this.#origins.set(part, index);
    this.#origins.set(block, index);
    answered.turn.results.push(block);
  }

  #put(role: Turn["role"], index: number, ...blocks: Block[]): void {
    if (blocks.length === 0) return;
    const last = this.#turns.at(-1);
    const isOpen = last?.role === role && last.results.length === 0;
    const turn = isOpen ? last : { role, blocks: [], results: [] };
    if (!isOpen) this.#turns.push(turn);
    for (const block of blocks) this.#origins.set(block, index);
    turn.blocks.push(...blocks);
  }

  /** An id that the wire takes and that no other call of the request has ("`tool_use` ids must be unique"). */
  #sentId(call: string): string {
    const base = /^[\w-]{1,64}$/u.test(call) ? call : `call_${hash(call)}`;
    let id = base;
    for (let nth = 2; this.#calls.has(id); nth++) id = `${base.slice(0, 60)}_${nth}`;
    this.#calls.set(id, call);
    return id;
  }
}

/** Appends blocks to the last message if it has their role. */
function join(messages: Message[], role: Message["role"], blocks: readonly Block[]): void {
  if (blocks.length === 0) return;
  const last = messages.at(-1);
  if (last?.role === role) last.content.push(...blocks);
  else messages.push({ role, content: [...blocks] });
}

/** The results of a turn's calls in the order of the calls, each call with one. */
function resultsOf({ blocks, results }: Turn): ToolResultBlock[] {
  const byCall = new Map(results.map((result) => [result.tool_use_id, result]));
  return blocks.flatMap((block) => {
    if (block.type !== "tool_use") return [];
    const result = byCall.get(block.id);
    return [
      result ?? {
        type: "tool_result" as const,
        tool_use_id: block.id,
        content: [{ type: "text" as const, text: outcomeUnknown }],
        is_error: true as const,
      },
    ];
  });
}

/** "The final block in an assistant message cannot be `thinking`." */
function withoutTrailingThinking(blocks: readonly Block[]): readonly Block[] {
  return blocks.slice(0, blocks.findLastIndex((block) => !isThinking(block)) + 1);
}

function inputOf(item: JsonObject): object {
  if (item["type"] === "custom_tool_call") return { input: stringOf(item["input"]) };
  if (item["type"] === "function_call") return callInput(stringOf(item["arguments"]));
  const { action } = item;
  return typeof action === "object" && action !== null ? action : {};
}

/** A tool's name as the wire takes it. */
function sentName(name: string): string {
  return name.replaceAll(/[^\w-]/gu, "_").slice(0, 128);
}

const hash = (value: string): string => createHash("sha256").update(value).digest("hex").slice(0, 32);
