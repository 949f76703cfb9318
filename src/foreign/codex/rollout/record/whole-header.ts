import { posix, win32 } from "node:path";
import { isJsonObject, type JsonObject, objectOf, stringOf } from "../../../../lib/json.ts";
import { uuidv7Time } from "../../../../lib/ids.ts";
import { isThreadId } from "../../home/places.ts";
import type { RolloutRecord } from "./record.ts";

const isText = (value: unknown): boolean => typeof value === "string";
const isNull = (value: unknown): boolean => value === null;
const isList = (value: unknown): boolean => isNull(value) || Array.isArray(value);
const isTextOrNull = (value: unknown): boolean => isNull(value) || isText(value);
const isThreadOrNull = (value: unknown): boolean => isNull(value) || isThreadId(value);
const isObjectOrNull = (value: unknown): boolean => isNull(value) || isJsonObject(value);
/** An object in which these members, where they are there, are texts. */
const holds =
  (...names: string[]) =>
  (value: unknown): boolean =>
    isNull(value) || (isJsonObject(value) && names.every((name) => isTextOrNull(value[name] ?? null)));

/**
 * What a member of the header has to be where it is there: with another value every resume fails (0.104, 0.130, 0.146, 0.169; converters
 * and sync tools write such). Only shapes: what a newer version may add is none of it.
 */
const fitting: Readonly<Record<string, (value: unknown) => boolean>> = {
  timestamp: isText,
  cwd: isText,
  originator: isText,
  cli_version: isText,
  session_id: isThreadId,
  forked_from_id: isThreadOrNull,
  parent_thread_id: isThreadOrNull,
  source: (value) => isText(value) || (isJsonObject(value) && isWholeSource(value)),
  thread_source: isTextOrNull,
  model_provider: isTextOrNull,
  memory_mode: isTextOrNull,
  multi_agent_version: isTextOrNull,
  agent_nickname: isTextOrNull,
  agent_role: isTextOrNull,
  agent_path: isTextOrNull,
  // One that is unknown is told for itself.
  history_mode: (value) => isText(value) || isJsonObject(value),
  history_base: isObjectOrNull,
  base_instructions: (value) => isNull(value) || (isJsonObject(value) && isText(value["text"] ?? "")),
  context_window: (value) => isNull(value) || (isJsonObject(value) && isText(value["window_id"])),
  dynamic_tools: isList,
  runtime_workspace_roots: isList,
  git: holds("commit_hash", "branch", "repository_url"),
};

/**
 * What these have to be besides where 0.169 or an older version wrote the header (measured with 0.169): programs that black out names write
 * others. Of a newer one only what stands above is known.
 */
const fittingSoFar: Readonly<Record<string, (value: unknown) => boolean>> = {
  source: isKnownSource,
  dynamic_tools: (value) => isNull(value) || (Array.isArray(value) && value.every(isTool)),
  runtime_workspace_roots: (value) => isNull(value) || (Array.isArray(value) && value.every(isFolder)),
  selected_capability_roots: (value) => Array.isArray(value) && value.every(isCapabilityRoot),
  attached_thread: (value) => typeof value === "boolean",
  multi_agent_version: (value) => isNull(value) || ["disabled", "v1", "v2"].includes(String(value)),
  base_instructions: (value) => isNull(value) || isText(objectOf(value)["text"]),
  subagent_history_start_ordinal: (value) =>
    isNull(value) || (Number.isSafeInteger(value) && Number(value) >= 0),
  agent_type: isTextOrNull,
  creator_user_id: isTextOrNull,
  creator_account_id: isTextOrNull,
};

/** What the newest version needs, beside the id and the time. */
const needed = ["cwd", "originator", "cli_version"] as const;

/** A sub-agent's source names the thread that started it. */
function isWholeSource({ subagent }: JsonObject): boolean {
  const { thread_spawn: spawned } = objectOf(subagent);
  return !isJsonObject(spawned) || isThreadId(spawned["parent_thread_id"]);
}

/** Sources that say more than where a session was begun, and so are no mere word. */
const sources: Readonly<Record<string, (value: unknown) => boolean>> = {
  custom: isText,
  internal: (value) => isWordOf(value, internals),
  subagent: (value) => isWordOf(value, agents) || (isJsonObject(value) && isKnownAgent(value)),
};
const internals: ReadonlySet<string> = new Set(["memory_consolidation", "guardian"]);
const agents: ReadonlySet<string> = new Set(["review", "compact", "memory_consolidation"]);

function isKnownSource(value: unknown): boolean {
  // A word that isn't known is read, whichever it is.
  if (isText(value)) return !Object.hasOwn(sources, value as string);
  const [[kind, said] = [], ...others] = Object.entries(objectOf(value));
  if (kind === undefined || others.length > 0) return false;
  return Object.hasOwn(sources, kind) ? sources[kind]!(said) : isEmpty(said);
}

const isInt32 = (value: unknown): boolean => typeof value === "number" && (value | 0) === value;

function isKnownAgent(agent: JsonObject): boolean {
  if (Object.keys(agent).length !== 1) return false;
  const { thread_spawn: spawned, other } = agent;
  if (!isJsonObject(spawned)) return isText(other);
  const {
    depth,
    agent_path: path = null,
    agent_nickname: nickname = null,
    agent_role: role = null,
    agent_type: type = null,
  } = spawned;
  return (
    isThreadId(spawned["parent_thread_id"]) &&
    isInt32(depth) &&
    (isNull(path) || (typeof path === "string" && agentPath.test(path))) &&
    [nickname, role, type].every(isTextOrNull)
  );
}

const agentPath = /^(?:\/morpheus|\/root(?:\/(?!root(?:\/|$))[a-z0-9_]+)*)$/u;

/** Whether it is one of the words, by itself or as the name of nothing. */
function isWordOf(value: unknown, known: ReadonlySet<string>): boolean {
  if (typeof value === "string") return known.has(value);
  const [[word, said] = [], ...others] = Object.entries(objectOf(value));
  return word !== undefined && others.length === 0 && known.has(word) && isEmpty(said);
}

const isEmpty = (value: unknown): boolean =>
  isNull(value) || (isJsonObject(value) && Object.keys(value).length === 0);

/** A tool that the client of a session brought along, or several under one name. */
function isTool(value: unknown): boolean {
  const tool = objectOf(value);
  const { type, name, description, tools, namespace = null, deferLoading = false } = tool;
  if (!isText(name) || !isText(description)) return false;
  if (type === "namespace")
    return Array.isArray(tools) && tools.every((one) => objectOf(one)["type"] === "function" && isTool(one));
  const isOne = (type === undefined || type === "function") && "inputSchema" in tool;
  // The older form, which has no type, may leave it open.
  const isTold = typeof deferLoading === "boolean" || (type === undefined && isNull(deferLoading));
  return isOne && isTextOrNull(namespace) && isTold;
}

/** Whether a text is a whole path, of this system or of another one. */
const isFolder = (value: unknown): boolean =>
  typeof value === "string" && (posix.isAbsolute(value) || win32.isAbsolute(value));

/** A folder from which the client let a session take skills and the like. */
function isCapabilityRoot(value: unknown): boolean {
  const { id, location } = objectOf(value);
  const { type, environmentId, path } = objectOf(location);
  const isPlace = isFolder(path) || (typeof path === "string" && URL.canParse(path));
  return isText(id) && type === "environment" && isText(environmentId) && isPlace;
}

/** Of these a newer version may have more to say than a word. */
const words: ReadonlySet<string> = new Set(["thread_source", "memory_mode", "multi_agent_version"]);

/** The members of a header that Codex can read. */
export function fittingMembers(payload: JsonObject): JsonObject {
  const isNewer = isOfNewer(stringOf(payload["cli_version"]));
  const doesFit = ([name, value]: [string, unknown]): boolean =>
    isFitting(fitting, name, value)
      ? isNewer || isFitting(fittingSoFar, name, value)
      : isNewer && words.has(name) && isJsonObject(value);
  return Object.fromEntries(Object.entries(payload).filter(doesFit));
}

const isFitting = (shapes: typeof fitting, name: string, value: unknown): boolean =>
  !Object.hasOwn(shapes, name) || shapes[name]!(value);

/** Whether a version newer than 0.169, with which all this was measured, wrote a header: that version reads what it writes. */
export function isOfNewer(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)\./u.exec(version) ?? [];
  return Number(major) > 0 || Number(minor) > 169;
}

/** A fork's lines are copied within so many milliseconds after its id was made. */
const soon = 10_000;

/**
 * Whether the header has all that the newest version needs; bare ones are of versions that need less. `isNumbered`: whether the lines
 * behind it have ordinals.
 */
export function isWholeHeader(
  { era, payload, untimed, ordinal }: RolloutRecord,
  isNumbered: boolean,
): boolean {
  if (!isThreadId(payload["id"]) || typeof payload["timestamp"] !== "string") return false;
  // What says which version wrote it had an envelope around it, which is gone.
  if (era === "bare") return !("cli_version" in payload);
  // Versions that number their lines say so in the header; without it 0.169 shows the session's turns empty.
  if ((ordinal !== undefined || isNumbered) && !("history_mode" in payload)) return false;
  const fits = fittingMembers(payload);
  return (
    !untimed && needed.every((name) => name in payload) && Object.keys(payload).every((name) => name in fits)
  );
}

/**
 * Whether the header is a copy of an older thread's, so that the file's own header stood before it: forks and sub-agents have the
 * parent's on their second line (0.36 to 0.169). `thread`: the id in the file's name, which tells when it was made.
 */
export function isCopiedHeader({ payload, at }: RolloutRecord, thread: string | undefined): boolean {
  const [own, other] = [thread, payload["id"]].map((id) => uuidv7Time(stringOf(id).toLowerCase()));
  if (own === undefined || other === undefined || at === undefined) return false;
  return other < own && Math.abs(at - own) < soon;
}
