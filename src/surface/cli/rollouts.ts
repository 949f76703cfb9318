import { type Dirent, existsSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { Failure, isFailureOf } from "../../failure.ts";
import { printableLine } from "../../lib/printable.ts";
import { isSystemError, systemWords } from "../../lib/system.ts";
import {
  codexHome,
  countsAmong,
  pathKnownTo,
  readRolloutName,
  whereIs,
} from "../../foreign/codex/home/places.ts";
import { homeFolder, openStore } from "../config.ts";
import { Unseen } from "../unseen.ts";
import type { Invocation } from "../command/command.ts";
import { findSession } from "../pick.ts";

/** What an argument of `doctor` or `repair` means. */
export type Meant = { kind: "rollouts"; paths: string[] } | { kind: "own"; id: string };

/**
 * What an argument means: the rollout of a file, id or name, the rollouts in a folder (a Codex home too), or else one of Throughline's own
 * sessions. `onUnreadable` is told of folders that can't be read. Throws `session-missing`, `session-ambiguous` or `usage`.
 */
export async function meantBy(
  word: string,
  invocation: Invocation,
  onUnreadable: (path: string, why: string) => void = () => {},
): Promise<Meant> {
  const { options, environment } = invocation;
  try {
    return { kind: "rollouts", paths: await rolloutsOf(word, invocation, onUnreadable) };
  } catch (error) {
    if (!isFailureOf(error, "session-missing")) throw error;
    const { store } = openStore({ home: homeFolder(options, environment) });
    try {
      return { kind: "own", id: await findSession(store, word, environment) };
    } catch (second) {
      throw isFailureOf(second, "session-missing") ? error : second;
    } finally {
      await store.close();
    }
  }
}

async function rolloutsOf(
  word: string,
  { environment, folder }: Invocation,
  onUnreadable: (path: string, why: string) => void,
): Promise<string[]> {
  const home = codexHome(environment);
  const named = resolve(folder, word);
  const path = /\.jsonl(?:\.zst)?$/u.test(word) ? (whereIs(named) ?? named) : named;
  // An empty argument, as of a variable that isn't set, must not mean the current folder.
  const stat = word === "" ? undefined : statOf(word, path);
  if (stat?.isDirectory()) return rolloutsIn(path, home, onUnreadable);
  if (stat?.isFile()) return [pathKnownTo(home)(path)];
  // Reading a pipe could wait for ever, and a device like /dev/zero has no end.
  if (stat)
    throw new Failure(
      "usage",
      `${printableLine(path)} is neither a file nor a folder. Name a rollout, or a folder of them: throughline doctor ~/.codex/sessions`,
      {},
    );
  return [await findRollout(word, environment, home)];
}

/** A single word can still be an id where the current folder can't be looked into (`sudo -u` in another's home): nothing, not EACCES. */
function statOf(word: string, path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (isSystemError(error) && error.code === "EACCES" && !word.includes(sep)) return undefined;
    throw error;
  }
}

/** Every rollout in a folder and below, however they are arranged. */
function rolloutsIn(
  folder: string,
  home: string,
  onUnreadable: (path: string, why: string) => void,
): string[] {
  const found: string[] = [];
  const folders = [folder];
  // Real paths of the folders seen, because links may lead in circles.
  const seen = new Set<string>();
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    const real = realpathSync(at);
    if (seen.has(real)) continue;
    seen.add(real);
    for (const entry of entriesOf(at, onUnreadable)) {
      const path = join(at, entry.name);
      const is = entry.isSymbolicLink() ? ledTo(path, onUnreadable) : kindOf(entry);
      // A link that leads to a folder above isn't followed: it could bring in a whole disk.
      if (is === "folder" && (entry.isDirectory() || !isWithin(folder, path))) folders.push(path);
      else if (is === "file" && readRolloutName(entry.name)) found.push(path);
    }
  }
  const known = pathKnownTo(home);
  return found
    .filter(countsAmong(found))
    .map((path) => (existsSync(path) ? known(path) : path))
    .sort();
}

/** Whether `folder` is `other` or lies in it. */
function isWithin(folder: string, other: string): boolean {
  const [inner, outer] = [folder, other].map((path) => join(realpathSync(path), sep));
  return inner!.startsWith(outer!);
}

/** "other": pipes, devices and the like, which are never read. */
const kindOf = (entry: Pick<Dirent, "isDirectory" | "isFile">): "folder" | "file" | "other" =>
  entry.isDirectory() ? "folder" : entry.isFile() ? "file" : "other";

/** What a link leads to. A link that leads nowhere is told to `onUnreadable`. */
function ledTo(path: string, onUnreadable: (path: string, why: string) => void): ReturnType<typeof kindOf> {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? "file" : kindOf(stat);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    onUnreadable(path, systemWords(error));
    return "other";
  }
}

function entriesOf(folder: string, onUnreadable: (path: string, why: string) => void): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    onUnreadable(folder, systemWords(error));
    return [];
  }
}

/** The path of the rollout of the thread with this id, beginning of an id, or name. Throws `session-missing` or `session-ambiguous`. */
async function findRollout(
  reference: string,
  environment: Invocation["environment"],
  home: string,
): Promise<string> {
  // Imported here, because a file or a folder needs none of what a takeover does.
  const { findThread } = await import("../codex.ts");
  const unseen = new Unseen();
  const thread = await findThread(environment, reference, unseen);
  if (thread) return pathKnownTo(home)(thread.file.path);
  throw new Failure(
    "session-missing",
    `Nothing is called "${printableLine(reference)}": no file, and no session of that id or name, of Codex's under ${home} or of Throughline's own. ${unseen.words()}See what there is: throughline sessions --codex --all`,
    { reference, nearest: [] },
  );
}
