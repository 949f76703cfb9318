import { closeSync, fsyncSync, openSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { isoTime } from "../../../lib/date.ts";
import { type JsonObject, objectsIn } from "../../../lib/json.ts";
import { writeJson } from "../../../lib/whole-json.ts";
import { placeNew } from "../../../lib/place.ts";
import { makeFolders, syncPath } from "../../../lib/system.ts";
import { unknownOutcome } from "../../../replay/pair.ts";
import { isCallKind, isFurtherOutput, isOutputKind } from "../../../session/item.ts";
import { isSummaryItem, summaryText } from "../../../session/summary-item.ts";
import { sealedPart, sealedText, unsealedArguments } from "../../../session/seal.ts";
import { appendAll } from "../../../lib/write.ts";
import { entryOf } from "../../../lib/table.ts";
import { rolloutFile } from "../home/places.ts";
import { isWords } from "./agent-message.ts";
import { answeredAs } from "./item.ts";
import { exportedMessage, isInjected } from "./injected.ts";
import { isContext, isLasting } from "./prompt.ts";
import { textIn } from "./text-in.ts";
import { nothingFound, toolSearch } from "./tool-search.ts";

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
   * prompt: a session without any is in none of Codex's lists.
   */
  item(item: JsonObject, at: number, { isAsked = true }: { isAsked?: boolean } = {}): string {
    if (isInjected(typeof item["type"] === "string" ? item["type"] : undefined, item))
      return this.item(exportedMessage(item), at);
    const { type, role, call_id: call } = item;
    const members = typeof type === "string" ? entryOf(kept, type) : undefined;
    const isOfProgram = type === "message" && role === "user" && isContext(item);
    const isToldByProgram =
      type === "message" && role !== "assistant" && (role !== "user" || (isOfProgram && !isLasting(item)));
    const id = typeof call === "string" ? call : "";
    const isFurther = typeof type === "string" && isFurtherOutput(type, item["name"]) && this.#custom.has(id);
    // A search that the provider did has no id, and what it found may be meant for that one alone.
    const isSearch = type === toolSearch.call && id !== "";
    const isAnswer = typeof type === "string" && (isOutputKind(type) || type === toolSearch.output);
    const isOrphan =
      (type === toolSearch.call && !isSearch) || (isAnswer && !this.#open.delete(id) && !isFurther);
    const isSealed =
      type === "agent_message" && Array.isArray(item["content"]) && sealedPart(item["content"]) !== undefined;
    if (!members || typeof type !== "string" || isToldByProgram || isOrphan || isSealed) {
      this.left++;
      return "";
    }
    if (isCallKind(type) || isSearch) this.#open.set(id, type);
    if (type === "custom_tool_call") this.#custom.add(id);
    const own: JsonObject = { type: type === "local_shell_call_output" ? "function_call_output" : type };
    const opened = unsealed(item);
    for (const member of members) if (opened[member] !== undefined) own[member] = opened[member];
    const isShown = !isOfProgram && !(isAsked && isSummaryItem(item));
    return line(at, "response_item", own) + (isShown ? shownAs(own, at) : "");
  }

  /** Answers for the calls that have none. */
  end(at: number): string {
    const answers = [...this.#open].map(([call, kind]) => {
      if (kind === toolSearch.call) return line(at, "response_item", nothingFound(call));
      const output = unknownOutcome(answeredAs(kind), call);
      return line(at, "response_item", JSON.parse(new TextDecoder().decode(output)) as JsonObject);
    });
    this.#open.clear();
    return answers.join("");
  }
}

/** An item with words where something sealed stood: nobody but the account that it was made with opens it. */
function unsealed(item: JsonObject): JsonObject {
  const type = item["role"] === "assistant" ? "output_text" : "input_text";
  const inWords = (part: unknown): unknown => {
    const seal = sealedPart([part]);
    return seal === undefined || isWords(seal) ? part : { type, text: sealedText };
  };
  const given = item["type"] === "function_call" ? unsealedArguments(item, sealedText) : undefined;
  const opened: JsonObject = { ...item, ...(given !== undefined && { arguments: given }) };
  for (const member of ["content", "output"]) {
    const parts = item[member];
    if (Array.isArray(parts)) opened[member] = parts.map(inWords);
  }
  return opened;
}

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

/** Where a Codex home has the rollout of a thread that is made now. */
export function rolloutPath(home: string, thread: string, now: number): string {
  const file = rolloutFile(thread, now);
  const [date] = file.slice("rollout-".length).split("T") as [string];
  return join(home, "sessions", ...date.split("-"), file);
}

/** Writes a file that its owner alone can read: there whole and durable, or not at all. Throws `EEXIST` where one is already. */
export async function writeNew(
  path: string,
  parts: AsyncIterable<string> | Iterable<string>,
): Promise<number> {
  makeFolders(dirname(path));
  const temporary = `${path}.${process.pid}.new`;
  const file = openSync(temporary, "wx", 0o600);
  let bytes = 0;
  try {
    for await (const part of parts) bytes += appendAll(file, Buffer.from(part));
    fsyncSync(file);
    if (!placeNew(temporary, path)) throw taken(path);
    syncPath(dirname(path));
  } finally {
    closeSync(file);
    rmSync(temporary, { force: true });
  }
  return bytes;
}

const taken = (path: string): Error =>
  Object.assign(new Error(`${path} is there already`), { code: "EEXIST", syscall: "link", path });
