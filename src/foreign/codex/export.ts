import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { uuidv7 } from "../../lib/ids.ts";
import { isJsonObject, parseJson } from "../../lib/json.ts";
import { drop, type OnLeft, writeNew } from "../../lib/place.ts";
import type { ReplayContract } from "../../replay/contract.ts";
import { openai } from "../../replay/contracts/openai.ts";
import { sentCallId, sentElements } from "../../replay/element.ts";
import { flag } from "../../replay/flag.ts";
import { project } from "../../replay/project.ts";
import { type BodyRef, isPrompt, type ItemRecord, type LogRecord } from "../../session/event.ts";
import { advance, createHistory } from "../../session/history.ts";
import { isCallKind, isFurtherOutput, isOutputKind } from "../../session/item.ts";
import type { SessionStore } from "../../store.ts";
import { itemsOf } from "../../session/items.ts";
import { visibleItems } from "../../store/visible-items.ts";
import { codexHome, homeOf, rolloutPath } from "./home/places.ts";
import { chosenProvider } from "./home/settings.ts";
import { RolloutWriter } from "./rollout/write.ts";

/** Where a session is written to: into a Codex home, under the name that Codex itself would give it, or to a file of any name. */
export type ExportTarget = { readonly codexHome: string } | { readonly path: string };

/** A rollout that a session was written to. */
export interface ExportedThread {
  /** The id under which Codex resumes it: a new one, each time. */
  readonly thread: string;
  readonly path: string;
  readonly bytes: number;
  /** How many items stayed behind: sealed reasoning, and what only one program or provider knows. */
  readonly left: number;
}

/**
 * Writes the visible history of a session as a new rollout, which every Codex since 0.36 resumes: messages, calls, and an output for each
 * call. The file is its owner's alone, and there whole or not at all. The session is only read, and needs no lease. `onLeft` is told of each
 * file that was made for it and can't be removed. Throws `session-missing`, and what the file system refuses as it is (`EEXIST` where a
 * file is already).
 */
export async function exportThread(
  store: SessionStore,
  session: string,
  target: ExportTarget,
  onLeft: (path: string) => void = () => {},
): Promise<ExportedThread> {
  const now = Date.now();
  const thread = uuidv7(now);
  const writer = new RolloutWriter();
  const path = "path" in target ? target.path : rolloutPath(target.codexHome, thread, now);
  const home = "path" in target ? (homeOf(path) ?? codexHome({})) : target.codexHome;
  const lines = exportedLines(store, session, thread, writer, chosenProvider(home));
  const draft = "path" in target ? undefined : draftIn(target.codexHome, thread, now, onLeft);
  const bytes = await writeNew(path, lines, onLeft, draft);
  return { thread, path, bytes, left: writer.left };
}

const draftName = /^\.throughline-[\da-f-]+\.new$/u;
/** No export takes so long between two writes; milliseconds. */
const abandonedMs = 3_600_000;

/**
 * The file that a new rollout of a Codex home is until it is whole: above the folders of the days, of which none is looked into again. What
 * exports that were killed have left there is removed; `onLeft` is told of what can't be.
 */
export function draftIn(home: string, thread: string, now: number, onLeft: OnLeft): string {
  const folder = join(home, "sessions");
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const left = join(folder, name);
    const written = draftName.test(name) ? statSync(left, { throwIfNoEntry: false })?.mtimeMs : undefined;
    if (written !== undefined && now - written > abandonedMs) drop(left, onLeft);
  }
  return join(folder, `.throughline-${thread}.new`);
}

/** The lines of a session's rollout, each with its newline, as they are written with `writer`, for Codex to go on with `provider`. */
export async function* exportedLines(
  store: SessionStore,
  session: string,
  thread: string,
  writer: RolloutWriter,
  provider: string,
): AsyncGenerator<string, undefined> {
  const history = createHistory();
  await store.read(session, { record: (record: LogRecord) => advance(history, record) });
  const { workspace, settings, created } = history;
  const { gitBranch: branch, gitCommit: commit } = workspace;
  yield writer.begin({
    id: thread,
    created,
    cwd: workspace.path,
    ...(branch !== undefined && { branch }),
    ...(commit !== undefined && { commit }),
    model: settings.model,
    ...(settings.effort !== undefined && { effort: settings.effort }),
    provider,
    version: store.version,
  });
  const visible = await visibleItems(store, session);
  const isAsked = visible.some((record) => record.event.type === "item-added" && isPrompt(record));
  let last = created;
  for await (const { record, item } of itemsOf(placed(visible), (refs) => store.bodies(session, refs))) {
    const { at, call, isOpen } = record;
    const parsed = parseJson(Buffer.from(item).toString("utf8"));
    last = at;
    if (isJsonObject(parsed)) yield writer.item(parsed, at, { isAsked, ...(call !== undefined && { call }) });
    if (isOpen && call !== undefined) yield writer.answer(call, at);
  }
  yield writer.end(last);
  return undefined;
}

/** Calls whose ids every provider takes, for Codex may go on with any; what else is left out or changed, the writer knows. */
const exported: ReplayContract = { ...openai, sealed: "replay", callIds: "word" };

/** An item that is written, with the id of its call where it is one, or an output. */
interface Placed {
  readonly body: BodyRef;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly call?: string;
  /** A call that has no output. */
  readonly isOpen: boolean;
}

/** The items in the order in which a request would send them: each output behind its call's step, and no item twice. */
function placed(visible: readonly ItemRecord[]): Placed[] {
  const sent = project(exported, { issuer: "", quarantines: [] }, visible).snapshot();
  /** By its own id, the one with which the latest call of a custom tool is written: a request says a further output of it in words. */
  const custom = new Map<string, string>();
  return Array.from(sentElements(sent)).flatMap(([element, index]) => {
    if (element !== "item") return [];
    const { body, event } = sent.items[index]!;
    const { kind, call: own = "", name } = event;
    const isOfCall = isCallKind(kind) || isOutputKind(kind);
    const isOpen = (sent.flags[index]! & flag.answered) !== 0;
    const isFurther = (sent.flags[index]! & flag.note) !== 0 && isFurtherOutput(kind, name);
    const call = (isFurther ? custom.get(own) : undefined) ?? sentCallId(sent, index);
    if (kind === "custom_tool_call") custom.set(own, call);
    return { body, at: event.at, isOpen, ...(isOfCall && { call }) };
  });
}
