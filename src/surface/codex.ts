import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { Failure, isFailureOf } from "../failure.ts";
import { printableLine } from "../lib/printable.ts";
import { isSystemError } from "../lib/system.ts";
import { readWorkspace } from "../agent/workspace.ts";
import { findThreads, hasRollout, threadAt } from "../foreign/codex/takeover/find.ts";
import {
  type ImportOptions,
  importThread,
  type Kept,
  type TakenOver,
} from "../foreign/codex/takeover/import.ts";
import {
  type Thread,
  type ThreadPlace,
  toldWorkspace,
  unknownIssuer,
} from "../foreign/codex/takeover/import-plan.ts";
import { longestLine } from "../foreign/codex/rollout/bytes/lines.ts";
import { codexHome, listRollouts, type RolloutFile } from "../foreign/codex/home/places.ts";
import { lastRepairAt } from "../foreign/codex/repair/journal.ts";
import { codexSettings } from "../foreign/codex/home/settings.ts";
import { isUnknownKind } from "../foreign/codex/rollout/record/skipped.ts";
import { TakenNotes } from "../foreign/codex/takeover/taken-notes.ts";
import { isJsonObject } from "../lib/json.ts";
import { bytesWords, counted, quoted } from "../lib/words.ts";
import { issuerOf } from "../provider/wire/issuer.ts";
import type { Workspace } from "../session/event.ts";
import type { SessionStore } from "../store.ts";
import type { Config } from "./config.ts";
import { Unseen } from "./unseen.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The one Codex thread that a person means by an id, its beginning, a name or a path; `undefined` when there is none. `unseen` gets what
 * couldn't be looked at. Throws `session-ambiguous`.
 */
export async function findThread(
  environment: Environment,
  reference: string,
  unseen?: Unseen,
): Promise<Thread | undefined> {
  const isPath = /[\\/]|\.jsonl?(?:\.zst)?$/u.test(reference);
  if (isPath && isThere(reference)) return threadAt(reference);
  const [only, ...others] = await findThreads(codexHome(environment), reference, unseen?.note);
  if (others.length === 0) return only;
  const matches = [only!, ...others].map(({ file }) => file.thread);
  const more = matches.length > mostNamed ? ` and ${matches.length - mostNamed} more` : "";
  throw new Failure(
    "session-ambiguous",
    `"${printableLine(reference)}" matches ${matches.length} Codex sessions: ${matches.slice(0, mostNamed).join(", ")}${more}. Give more of the id; which is which: throughline sessions --codex --all`,
    { reference, matches },
  );
}

/** How many of the threads are named that a reference may mean. */
const mostNamed = 5;

/** Whether the path exists. Throws where missing permissions keep that from being seen: "there is none" would be wrong then. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (isSystemError(error) && error.code !== "EACCES") return false;
    throw error;
  }
}

/** What a takeover works with. `onBytes`: told how far the rollout is read, in bytes. */
export interface TakingOver {
  readonly store: SessionStore;
  readonly config: Config;
  readonly environment: Environment;
  readonly onBytes?: (read: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Takes a thread over, or what is new of it, into a session that goes on with the provider of the configuration, and notes how its files
 * stood before they were read: what Codex appends meanwhile counts as new the next time.
 */
export async function takeOver(
  taking: TakingOver,
  thread: Thread,
  options: ImportOptions = {},
): Promise<TakenOver> {
  const files = filesOf(taking.environment, thread.file.thread);
  const taken = await takenOver(taking, thread, options);
  // What a fork goes on from is another thread's: a repair of that may bring something back, too.
  const before = thread.lineage.segments.flatMap(({ file }) =>
    file.thread === thread.file.thread ? [] : [file],
  );
  if (options.as === undefined) notesOf(taking).put(thread.file.thread, [...files, ...before]);
  return taken;
}

const notesOf = ({ config }: Pick<TakingOver, "config">): TakenNotes =>
  new TakenNotes(join(config.home, "cache"));

const filesOf = (environment: Environment, thread: string, note?: Unseen["note"]): RolloutFile[] =>
  listRollouts(codexHome(environment), note).filter((file) => file.thread === thread);

function takenOver(
  { store, config, environment, onBytes, signal }: TakingOver,
  thread: Thread,
  options: ImportOptions,
): Promise<TakenOver> {
  const providers = codexProviders(environment);
  const kind = config.providers[config.provider]?.kind;
  // The thread's model is kept only where the provider is of the same maker: another one wouldn't know its name.
  const isSameMaker = kind === "responses" || kind === "simulator";
  return importThread(
    {
      store,
      mendedAt: (path) => lastRepairAt(config.home, path),
      mended: async (path) => {
        // Imported here: only a damaged rollout needs the code of repairs, and every resume waits for what is loaded.
        const { mendedCopy } = await import("../foreign/codex/repair/mended-copy.ts");
        return mendedCopy(path, config.home, signal);
      },
      issuer: (provider = "openai") => providers.get(provider) ?? unknownIssuer(provider),
      settings: ({ model, effort }) => {
        const isOwn = config.chosen.has("model") || !isSameMaker || model === undefined;
        const chosen =
          config.chosen.has("effort") || !isSameMaker ? config.effort : (effort ?? config.effort);
        return {
          provider: config.provider,
          model: isOwn ? config.model : model,
          ...(chosen !== undefined && { effort: chosen }),
          approval: config.approval,
          instructionsHash: "",
        };
      },
      asked: Object.fromEntries(
        (["provider", "model", "effort", "approval"] as const)
          .filter((name) => config.chosen.has(name))
          .map((name) => [name, config[name]]),
      ),
      workspace: workspaceOf,
      ...(signal && { signal }),
      ...(onBytes && { onBytes }),
    },
    thread,
    options,
  );
}

/**
 * Takes over the Codex session that a person means by the reference, or what it has got since it was taken over before, and resolves to the
 * session to go on with. `undefined` when the reference means no Codex session. `say` gets one line about what was taken. `keep`: the
 * session stays owned by this process and comes back as `kept`, so that resuming it needn't read it again.
 */
export async function takeOverMeant(
  taking: TakingOver,
  reference: string,
  say: (line: string) => void,
  { keep }: { keep: boolean },
): Promise<{ id: string; kept?: Kept } | undefined> {
  const { environment } = taking;
  const [only, ...others] = await taking.store.find(reference);
  if (others.length > 0) return undefined;
  if (only !== undefined) {
    const unseen = new Unseen();
    const isCodexs = hasRollout(codexHome(environment), only, unseen.note);
    const files = isCodexs ? filesOf(environment, only, unseen.note) : [];
    if (files.length === 0) {
      const words = unseen.words();
      if (words !== "" && notesOf(taking).has(only))
        say(
          `Codex session ${only} isn't found, and what it may have got since isn't taken over. ${words.trimEnd()}`,
        );
      return undefined;
    }
    if (notesOf(taking).isKnown(only, files)) return { id: only };
  }
  const thread = await findThread(environment, only ?? reference);
  if (!thread) return undefined;
  const taken = await takeOver(taking, thread, { keep }).catch((error: unknown) => {
    // An own session that was scrubbed doesn't say any more that it was taken over: it is meant as it is.
    if (only !== undefined && isFailureOf(error, "usage")) return undefined;
    throw error;
  });
  if (!taken) return undefined;
  if (taken.did !== "same") say(takenWords(thread, taken));
  if (taken.did === "moved-on" && only !== undefined) return { id: only };
  return { id: taken.id, ...(taken.kept && { kept: taken.kept }) };
}

/** What became of the thread, and what of it could not be taken, in one line. */
export function takenWords(
  { file, lineage: { trouble } }: Thread,
  { id, did, items, left, fresh, isMended }: TakenOver,
): string {
  const broken = Object.entries(left)
    .filter(([why]) => unreadable.has(why))
    .reduce((sum, [, count]) => sum + count, 0);
  const long = left["too-long"] ?? 0;
  const unknown = Object.keys(left).filter(isUnknownKind);
  const lost = [
    isMended
      ? `; it is damaged, and was read as its repair would leave it: throughline doctor ${quoted(file.path)}`
      : "",
    left["broken-archive"] !== undefined
      ? `; the compressed file can't be unpacked to its end, and what it held there is missing: throughline doctor ${quoted(file.path)}`
      : "",
    broken > 0
      ? `; ${counted(broken, "line")} could not be read: throughline doctor ${quoted(file.path)}`
      : "",
    long > 0
      ? `; in the place of ${counted(long, "line")} of more than ${bytesWords(longestLine)} words stand that say so`
      : "",
    unknown.length > 0
      ? `; nothing is taken of lines of ${counted(unknown.length, "kind")} that nobody here knows: ${unknown.slice(0, 4).join(", ")}`
      : "",
  ].join("");
  switch (did) {
    case "made":
    case "remade":
      return `took over ${counted(items, "item")} of Codex session ${file.thread}${did === "remade" ? " anew, because its rollout says otherwise now" : ""}; ${file.path} stays as it is${lost}${trouble === undefined ? "" : `; the history before it is missing: ${trouble}`}`;
    case "grown":
      return `took over ${counted(items, "item")} that Codex session ${file.thread} has got since${lost}`;
    case "same":
      return `Codex session ${file.thread} holds nothing new`;
    case "moved-on":
      return `Codex session ${file.thread} ${fresh > 0 ? `has ${counted(fresh, "byte")} more than session ${id} took over; both have gone on since` : `was repaired, written anew or cut short since session ${id} took it over, and ${id} holds what isn't there`}, so that nothing of it was taken. Take it over as a session of its own with: throughline import --new ${quoted(file.path)}`;
  }
}

const unreadable: ReadonlySet<string> = new Set(["json", "nul", "not-an-object", "git-lfs"]);

/** The workspace as it is today, or, where the folder is gone or on another machine, as the rollout's header describes it. */
async function workspaceOf(place: ThreadPlace): Promise<Workspace> {
  const { cwd = "" } = place;
  return cwd !== "" && existsSync(cwd) ? readWorkspace(cwd) : toldWorkspace(place);
}

/**
 * The issuer of each provider in Codex's own configuration that takes its key from the environment. The same URL and key are the same issuer
 * for Throughline's providers, so that what was sealed for Codex is sent back. For other providers the issuer can't be known: their seals
 * stay in the log and are never sent.
 */
function codexProviders(environment: Environment): Map<string, string> {
  const found = new Map<string, string>();
  const { model_providers: providers } = codexSettings(codexHome(environment));
  if (!isJsonObject(providers)) return found;
  for (const [name, provider] of Object.entries(providers)) {
    if (!isJsonObject(provider)) continue;
    const { base_url: url, env_key: variable } = provider;
    const key = typeof variable === "string" ? environment[variable] : undefined;
    if (typeof url === "string" && URL.canParse(url) && key) found.set(name, issuerOf(url, key));
  }
  return found;
}
