import { isJsonObject, type JsonObject, nonEmptyString, objectOf, parseJson } from "../../../lib/json.ts";
import type { LostBase } from "../examine/lost-base.ts";
import { fittingMembers } from "../rollout/record/whole-header.ts";
import type { HistoryBase } from "../rollout/record/header.ts";
import { isThreadId, madeAt, readRolloutName } from "../home/places.ts";
import { rebuiltMark } from "../rollout/record/rebuilt.ts";

/** Where the members of a lost header come from, best first. */
export interface HeadSources {
  readonly path: string;
  /** The bytes of the broken line, where there is one. */
  readonly broken: Buffer | undefined;
  /** What Codex can read of the broken line's payload, where it is JSON. */
  readonly own?: JsonObject | undefined;
  /** A later copy of the header in the same file, whole. */
  readonly copy: JsonObject | undefined;
  /** The row of Codex's state database. */
  readonly row: JsonObject | undefined;
  /** What Codex is set to. Where its database has no row of the session, the terminal and the app of 0.130 to 0.169 refuse one without a provider. */
  readonly provider?: string | undefined;
  /** The folder that the remaining lines tell first. */
  readonly folder: string | undefined;
  /** The first timestamp of the remaining lines. */
  readonly firstTimestamp: string | undefined;
  /** What the file goes on from, as other files tell it. */
  readonly base: LostBase | undefined;
  /** Whether the remaining lines begin without envelopes (up to about 0.33): the versions that write such lines read no other header. */
  readonly isBare: boolean;
  readonly isPaginated: boolean;
  /** The lowest ordinal of the remaining lines. */
  readonly firstOrdinal: number | undefined;
  /** Of a sub-agent, or a fork, that took its parent's lines along: the parent's header, and the ordinal of the first line of its own. */
  readonly parent?: { readonly header: JsonObject; readonly ownFrom: number | undefined } | undefined;
}

/**
 * Makes the first line anew, without its ending: from what is left of it, a later copy, the state database, the file's name and the
 * remaining lines. It holds what 0.169 needs to resume (id, timestamp, cwd, originator, cli_version, source, history_mode: measured); the
 * rest Codex takes from its own configuration, the system prompt included. `undefined` when not even an id can be told.
 */
export function rebuildHead(sources: HeadSources): Buffer | undefined {
  const { broken, own = {}, copy, row = {}, isPaginated } = sources;
  const name = readRolloutName(sources.path);
  const remains = broken ? remainsOf(broken) : {};
  const base = sources.base?.base;
  const id = [copy?.["id"], name?.thread, remains["id"], row["id"]].find(isThreadId);
  if (id === undefined) return undefined;
  const made = name && madeAt(name);
  const timestamp = remains["timestamp"] ?? sources.firstTimestamp ?? new Date(made ?? 0).toISOString();
  const git = {
    commit_hash: nonEmptyString(row["git_sha"]) ?? remains["commit_hash"],
    branch: nonEmptyString(row["git_branch"]) ?? remains["branch"],
    repository_url: nonEmptyString(row["git_origin_url"]) ?? remains["repository_url"],
  };
  const told = Object.values(git).some((value) => value !== undefined) && { git };
  if (sources.isBare)
    return Buffer.from(JSON.stringify({ timestamp, instructions: null, ...told, ...copy, id }));
  const source = sourceIn(broken) ?? sourceOf(remains["source"] ?? row["source"]);
  const payload: JsonObject = {
    timestamp,
    cwd: remains["cwd"] ?? nonEmptyString(row["cwd"]) ?? sources.folder ?? sources.base?.folder ?? "/",
    originator: remains["originator"] ?? nonEmptyString(row["originator"]) ?? "codex_cli_rs",
    cli_version:
      remains["cli_version"] ?? nonEmptyString(row["cli_version"]) ?? (isPaginated ? "0.148.0" : "0.130.0"),
    source,
    model_provider: remains["model_provider"] ?? nonEmptyString(row["model_provider"]) ?? sources.provider,
    ...lineage(sources, remains, source),
    ...told,
    ...copy,
    ...own,
    id,
    ...(isPaginated ? { history_mode: "paginated" } : {}),
    ...baseIn(broken, base),
  };
  const below = sources.base?.isNone ? 0 : Math.max(0, (sources.firstOrdinal ?? 1) - 1);
  const lowest = base?.endOrdinal ?? below;
  const ordinal = isPaginated ? { ordinal: lowest } : {};
  return Buffer.from(
    JSON.stringify({ timestamp, ...ordinal, type: "session_meta", payload, ...rebuiltMark }),
  );
}

const wanted =
  /"(id|timestamp|cwd|originator|cli_version|source|model_provider|commit_hash|branch|repository_url|session_id|forked_from_id|parent_thread_id|thread_source|agent_path|agent_nickname|agent_role|multi_agent_version)"\s*:\s*("(?:[^"\\\x00-\x1f]|\\.){1,4096}")/gu;

const wantedBase =
  /"history_base"\s*:\s*(\{\s*"thread_id"\s*:\s*"[\w-]{1,64}"\s*,\s*"end_ordinal_exclusive"\s*:\s*\d{1,15}\s*,\s*"end_byte_offset"\s*:\s*\d{1,15}\s*\})/u;

const wantedSource = /"source"\s*:\s*(\{\s*"subagent"\s*:\s*\{[^{}]*(?:\{[^{}]*\})?\s*\}\s*\})/u;
const wantedStart = /"subagent_history_start_ordinal"\s*:\s*(\d{1,15})\s*[,}]/u;

/** A sub-agent's `source`, as the broken line still says it. */
function sourceIn(broken: Buffer | undefined): unknown {
  const said = wantedSource.exec(broken?.toString("utf8", 0, 2 ** 20) ?? "")?.[1] ?? "";
  const source = parseJson(said);
  const spawned = objectOf(objectOf(objectOf(source)["subagent"])["thread_spawn"]);
  const { parent_thread_id: by, depth } = spawned;
  // What else was said of the sub-agent may be what Codex can't read; the header says it, too.
  const leasts = [depth, 1].map((one) => ({
    subagent: { thread_spawn: { parent_thread_id: by, depth: one } },
  }));
  return [source, ...leasts].map((one) => fittingMembers({ source: one })["source"]).find(Boolean);
}

/**
 * Which thread this one comes from, and where what it took along from there ends: without `subagent_history_start_ordinal` 0.148 and later
 * show the parent's turns as the sub-agent's own.
 */
function lineage(
  sources: HeadSources,
  remains: Readonly<Record<string, string>>,
  source: unknown,
): JsonObject {
  const { broken, row = {}, parent, isPaginated } = sources;
  const { subagent } = objectOf(source);
  const by = objectOf(objectOf(subagent)["thread_spawn"]);
  const isAgent = subagent !== undefined;
  const start = wantedStart.exec(broken?.toString("latin1", 0, 2 ** 20) ?? "")?.[1];
  const from = start === undefined ? parent?.ownFrom : Number(start);
  const agent = (name: string): unknown =>
    remains[name] ?? nonEmptyString(by[name]) ?? nonEmptyString(row[name]);
  return fittingMembers({
    session_id: remains["session_id"] ?? (isAgent ? parent?.header["session_id"] : undefined),
    forked_from_id: remains["forked_from_id"] ?? parent?.header["id"],
    parent_thread_id: remains["parent_thread_id"] ?? by["parent_thread_id"],
    thread_source: remains["thread_source"] ?? nonEmptyString(row["thread_source"]),
    agent_path: agent("agent_path"),
    agent_nickname: agent("agent_nickname"),
    agent_role: agent("agent_role"),
    multi_agent_version: remains["multi_agent_version"],
    ...(isPaginated && isAgent && { subagent_history_start_ordinal: from }),
  });
}

/** `history_base` as the broken line still says it, or as the other files of the thread tell it. */
function baseIn(broken: Buffer | undefined, base: HistoryBase | undefined): JsonObject {
  const said = wantedBase.exec(broken?.toString("latin1", 0, 2 ** 20) ?? "")?.[1] ?? "";
  const read = parseJson(said);
  if (isJsonObject(read)) return { history_base: read };
  if (base === undefined) return {};
  const { rollout, endOrdinal, endOffset } = base;
  return {
    history_base: { thread_id: rollout, end_ordinal_exclusive: endOrdinal, end_byte_offset: endOffset },
  };
}

/** The `wanted` members that can still be read in a broken line: the first of each name, whole strings only. */
function remainsOf(broken: Buffer): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  const line = broken.subarray(0, 2 ** 20).toString("utf8");
  for (const [, key = "", value = ""] of line.matchAll(wanted)) {
    const read = parseJson(value);
    if (typeof read !== "string" || read.includes("\uFFFD") || Object.hasOwn(found, key)) continue;
    const isOdd = (key === "id" && !isThreadId(read)) || (key === "timestamp" && !isTime(read));
    if (!isOdd) found[key] = read;
  }
  return found;
}

function isTime(value: string): boolean {
  return /^\d{4}-\d\d-\d\dT/u.test(value) && !Number.isNaN(Date.parse(value));
}

/** The source as the header has it: the state database keeps one that is an object as JSON text. */
function sourceOf(value: unknown): unknown {
  if (typeof value !== "string" || value === "") return "cli";
  const parsed = parseJson(value);
  return fittingMembers({ source: isJsonObject(parsed) ? parsed : value })["source"] ?? "cli";
}
