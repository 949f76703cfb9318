import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { isoTime } from "../../../lib/date.ts";
import { isSystemError, ownFolder, systemWords } from "../../../lib/system.ts";

/** What the name of a rollout's file says. */
export interface RolloutName {
  /** The thread's id. */
  readonly thread: string;
  /** The id of this file's rollout: the thread's or, for a later segment of a reverted thread, the one after `_`. */
  readonly rollout: string;
  /** Local date and time at which it was made, as written: `2026-11-20T20-58-19`; "" where the name doesn't say. */
  readonly made: string;
  readonly form: "jsonl" | "jsonl.zst" | "json";
}

/** A rollout's file, with what its name and the file system say of it. */
export interface RolloutFile extends RolloutName {
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since 1970, with fractions. */
  readonly mtime: number;
  readonly archived: boolean;
}

/** The folders of a home that rollouts lie in. */
const folders = ["sessions", "archived_sessions"] as const;
const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const threadId = new RegExp(`^${uuid}$`, "iu");
const dateText = "\\d{4}-\\d\\d-\\d\\d(?:T\\d\\d-\\d\\d-\\d\\d)?";
const ids = `(${uuid})(?:_(${uuid}))?`;
const ending = `\\.(jsonl|jsonl\\.zst|json)$`;
const codexName = new RegExp(`^rollout-(${dateText})-${ids}${ending}`, "iu");
const ownName = new RegExp(`^rollout-${dateText}-${ids}\\.jsonl(?:\\.zst)?$`, "u");
/**
 * Programs that fork or convert sessions put something else before the id (`…T10-00-00.123Z-<id>`, no time at all), and those that copy
 * and sync files something behind it (`…-<id> (1).jsonl`, `…-<id>.sync-conflict-….jsonl`).
 */
const anyName = new RegExp(`^rollout-(${dateText})?(?:.*-)?${ids}.*?${ending}`, "iu");
const idAtEnd = new RegExp(`${uuid}${ending}`, "iu");
const longestEnd = "01a1fac6-9157-7f13-933f-78cca4bbbb53.jsonl.zst".length;

/** Whether a value from a file is a thread's id. Anything else could lead paths and database names that are made of it astray. */
export function isThreadId(value: unknown): value is string {
  return typeof value === "string" && threadId.test(value);
}

/**
 * `rollout-2026-11-20T20-58-19-<thread>[_<rollout>].jsonl[.zst]`, or `rollout-2025-05-02-<id>.json` of the first versions. Codex looks for
 * the id, and resumes what has something else around it, too (0.130; 0.169 not where the lines have ordinals).
 */
export function readRolloutName(path: string): RolloutName | undefined {
  const name = basename(path);
  const found = codexName.exec(name) ?? anyName.exec(name);
  if (!found) return undefined;
  const [, made, thread, rollout, form] = found;
  return {
    thread: thread!.toLowerCase(),
    rollout: (rollout ?? thread)!.toLowerCase(),
    made: made ?? "",
    form: form!.toLowerCase() as RolloutName["form"],
  };
}

/** Whether a file's name is of the form that Codex gives it, letter by letter. */
export function isCodexName(path: string): boolean {
  return ownName.test(basename(path));
}

/** A file's path without the links that lead to it; as it is where there is no such file. */
export const behindLinks = (path: string): string => (existsSync(path) ? realpathSync(path) : resolve(path));

/** Whether a rollout's name says that it is a copy: something stands behind the id. */
export function isCopy(path: string): boolean {
  return !idAtEnd.test(path.slice(-longestEnd));
}

/** The name that Codex gives the file of a thread that was made at this time, by local time. */
export function rolloutFile(thread: string, made: number): string {
  const local = isoTime(made - new Date(made).getTimezoneOffset() * 60_000).slice(0, 19);
  return `rollout-${local.replaceAll(":", "-")}-${thread}.jsonl`;
}

/** Where a home has the file of a thread that is made at this time. */
export function rolloutPath(home: string, thread: string, made: number): string {
  const file = rolloutFile(thread, made);
  const [date] = file.slice("rollout-".length).split("T") as [string];
  return join(home, "sessions", ...date.split("-"), file);
}

/** The file that a compressed rollout is unpacked to: beside it, without `.zst`. Any other path as it is. */
export function plainPath(path: string): string {
  return path.endsWith(".zst") ? path.slice(0, -".zst".length) : path;
}

/** The compressed file that a rollout is unpacked from. */
export function packedPath(path: string): string {
  return `${path}.zst`;
}

/**
 * Where a rollout's file is: at its path, or, where it was packed or unpacked since, beside that, under the name of its other form.
 * `undefined` where no file is. Throws what the file system says of a folder that can't be looked into.
 */
export function whereIs(path: string): string | undefined {
  const other = path.endsWith(".jsonl") ? packedPath(path) : plainPath(path);
  return [path, other].find((one) => statSync(one, { throwIfNoEntry: false })?.isFile());
}

/** `$CODEX_HOME`, else `~/.codex`. */
export function codexHome(env: Readonly<Record<string, string | undefined>>): string {
  const named = env["CODEX_HOME"];
  return named === undefined || named === "" ? join(ownFolder(), ".codex") : resolve(named);
}

/** Milliseconds since 1970 of the name's date, which is local time without its zone; `undefined` where it is no date. */
export function madeAt({ made }: RolloutName): number | undefined {
  const [date, time] = made.split("T");
  const at = Date.parse(`${date}T${time?.replaceAll("-", ":") ?? "00:00:00"}`);
  return Number.isNaN(at) ? undefined : at;
}

/**
 * Every rollout of a home, those of `archived_sessions` included, in no order, as far as they count (`countsAmong`). What can't be looked
 * at is told to `onUnreadable` and passed over; no home at all has none. Links are followed, to folders too, as Codex does, but each folder
 * is looked through once, and none that holds the home itself.
 *
 * Synchronous: 10,000 files take a tenth of the time that they take through the thread pool.
 */
export function listRollouts(
  home: string,
  onUnreadable: (path: string, why: string) => void = () => {},
): RolloutFile[] {
  const found: RolloutFile[] = [];
  const roots = folders.map((folder) => join(home, folder));
  // Most homes have no link, and are asked for nothing.
  const seen = { roots, linked: undefined };
  for (const [nth, root] of roots.entries()) walk(root, { isArchived: nth > 0, seen }, found, onUnreadable);
  const counts = countsAmong(found.map(({ path }) => path));
  return found.filter(({ path }) => counts(path));
}

/**
 * Which of the rollouts that were found count: not the compressed form beside the plain one, as in Codex (0.169), and no copy beside the
 * rollout itself.
 */
export function countsAmong(paths: readonly string[]): (path: string) => boolean {
  const isDoubtful = (path: string): boolean => path.endsWith(".zst") || isCopy(path);
  if (!paths.some(isDoubtful)) return () => true;
  const all = new Set(paths);
  const inFolder = (path: string): string => join(dirname(path), readRolloutName(path)?.rollout ?? "");
  const own = new Set(paths.filter((path) => !isCopy(path)).map(inFolder));
  return (path) =>
    !(path.endsWith(".zst") && all.has(plainPath(path))) && !(isCopy(path) && own.has(inFolder(path)));
}

interface Walk {
  readonly isArchived: boolean;
  readonly seen: { readonly roots: readonly string[]; linked: string[] | undefined };
}

const isWithin = (path: string, folder: string): boolean =>
  `${path}${sep}`.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);

/** Whether the folder that a link leads to is one that is looked through anyway, or was before. */
function isSeen(path: string, { seen }: Walk): boolean {
  const real = realpathSync(path);
  seen.linked ??= seen.roots.flatMap((root) => (existsSync(root) ? [realpathSync(root)] : []));
  // A link to a folder above the home's own would bring in everything there, and list the home once more.
  const isAround = seen.roots.some((root) => existsSync(root) && isWithin(realpathSync(root), real));
  if (isAround || seen.linked.some((each) => isWithin(real, each))) return true;
  seen.linked.push(real);
  return false;
}

function walk(
  folder: string,
  walking: Walk,
  found: RolloutFile[],
  onUnreadable: (path: string, why: string) => void,
): void {
  const attempt = <T>(path: string, look: () => T): T | undefined => {
    try {
      return look();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (error.code !== "ENOENT") onUnreadable(path, systemWords(error));
      return undefined;
    }
  };
  const entries = attempt(folder, () => readdirSync(folder, { withFileTypes: true }));
  for (const entry of entries ?? []) {
    const path = `${folder}${sep}${entry.name}`;
    const isFolder =
      entry.isDirectory() ||
      (entry.isSymbolicLink() &&
        attempt(path, () => statSync(path).isDirectory() && !isSeen(path, walking)) === true);
    if (isFolder) walk(path, walking, found, onUnreadable);
    else {
      const named = readRolloutName(entry.name);
      const stat = named && attempt(path, () => statSync(path));
      if (!named || !stat?.isFile()) continue;
      const { size: bytes, mtimeMs: mtime } = stat;
      found.push({ ...named, path, bytes, mtime, archived: walking.isArchived });
    }
  }
}

/** The home that a rollout lies in: the folder above `sessions` or `archived_sessions`. */
export function homeOf(path: string): string | undefined {
  for (let at = dirname(path); at !== dirname(at); at = dirname(at))
    if (folders.some((folder) => basename(at) === folder)) return dirname(at);
  return undefined;
}

/** Whether a rollout of the home lies with the archived ones. */
export function isArchived(path: string, home: string): boolean {
  return path.startsWith(join(home, "archived_sessions") + sep);
}

/** Whether a file, by its path without links, lies in a home. */
export function isInHome(real: string, home: string): boolean {
  return ["", ...folders].some((folder) => {
    const path = join(home, folder);
    return existsSync(path) && real.startsWith(realpathSync(path) + sep);
  });
}

/**
 * Gives the one path by which a rollout is known: without the links that lead to its home, but with those in it (a sessions folder that is
 * on another disk, a rollout that is a link), because by it the home's locks and databases are found. `home`: the Codex home in use, whose
 * folders may be links to where the rollout lies; without it a rollout's own home is asked for its links once. There has to be a file.
 */
export function pathKnownTo(home?: string): (path: string) => string {
  const roots = (home === undefined ? [] : folders).flatMap((folder) => {
    const path = join(home!, folder);
    return existsSync(path)
      ? [{ real: realpathSync(path) + sep, known: join(realpathSync(home!), folder) }]
      : [];
  });
  const realHomes = new Map<string, string>();
  return (path) => {
    const whole = resolve(path);
    const around = homeOf(whole);
    if (roots.length > 0 || around === undefined) {
      const real = realpathSync(path);
      const root = roots.find((each) => real.startsWith(each.real));
      if (root) return join(root.known, real.slice(root.real.length));
      if (around === undefined) return real;
    }
    const realHome = realHomes.get(around) ?? realpathSync(around);
    realHomes.set(around, realHome);
    return join(realHome, relative(around, whole));
  };
}
