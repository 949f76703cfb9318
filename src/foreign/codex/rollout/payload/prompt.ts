import { isJsonObject, type JsonObject, objectOf, objectsIn } from "../../../../lib/json.ts";
import { passthrough } from "./passthrough.ts";
import { textIn } from "./text-in.ts";

// Codex puts what it tells the model about the workspace, skills, aborted turns and sub-agents into messages of the user. They are none of
// the person's, start no turn, and a rollback doesn't count them (codex-rs `is_user_turn_boundary`, read 2026-11). Tags that Codex puts into a
// developer's messages alone are a turn of the person's where a message of theirs begins so (0.98 to 0.169).
const tags = [
  "environment_context",
  "user_instructions",
  "skill",
  "user_shell_command",
  "turn_aborted",
  "subagent_notification",
  "hook_prompt",
  "goal_context",
  "recommended_plugins",
  "codex_internal_context",
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
  // What a goal asks for stands nowhere else up to 0.168.
  "goal_context",
  "codex_internal_context",
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

/** What a goal asks for. Codex's own list takes a thread's title from it where it was set before anything was said (`/goal`). */
export function goalOf({ goal }: JsonObject): string | undefined {
  const { objective } = objectOf(goal);
  return typeof objective === "string" && objective.trim() !== "" ? objective : undefined;
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
