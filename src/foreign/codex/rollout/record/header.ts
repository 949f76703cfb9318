import { isJsonObject, type JsonObject, nonEmptyString, objectOf } from "../../../../lib/json.ts";
import { printableLine } from "../../../../lib/printable.ts";
import { isThreadId, madeAt, type RolloutFile } from "../../home/places.ts";
import { type RolloutRecord, timeOf, type Unreadable } from "./record.ts";

/** Where a thread comes from. "unknown" is also what builds without a version write (nix, forks). */
export type Origin = "cli" | "exec" | "vscode" | "app" | "subagent" | "unknown";

/** A segment of a reverted thread begins where another one is cut off (0.159 and later). */
export interface HistoryBase {
  /** The id of the *rollout* that goes before (after `_` in its file's name, the thread's own id for the first one). */
  readonly rollout: string;
  /** Ordinal in that rollout, exclusive. */
  readonly endOrdinal?: number;
  /** Byte offset in that rollout, exclusive. */
  readonly endOffset?: number;
}

/** The first line of a rollout: what versions that write less leave out is absent. */
export interface RolloutHeader {
  /** The thread's id. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly created?: number;
  readonly cwd?: string;
  readonly cliVersion?: string;
  readonly origin: Origin;
  readonly modelProvider?: string;
  readonly branch?: string;
  readonly commit?: string;
  readonly forkedFrom?: string;
  /** The thread that started this one as its sub-agent. */
  readonly parent?: string;
  /** What the thread that started this one calls it: `/root/fix_tests` (since 0.144). A line for lists, of 200 characters at most. */
  readonly agentPath?: string;
  /** It reviews what another thread's agent wants to do: its prompts are Codex's, not a person's. */
  readonly isGuardian?: true;
  readonly isPaginated: boolean;
  /** What its `history_mode` says where that is neither "legacy" nor "paginated": 0.145 to 0.169 refuse the whole file for it. */
  readonly unknownMode?: string;
  /** The ordinal from which on what a sub-agent's rollout holds is its own: before it is what its parent gave it (0.148 and later). */
  readonly ownFrom?: number;
  readonly historyBase?: HistoryBase;
  /** The system prompt that the thread was begun with. */
  readonly instructions?: string;
}

/** When a thread was made, by its header or else by its file's name. */
export function createdOf(header: Pick<RolloutHeader, "created"> | undefined, file: RolloutFile): number {
  return header?.created ?? madeAt(file) ?? file.mtime;
}

/** The header that a `session_meta` payload, or the first line of a bare rollout, holds; `undefined` where it names no id. */
export function readHeader(payload: JsonObject): RolloutHeader | undefined {
  const text = (key: string, from: JsonObject = payload): string | undefined => nonEmptyString(from[key]);
  // Codex reads ids in capitals too (0.169), and writes them in small letters wherever else they stand.
  const idOf = (key: string, from?: JsonObject): string | undefined => {
    const value = text(key, from);
    return isThreadId(value) ? value.toLowerCase() : value;
  };
  const id = idOf("id");
  if (id === undefined) return undefined;
  const git = objectOf(payload["git"]);
  const subagent = objectOf(objectOf(payload["source"])["subagent"]);
  const spawned = objectOf(subagent["thread_spawn"]);
  return present<RolloutHeader>({
    id,
    created: timeOf(payload["timestamp"]),
    cwd: text("cwd"),
    cliVersion: text("cli_version"),
    origin: originOf(payload),
    modelProvider: text("model_provider"),
    branch: text("branch", git),
    commit: text("commit_hash", git),
    forkedFrom: idOf("forked_from_id"),
    parent: idOf("parent_thread_id") ?? idOf("parent_thread_id", spawned),
    agentPath: printableLine(text("agent_path") ?? "", 200) || undefined,
    isGuardian: subagent["other"] === "guardian" || undefined,
    isPaginated: payload["history_mode"] === "paginated",
    unknownMode: unknownModeIn(payload["history_mode"]),
    ownFrom: numberOf(payload["subagent_history_start_ordinal"]),
    historyBase: historyBaseIn(objectOf(payload["history_base"])),
    instructions: text("text", objectOf(payload["base_instructions"])) ?? text("instructions"),
  });
}

/** The header that a line is; `undefined` for every other line. */
export function headerOfRecord(line: RolloutRecord | Unreadable | undefined): RolloutHeader | undefined {
  return line?.readable && line.type === "session_meta" ? readHeader(line.payload) : undefined;
}

function historyBaseIn(base: JsonObject): HistoryBase | undefined {
  const rollout = nonEmptyString(base["thread_id"])?.toLowerCase();
  if (rollout === undefined) return undefined;
  return present<HistoryBase>({
    rollout,
    endOrdinal: numberOf(base["end_ordinal_exclusive"]),
    endOffset: numberOf(base["end_byte_offset"]),
  });
}

const knownModes: readonly unknown[] = [undefined, "legacy", "paginated"];

/** A line for lists, of 40 characters at most. */
function unknownModeIn(mode: unknown): string | undefined {
  return knownModes.includes(mode) ? undefined : printableLine(JSON.stringify(mode), 40);
}

function originOf({ source, originator, thread_source: by }: JsonObject): Origin {
  if (isJsonObject(source) && source["subagent"] !== undefined) return "subagent";
  if (by === "subagent") return "subagent";
  const name = typeof originator === "string" ? originator : "";
  // Who asks Codex as an MCP server is listed by it among those who ask its app server.
  if (source === "mcp" || /desktop|chrome|ws-client/iu.test(name)) return "app";
  if (source === "cli" || source === "exec" || source === "vscode") return source;
  if (/exec/iu.test(name)) return "exec";
  if (/vscode/iu.test(name)) return "vscode";
  return /codex_cli|codex-tui/iu.test(name) ? "cli" : "unknown";
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** The same without the members that are undefined. */
function present<T extends object>(value: { readonly [Member in keyof T]: T[Member] | undefined }): T {
  const found: Partial<T> = {};
  // One by one: of ten thousand headers, making lists of members takes longer than reading them.
  for (const member in value) if (value[member] !== undefined) found[member] = value[member];
  return found as T;
}
