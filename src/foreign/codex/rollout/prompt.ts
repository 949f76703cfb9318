import { isJsonObject, type JsonObject, objectOf, objectsIn } from "../../../lib/json.ts";
import { printableLine } from "../../../lib/printable.ts";
import { passthrough } from "./passthrough.ts";
import { textIn } from "./text-in.ts";

// Codex puts what it tells the model about the workspace, skills, aborted turns and sub-agents into messages of the user. They are none of
// the person's, start no turn, and a rollback doesn't count them (codex-rs `is_user_turn_boundary`, read 2026-11).
const tags = [
  "environment_context",
  "user_instructions",
  "skill",
  "skills_instructions",
  "user_shell_command",
  "turn_aborted",
  "subagent_notification",
  "hook_prompt",
  "goal_context",
  "extension_context",
  "additional_context",
  "permissions instructions",
  "collaboration_mode",
  "model_switch",
  "personality_spec",
  "token_budget",
  "recommended_plugins",
  "codex_internal_context",
  "app-context",
  "agent_message_board_notification",
] as const;
/**
 * Tags of messages that Codex doesn't write again when a session goes on: they tell what happened, or what the person asked for by name.
 */
const lasting: ReadonlySet<string> = new Set([
  "skill",
  "user_shell_command",
  "turn_aborted",
  "subagent_notification",
  "hook_prompt",
]);
const tagged = new RegExp(`^<(${tags.join("|")})(?:\\s[^>]*)?>`, "iu");
/** Tags that Codex knew by their beginning alone (up to 0.105): no prompt even where the end is missing. */
const knownByStart = new Set([
  "environment_context",
  "user_instructions",
  "turn_aborted",
  "subagent_notification",
]);
/** What a program that Codex runs in puts beside a prompt, under a name of its own (0.140 and later: the page that is open in the app). */
const external = /^<(external_[\w.:-]+)[^>]*>[^]*<\/\1>$/u;
/** As `tagged`, for JSON that wasn't parsed: a message part that begins so may be Codex's own. */
export const taggedInJson = new RegExp(`"text":"(?:\\\\n|\\s)*<(?:external_|(?:${tags.join("|")})\\b)`, "iu");
const instructions = /^# AGENTS\.md instructions\b/iu;
const warning =
  /^Warning: (?:apply_patch was requested via|The maximum number of unified exec|Your account was flagged)/u;
/** How a message with the words of a summary begins, since 0.47. */
const summaryHead = "Another language model started to solve this problem and produced a summary";

/** Whether a part of a user's message is what Codex put there and not the person. */
function isContextual(text: string): boolean {
  const words = text.trim();
  if (isWithinTag(words) || external.test(words)) return true;
  return (instructions.test(words) && words.endsWith(">")) || warning.test(words);
}

/** Words after the end of the tag are a person's, who may ask what a `<skill>` is. */
function isWithinTag(words: string): boolean {
  const tag = tagOf(words);
  if (tag === undefined) return false;
  const end = `</${tag}>`;
  if (words.slice(-end.length).toLowerCase() === end) return true;
  return knownByStart.has(tag) && !words.toLowerCase().includes(end);
}

const tagOf = (words: string): string | undefined => tagged.exec(words)?.[1]?.toLowerCase();

/** What is asked of an item to tell whether it begins a turn. */
type MessageMembers = {
  readonly [Name in "type" | "role" | "content" | typeof passthrough]?: unknown;
};

/**
 * The text with which a message of the user begins a turn, image parts left out; `undefined` for every other item and for what Codex wrote
 * in the person's name.
 */
export function promptOf(payload: MessageMembers): string | undefined {
  const { type, role, content } = payload;
  if (type !== "message" || role !== "user") return undefined;
  if (typeof content === "string") return isContextual(content) ? undefined : content;
  if (!Array.isArray(content)) return undefined;
  const texts: string[] = [];
  for (const part of content) {
    if (!isJsonObject(part) || typeof part["text"] !== "string") continue;
    if (isContextual(part["text"]) && !isSaidToBeTheUsers(payload, content.length)) return undefined;
    texts.push(part["text"]);
  }
  return texts.join("");
}

/** Whether a message in the person's name holds nothing but what Codex put there. */
export function isContext(payload: MessageMembers): boolean {
  const { type, role, content } = payload;
  if (type !== "message" || role !== "user" || promptOf(payload) !== undefined) return false;
  return objectsIn(content).every(({ text }) => typeof text === "string" && isContextual(text));
}

/** Whether of a message that holds nothing but what Codex put there some says what happened, and isn't written anew for each session. */
export function isLasting({ content }: MessageMembers): boolean {
  const isOne = (words: string): boolean => lasting.has(tagOf(words) ?? "") || external.test(words);
  return objectsIn(content).some(({ text }) => typeof text === "string" && isOne(text.trim()));
}

/**
 * The person's words that an event tells: `user_message`, in whose place `item_completed` stands since 0.148. Codex's own list takes a
 * thread's title from the first of them; `undefined` for every other event, and for what was told of what Codex itself wrote (0.34 to
 * 0.40).
 */
export function toldPrompt({ type, message, kind, item }: JsonObject): string | undefined {
  const isPlain = type === "user_message" && (kind === undefined || kind === "plain");
  const isOfItem = type === "item_completed" && isJsonObject(item) && item["type"] === "UserMessage";
  const told = isPlain ? message : isOfItem ? textIn(item["content"]) : undefined;
  return typeof told !== "string" || told.trim() === "" || isContextual(told) ? undefined : told;
}

/** From 0.150 on the message says what each part is; what only looks like context is the person's then. */
function isSaidToBeTheUsers(payload: MessageMembers, parts: number): boolean {
  const { content_item_kinds: kinds } = objectOf(payload[passthrough]);
  return (
    Array.isArray(kinds) &&
    kinds.length === parts &&
    kinds.some((kind) => typeof kind === "string" && kind.startsWith("user."))
  );
}

/** The prompt follows this heading where an editor or the desktop app has put before it what is open there. */
const requestHead = "## My request for Codex:";
/** The desktop app's form of that heading since 0.150, after headings (`# Files mentioned by the user:`) or tags of its own. */
const laterHead = /^\s*(?:(?:#|<)[^]*?\n)?## My request:/u;
/** What the app tells of itself before a prompt without such a heading. */
const ambient = /^\s*<(in-app-browser-context|appshot)\b[^>]*>[^]*?<\/\1>/u;
/** What was said to a session by voice, or given to it by another one of the app. */
const handedOn =
  /^\s*<(?:realtime|codex)_delegation>\s*(?:<source_thread_id>[^<]*<\/source_thread_id>\s*)?<input>([^]*?)<\/input>/u;
const entities: Readonly<Record<string, string>> = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

/** What a person pinned to a page or to a diff in the desktop app, with where each note is (since 2026-04): often nothing else is asked. */
const pinned = /^\s*(?:# [^]*?\n)?# (?:Browser|Diff) comments:\s*\n/u;
/** A note's words follow this. */
const noteHead = /^(?:Comment|Requested changes):\s*/mu;
const noteEnd = /\n\s*(?:# |## |<in-app-browser-context\b)/u;
/** What the app says of the pictures after a prompt. */
const pictured =
  /The next image (?:is untrusted page evidence|shows|was attached by the user)[^\n]* Comment \d+\.[^]*/u;

/** Characters of a title, at most. */
const longestTitle = 200;

/** The first line of what a prompt asks, for lists: no words of an editor, no frames of images; `undefined` where it has no words. */
export function titleOf(prompt: string): string | undefined {
  const words = (pinned.test(prompt) ? askedOfPinned(prompt) : askedOf(prompt))
    .slice(0, 8 * longestTitle)
    .replaceAll(/<\/?image\b[^>]*>/gu, "");
  const line = printableLine(words, longestTitle);
  return line || printableLine(prompt.slice(0, 4 * longestTitle), longestTitle) || undefined;
}

function askedOf(prompt: string): string {
  const at = prompt.indexOf(requestHead);
  if (at >= 0) return prompt.slice(at + requestHead.length);
  const said = handedOn.exec(prompt)?.[1];
  if (said !== undefined) return said.replaceAll(/&(?:lt|gt|amp);/gu, (entity) => entities[entity] ?? entity);
  return prompt.replace(laterHead, "").replace(ambient, "");
}

/** What is asked beside the notes, or what the first of them says. */
function askedOfPinned(prompt: string): string {
  const asked = askedOf(prompt).replace(pictured, "");
  if (asked.trim() !== "" && !pinned.test(asked)) return asked;
  const head = noteHead.exec(prompt);
  return head ? prompt.slice(head.index + head[0].length).split(noteEnd, 1)[0]! : "";
}

/** Whether a text is a summary that Codex has put in the place of a history, and no prompt. */
export function isSummaryText(text: string): boolean {
  return text.startsWith(summaryHead);
}

const summaryPrefix = `${summaryHead} of its thinking process. You also have access to the state of the tools that were used by that language model. Use this to build on the work that has already been done and avoid duplicating work. Here is the summary produced by the other language model, use the information in this summary to assist with your own analysis:`;
/** In front of a summary that came without those words (up to 0.58): one more line end tells it from the others. */
const lentPrefix = `${summaryPrefix}\n\n`;
/** Bytes of the person's messages that stay beside a summary: 20,000 tokens of four bytes (0.36 to 0.169). */
const keptBytes = 80_000;

/** How Codex frames an image among a message's texts. */
const imageFrame = /<image(?:\s[^>]*)?><\/image>/gu;

/**
 * What the next compaction keeps of a message's texts; "" for nothing. Codex takes a summary that came without the words that begin one for
 * a prompt.
 */
export function keptByCompaction(text: string): string {
  return isSummaryText(text) && !text.startsWith(lentPrefix) ? "" : text.replaceAll(imageFrame, "");
}

/**
 * The history that a `compacted` line without `replacement_history` stands for: the person's last messages, word for word as far as there
 * is room, and the summary (codex-rs `build_compacted_history`).
 */
export function rebuiltHistory(prompts: readonly string[], summary: string): JsonObject[] {
  const kept: string[] = [];
  let room = keptBytes;
  for (const prompt of prompts.toReversed()) {
    if (room <= 0) break;
    const size = Buffer.byteLength(prompt);
    kept.unshift(size <= room ? prompt : `${prompt.slice(0, room / 2)}…${prompt.slice(-room / 2)}`);
    room -= size;
  }
  const text = summary === "" ? "(no summary available)" : summary;
  return [...kept, isSummaryText(text) ? text : `${lentPrefix}${text}`].map((words) => ({
    type: "message",
    role: "user",
    content: [{ type: "input_text", text: words }],
  }));
}
