import { Failure, isFailure, isFailureOf } from "../../failure.ts";
import { systemClock } from "../../lib/clock.ts";
import { uuidv7Time } from "../../lib/ids.ts";
import { quoted } from "../../lib/words.ts";
import { isInside, isTogether, type Place } from "../../session/place.ts";
import type { ListedSession, SessionStore } from "../../store.ts";
import { headOf } from "../../store/chain.ts";
import { homeFolder } from "../config.ts";
import { placeOf } from "../place.ts";
import { ageOf } from "./age.ts";
import type { Invocation } from "../command/command.ts";
import { type Copy, copiesOf, copyWords, isRemoved } from "../copies.ts";
import { findSession } from "../pick.ts";
import { type Relative, relativesOf } from "../relatives.ts";
import { straysOf } from "./strays.ts";

/** What a deletion would delete, and what it would leave although it might be meant. */
export interface Plan {
  /** A successor before its predecessor; relatives after all others, each after the session by way of which it was found. */
  chosen: ListedSession[];
  /** Sessions that stay: related ones, those in use, and those that may not belong here. */
  left: Left[];
  /** Files that hold the words of sessions that were taken over from Codex. */
  copies: Copy[];
}

/** A plan before the copies have been looked for. */
type Choice = Omit<Plan, "copies">;

/** What stays, and why: a session by its id or by what was given for it, or the path of a copy. */
export interface Left {
  session: string;
  why: string;
  failure?: Failure;
  /** There is no session with this id. An earlier run may have removed it, and been cut off before what lists remember of it was removed. */
  isGone?: true;
  /** What is said instead once the session `of` is deleted, which no command can name any more. */
  alone?: { of: string; why: string };
}

/** The plan for the sessions that the arguments name, or, where they name none, for this workspace's. Throws `usage`. */
export async function planOf(invocation: Invocation, store: SessionStore): Promise<Plan> {
  const choice =
    invocation.args.length > 0
      ? await namedPlan(invocation, store)
      : workspacePlan(invocation, await store.everything(), systemClock.now());
  return withCopies(invocation, store, choice);
}

async function namedPlan({ args, options, environment }: Invocation, store: SessionStore): Promise<Choice> {
  if (options["all"] === true || options["olderThan"] !== undefined) {
    throw new Failure(
      "usage",
      "--all and --older-than choose sessions; name sessions or let them be chosen. Nothing was deleted.",
      {},
    );
  }
  const ids = new Set<string>();
  const left: Left[] = [];
  for (const reference of args) {
    try {
      ids.add(await findSession(store, reference, environment));
    } catch (error) {
      if (!isFailure(error)) throw error;
      const gone = isFailureOf(error, "session-missing") && (await isGone(reference, environment));
      left.push(
        gone
          ? { session: reference, why: goneWords, failure: error, isGone: true }
          : { session: reference, why: error.message, failure: error },
      );
    }
  }
  const all = await store.everything();
  return withRelatives(
    options,
    all.filter(({ id }) => ids.has(id)),
    all,
    left,
  );
}

// Not "is deleted": the id may also be of a session in another home.
const goneWords = "no session here has this id (any more). See what there is: throughline sessions --all";

/** Whether the reference is a complete id that no session has, of Codex's neither. A name or the beginning of an id may be a mistake. */
async function isGone(reference: string, environment: Invocation["environment"]): Promise<boolean> {
  if (uuidv7Time(reference) === undefined) return false;
  const { findThread } = await import("../codex.ts");
  return (await findThread(environment, reference)) === undefined;
}

/**
 * The plan for the workspace's sessions, predecessors of rotations included. Lists also show sessions of the repository's other worktrees
 * and of folders above; those are not deleted, and named as staying. With `--older-than`, only sessions whose latest successor has rested
 * for so long.
 */
function workspacePlan({ options, folder }: Invocation, all: ListedSession[], now: number): Choice {
  const olderThan = options["olderThan"];
  const age = typeof olderThan === "string" ? ageOf(olderThan) : undefined;
  const here = placeOf(folder);
  const left: Left[] = [];
  // Without an age also what was written "in an hour", by a clock that was ahead.
  const isOld = ({ updated }: ListedSession): boolean => age === undefined || now - updated >= age;
  const isWanted = ({ workspace }: ListedSession): boolean =>
    options["all"] === true || isOfHere(workspace, here);
  const own = all.filter((session) => {
    const { id, trouble, created, workspace } = session;
    const isReadable = trouble === undefined || created > 0 || (options["all"] === true && (age ?? 0) === 0);
    if (isReadable && isWanted(session)) return true;
    if (isReadable && !(isTogether(workspace, here) && isOld(session))) return false;
    const why = !isReadable
      ? "it can't be read, so that nobody knows where it belongs and how old it is"
      : workspace.path === ""
        ? "its log doesn't say where it belongs"
        : `it is of ${relationTo(here, workspace)}, ${workspace.path}`;
    left.push({ session: id, why: `${why}; delete it with: throughline delete ${id}` });
    return false;
  });
  const byId = new Map(all.map((session) => [session.id, session]));
  const chosen = own.filter((session) => isOld(session) && isOld(headOf(session, byId)));
  return withRelatives(options, chosen, all, left);
}

/** Whether it works in this folder or below it, or in the same worktree. */
function isOfHere({ path, gitRoot }: Place, here: Place): boolean {
  return (path !== "" && isInside(path, here.path)) || (gitRoot !== undefined && gitRoot === here.gitRoot);
}

/** What the folder of a session that a list shows here, and that is not of here, is to this one. */
function relationTo(here: Place, { path, gitCommon }: Place): string {
  if (isInside(here.path, path)) return "a folder above this one";
  return gitCommon !== undefined && gitCommon === here.gitCommon
    ? "another worktree of this repository"
    : "a repository around this folder";
}

function withRelatives(
  options: Invocation["options"],
  chosen: readonly ListedSession[],
  all: readonly ListedSession[],
  left: Left[],
): Choice {
  const relatives = relativesOf(chosen, all);
  const ordered = [...chosen].sort((a, b) => (a.id < b.id ? 1 : -1));
  if (options["withRelatives"] === true)
    return { chosen: [...ordered, ...relatives.map(({ session }) => session)], left };
  return { chosen: ordered, left: [...left, ...relatives.map(relativeLeft)] };
}

async function withCopies(invocation: Invocation, store: SessionStore, choice: Choice): Promise<Plan> {
  const ids = choice.chosen.map(({ id }) => id);
  const copies = await copiesOf(store, homeFolder(invocation.options, invocation.environment), ids);
  const staying = copies.filter((copy) => !(invocation.options["withRelatives"] === true && isRemoved(copy)));
  const left = staying.map((copy) => ({
    session: copy.path,
    why: copyWords(copy),
    ...(isRemoved(copy) && {
      alone: { of: copy.of, why: `the backup of a repair; remove it with: rm -r ${quoted(copy.path)}` },
    }),
  }));
  return { ...choice, left: [...choice.left, ...left, ...straysLeft(invocation, ids)], copies };
}

/** Copies that a tool made, which are of no session that is known. */
function straysLeft({ options, environment, args }: Invocation, ids: readonly string[]): Left[] {
  const isEverything = args.length === 0 && options["all"] === true && options["olderThan"] === undefined;
  if (!isEverything && ids.length === 0) return [];
  const strays = straysOf(homeFolder(options, environment), isEverything ? undefined : ids);
  const what =
    "it is not Throughline's own, but a copy that a tool made, it seems (one that syncs, say), and may hold what was said";
  return strays.map(({ path, isShared }) => ({
    session: path,
    why: isShared
      ? `${what} there, and in other sessions`
      : `${what}; look, and remove it with: rm -r ${quoted(path)}`,
  }));
}

function relativeLeft({ session, of, relation }: Relative): Left {
  const { id } = session;
  return {
    session: id,
    why: `${relation} holds some of what session ${of} holds; take it along with --with-relatives`,
    alone: {
      of,
      why: `${relation} holds some of what session ${of} held; delete it with: throughline delete ${id}`,
    },
  };
}
