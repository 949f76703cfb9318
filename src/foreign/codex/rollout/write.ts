import { isoTime } from "../../../lib/date.ts";
import { type JsonObject, objectsIn, stringOf } from "../../../lib/json.ts";
import { writeJson } from "../../../lib/whole-json.ts";
import { outcomeUnknown } from "../../../replay/pair.ts";
import { isFurtherOutput } from "../../../session/item.ts";
import { isSummaryItem, summaryText } from "../../../session/summary-item.ts";
import { sealedPart, sealedText, unsealedArguments } from "../../../session/seal.ts";
import { entryOf } from "../../../lib/table.ts";
import { isWords } from "./payload/agent-message.ts";
import { answerTo, isAnswerKind, needsAnswer, toolSearch } from "./payload/answer.ts";
import { partsOf } from "./payload/chat-items.ts";
import { exportedMessage, isInjected } from "./payload/injected.ts";
import { isContext, isLasting } from "./payload/prompt.ts";
import { textIn } from "./payload/text-in.ts";
import { phases } from "./payload/told-message.ts";

/** What a rollout says of the session that it is written from. */
export interface RolloutHead {
  /** The thread's id, a UUID version 7. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly cwd: string;
  readonly branch?: string;
  readonly commit?: string;
  readonly model: string;
  readonly effort?: string;
  /** Its name in Codex's settings: the app and the terminal of 0.130 and later go on with no other, not even where none is named. */
  readonly provider: string;
  /** Version of Throughline. */
  readonly version: string;
}

/** How an item is written. */
interface ItemOptions {
  readonly isAsked?: boolean;
  readonly call?: string;
}

/** Members of an item that every version of the CLI accepts, by the item's type. The others hold only for whoever made the item. */
const kept: Readonly<Record<string, readonly string[]>> = {
  message: ["role", "content", "phase"],
  function_call: ["name", "namespace", "arguments", "call_id"],
  function_call_output: ["call_id", "output"],
  custom_tool_call: ["call_id", "name", "namespace", "input", "status"],
  custom_tool_call_output: ["call_id", "name", "output"],
  local_shell_call: ["call_id", "status", "action"],
  local_shell_call_output: ["call_id", "output"],
  [toolSearch.call]: ["call_id", "status", "execution", "arguments"],
  [toolSearch.output]: ["call_id", "status", "execution", "tools"],
  web_search_call: ["status", "action"],
  image_generation_call: ["id", "status", "revised_prompt", "result"],
  agent_message: ["author", "recipient", "content"],
};

/**
 * Writes the visible history of a session as a rollout with envelopes and without ordinals (legacy), which every version since 0.36 resumes
 * (0.169 measured). What is sealed, what the program told the model, and what only one tool knows is left out; each call has its output.
 * The lines come in order, each with its newline.
 */
export class RolloutWriter {
  readonly #open = new Map<string, string>();
  /** Custom calls that were written: Codex takes further outputs of theirs alone. */
  readonly #custom = new Set<string>();
  /** How many items were left out of the rollout. */
  left = 0;

  begin(head: RolloutHead): string {
    const { id, created, cwd, branch, commit, model, effort, provider, version } = head;
    const git = {
      ...(commit !== undefined && { commit_hash: commit }),
      ...(branch !== undefined && { branch }),
    };
    const meta = {
      id,
      timestamp: isoTime(created),
      cwd,
      originator: "throughline",
      cli_version: version,
      source: "cli",
      model_provider: provider,
      ...(Object.keys(git).length > 0 && { git }),
    };
    const context = {
      cwd,
      approval_policy: "on-request",
      sandbox_policy: { type: "read-only" },
      model,
      ...(effort !== undefined && { effort }),
      summary: "auto",
    };
    return line(created, "session_meta", meta) + line(created, "turn_context", context);
  }

  /**
   * The lines for an item: the item itself, and the event that Codex's own screens show it by. A summary is shown where it stands for every
   * prompt: a session without any is in none of Codex's lists. `call`: the id of its call, in place of its own.
   */
  item(given: JsonObject, at: number, { isAsked = true, call }: ItemOptions = {}): string {
    const item = isInjected(stringOf(given["type"]), given)
      ? exportedMessage(given)
      : { ...given, ...(call !== undefined && { call_id: call }) };
    const type = stringOf(item["type"]);
    const members = entryOf(kept, type);
    const isPaired = this.#isPaired(type, item);
    const read = inReadForm(item);
    const isSilent = type === "message" && objectsIn(read["content"]).length === 0;
    if (!members || !isPaired || isSilent || isToldByProgram(item) || isSealedMessage(item)) {
      this.left++;
      return "";
    }
    const own: JsonObject = { type: type === "local_shell_call_output" ? "function_call_output" : type };
    for (const member of members) if (read[member] !== undefined) own[member] = read[member];
    if (!phases.has(own["phase"])) delete own["phase"];
    if (own["name"] !== undefined) own["name"] = takenName(stringOf(own["name"]));
    const isShown = !isContext(item) && !(isAsked && isSummaryItem(item));
    return line(at, "response_item", own) + (isShown ? shownAs(own, at) : "");
  }

  /** False for an output whose call wasn't written. Remembers which calls are open. */
  #isPaired(type: string, { call_id: call, name }: JsonObject): boolean {
    const id = stringOf(call);
    // What the provider found may be meant for that one alone.
    if (type === toolSearch.call && !needsAnswer(type, id)) return false;
    if (needsAnswer(type, id)) this.#open.set(id, type);
    if (type === "custom_tool_call") this.#custom.add(id);
    return (
      !isAnswerKind(type) || this.#open.delete(id) || (isFurtherOutput(type, name) && this.#custom.has(id))
    );
  }

  /** The answer of a call that was written and has none. */
  answer(call: string, at: number): string {
    const kind = this.#open.get(call);
    this.#open.delete(call);
    return kind === undefined ? "" : line(at, "response_item", answerTo(kind, call, outcomeUnknown));
  }

  /** Answers for the calls that have none. */
  end(at: number): string {
    return [...this.#open.keys()].map((call) => this.answer(call, at)).join("");
  }
}

/** Whether a program wrote a message for the model, and writes it anew for each session. */
function isToldByProgram(item: JsonObject): boolean {
  const { type, role } = item;
  if (type !== "message" || role === "assistant") return false;
  return role !== "user" || (isContext(item) && !isLasting(item));
}

/** Whether an agent's message holds something that only its account opens. */
const isSealedMessage = ({ type, content }: JsonObject): boolean =>
  type === "agent_message" && Array.isArray(content) && sealedPart(content) !== undefined;

/**
 * An item in parts that Codex reads: for one that it doesn't know it passes over the whole item. Words stand where something sealed stood:
 * nobody but the account that it was made with opens it. Parts of a message without words are left out, for some providers refuse them.
 */
function inReadForm(item: JsonObject): JsonObject {
  const type = item["role"] === "assistant" ? "output_text" : "input_text";
  const inWords = (part: JsonObject): JsonObject => {
    const seal = sealedPart([part]);
    if (seal !== undefined) return isWords(seal) ? part : { type, text: sealedText };
    const unread = { type, text: `[A part of the kind ${stringOf(part["type"])} stood here.]` };
    return isReadPart(part) ? part : unread;
  };
  const given = item["type"] === "function_call" ? unsealedArguments(item, sealedText) : undefined;
  const read: JsonObject = { ...item, ...(given !== undefined && { arguments: given }) };
  const { content, output } = item;
  if (Array.isArray(output)) read["output"] = partsOf(output, type).map(inWords);
  if (item["type"] === "message" || Array.isArray(content))
    read["content"] = partsOf(content, type)
      .filter(({ text }) => text !== "")
      .map(inWords);
  return read;
}

/** Whether Codex reads a part (0.169, measured; sounds and images by their number since 0.169 alone). */
function isReadPart({ type, text, image_url: image, file_id: file, audio_url: sound }: JsonObject): boolean {
  if (type === "input_image")
    return typeof image === "string" || (image === undefined && typeof file === "string");
  if (type === "input_audio") return typeof sound === "string";
  return (type === "input_text" || type === "output_text") && typeof text === "string";
}

/** A tool's name as OpenAI takes it (^[a-zA-Z0-9_-]+$): local models make up others, `functions.shell` or none at all. */
const takenName = (name: string): string => name.replaceAll(/[^\w-]/gu, "_").slice(0, 128) || "unnamed";

/** The event that Codex's lists and terminal interface show a message by; without one the session looks empty. */
function shownAs(item: JsonObject, at: number): string {
  const { type, role, content } = item;
  if (type !== "message") return "";
  const text = isSummaryItem(item) ? summaryText(item) : textIn(content);
  const images = objectsIn(content).flatMap((part) =>
    part["type"] === "input_image" ? [part["image_url"]] : [],
  );
  return role === "user"
    ? line(at, "event_msg", {
        type: "user_message",
        message: text,
        images,
        local_images: [],
        text_elements: [],
      })
    : line(at, "event_msg", { type: "agent_message", message: text });
}

function line(at: number, type: string, payload: object): string {
  return `${writeJson({ timestamp: isoTime(at), type, payload })}\n`;
}
