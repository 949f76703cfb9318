import { systemClock } from "../../lib/clock.ts";
import { uuidv7Time } from "../../lib/ids.ts";
import { counted, quoted } from "../../lib/words.ts";
import { printable } from "../../lib/printable.ts";
import { Failure, isFailure, isFailureOf } from "../../failure.ts";
import { catalogue } from "../../failure/catalogue.ts";
import type { ListedSession, SessionStore } from "../../store.ts";
import { headOf } from "../../store/chain.ts";
import type { Outputs } from "../json/outputs.ts";
import { printJson } from "../json/print.ts";
import { isInside, isTogether, type Place } from "../../session/place.ts";
import { placeOf } from "../place.ts";
import { ageOf } from "./age.ts";
import type { Invocation } from "./command.ts";
import { withStore } from "./store-for.ts";
import { homeFolder } from "../config.ts";
import { findSession } from "./pick.ts";
import { type Copy, copiesOf, copyWords, forgetLists, isRemoved, removeBackups } from "./copies.ts";
import { failureLine } from "./report-error.ts";
import { type Relative, relativesOf } from "./relatives.ts";
import { inHome } from "./in-home.ts";
import { sameAgain } from "./same-again.ts";
import { sessionLines } from "./session-table.ts";
import { straysOf } from "./strays.ts";

/** What a deletion would delete, and what it would leave although it might be meant. */
interface Plan {
  chosen: ListedSession[];
  /** Sessions that stay: related ones, those in use, and those that may not belong here. */
  left: Left[];
  /** Files that hold the words of sessions that were taken over from Codex. */
  copies: Copy[];
}

/** A plan before the copies have been looked for. */
type Choice = Omit<Plan, "copies">;

interface Left {
  session: string;
  why: string;
  failure?: Failure;
  /** There is no session with this id. An earlier run may have removed it, and been cut off before what lists remember of it was removed. */
  isGone?: true;
  /** What is said instead once the session `of` is deleted, which no command can name any more. */
  alone?: { of: string; why: string };
}

/** `throughline delete`: deletes the named sessions without asking. */
export function deleteSessions(invocation: Invocation): Promise<number> {
  return withStore(invocation, async (store) => {
    const { args } = invocation;
    const plan = await withCopies(invocation, store, await namedPlan(invocation, store, args));
    return carryOut(invocation, store, plan);
  });
}

/** `throughline purge`: deletes this workspace's sessions, or the named ones, if the person agrees; otherwise says what it would delete (R11). */
export function purge(invocation: Invocation): Promise<number> {
  const { args, options, terminal, signal } = invocation;
  return withStore(invocation, async (store) => {
    const choice =
      args.length > 0
        ? await namedPlan(invocation, store, args)
        : workspacePlan(invocation, await store.everything(), systemClock.now());
    const plan = await withCopies(invocation, store, choice);
    if (options["dryRun"] === true) return tell(invocation, plan);
    if (options["yes"] === true || plan.chosen.length === 0) return carryOut(invocation, store, plan);
    if (!terminal.ask) return tell(invocation, plan);
    terminal.err(await planText(invocation, plan));
    const question = `Delete ${counted(plan.chosen.length, "session")} for good?`;
    if (await terminal.ask(question, signal)) return carryOut(invocation, store, plan);
    terminal.err("Nothing was deleted.\n");
    return 0;
  });
}

async function namedPlan(
  { options, environment }: Invocation,
  store: SessionStore,
  references: readonly string[],
): Promise<Choice> {
  if (options["all"] === true || options["olderThan"] !== undefined) {
    throw new Failure(
      "usage",
      "--all and --older-than choose sessions; name sessions or let them be chosen. Nothing was deleted.",
      {},
    );
  }
  const ids = new Set<string>();
  const left: Left[] = [];
  for (const reference of references) {
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
  // A successor before its predecessor: when the successor has to stay, so does the predecessor.
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

/** Deletes the plan's sessions one after the other. Sessions in use are left and named. Interrupted in the middle, it can be run again. */
async function carryOut(invocation: Invocation, store: SessionStore, plan: Plan): Promise<number> {
  const { options, environment, signal } = invocation;
  const removed: ListedSession[] = [];
  const left = [...plan.left];
  const gone = left.flatMap((each) => (each.isGone ? [each.session] : []));
  const stays = new Set<string>();
  const takesRelatives = options["withRelatives"] === true;
  // Even if no session is left to delete: an earlier run may have been cut off before it came to this.
  const troubles = forgetLists(homeFolder(options, environment));
  for (const session of plan.chosen) {
    if (signal.aborted) break;
    if (session.successor !== undefined && stays.has(session.successor)) {
      stays.add(session.id);
      left.push({ session: session.id, why: `it goes on in session ${session.successor}, which stays` });
      continue;
    }
    try {
      // Backups first: only the session says that they are its own, so a run that is cut off here still finds them next time.
      if (takesRelatives) troubles.push(...(await removeBackupsOf(store, session.id, plan.copies)));
      await store.remove(session.id, { sweep: false });
      removed.push(session);
    } catch (error) {
      if (!isFailure(error)) throw error;
      // Another process has removed it meanwhile, or it lost its name here and can't be emptied.
      if (error.class === "session-missing") {
        gone.push(session.id);
        continue;
      }
      stays.add(session.id);
      left.push({ session: session.id, why: error.message, failure: error });
    }
  }
  troubles.push(...(await store.sweep([...removed.map(({ id }) => id), ...gone])));
  const deleted = new Set(removed.map(({ id }) => id));
  const told = left.map((each) =>
    each.alone && deleted.has(each.alone.of) ? { ...each, why: each.alone.why } : each,
  );
  report(invocation, { removed, gone, left: told, troubles });
  if (signal.aborted) throw new Failure("cancelled", "Interrupted. To delete the rest, run it again.", {});
  return exitOf(left) ?? (troubles.length === 0 ? 0 : 1);
}

/** The exit status for a named session that couldn't be deleted; `undefined` where there is none. */
function exitOf(left: readonly Left[]): number | undefined {
  const failed = left.find(({ failure }) => failure)?.failure;
  return failed && catalogue[failed.class].exit;
}

/** Removes the backups of a session, unless it is in use and stays. Resolves to what could not be removed, one line each. */
async function removeBackupsOf(store: SessionStore, id: string, copies: readonly Copy[]): Promise<string[]> {
  const own = copies.filter(({ of }) => of === id);
  if (own.length === 0 || (await store.holder(id)).state === "held") return [];
  return removeBackups(own);
}

interface Report {
  removed: ListedSession[];
  /** Ids of sessions that were gone already, or of which something is left under no name of a session. */
  gone: string[];
  left: Left[];
  troubles: string[];
}

function report(invocation: Invocation, { removed, gone, left, troubles }: Report): void {
  const { args, options, terminal } = invocation;
  // By id, because a removed session has no name any more.
  const ids = [...removed.map(({ id }) => id), ...gone].join(" ");
  const again = args.length > 0 && ids !== "" ? `delete ${ids}` : undefined;
  for (const trouble of troubles)
    terminal.err(`${printable(trouble)}. Run it again: ${sameAgain(invocation, again)}\n`);
  if (options["json"] === true) {
    const deleted = removed.map(({ id, bytes }) => ({ session: id, bytes }));
    printJson<"purge">(terminal, {
      dryRun: false,
      deleted,
      left: left.map((each) => leftJson(invocation, each)),
      troubles,
    });
    return;
  }
  for (const { id, bytes } of removed) terminal.out(`deleted session ${id} (${bytes} bytes)\n`);
  if (removed.length === 0) terminal.out("No session was deleted.\n");
  terminal.err(inHome(invocation, left.map(leftLine).join("")));
}

async function tell(invocation: Invocation, plan: Plan): Promise<number> {
  const { options, terminal } = invocation;
  if (options["json"] === true) {
    const would = plan.chosen.map(({ id, bytes, holder }) => ({
      session: id,
      bytes,
      ...(holder && { holder }),
    }));
    printJson<"purge">(terminal, {
      dryRun: true,
      wouldDelete: would,
      left: plan.left.map((each) => leftJson(invocation, each)),
    });
  } else {
    const how = options["dryRun"] === true ? "--yes in place of --dry-run" : "--yes";
    const next = plan.chosen.length > 0 ? `Nothing was deleted. To do it: the same with ${how}\n` : "";
    terminal.out(`${await planText(invocation, plan)}${next}`);
  }
  return exitOf(plan.left) ?? 0;
}

async function planText(invocation: Invocation, { chosen, left }: Plan): Promise<string> {
  const [now, here] = [systemClock.now(), placeOf(invocation.folder)];
  const room = invocation.terminal.screen?.output.columns;
  const would = "would delete ";
  const columns = room && { columns: room - would.length };
  const lines = (await sessionLines(chosen, { here, now, ...columns })).map((line) => `${would}${line}\n`);
  if (chosen.length === 0) lines.push("There is no session to delete.\n");
  return [...lines, ...left.map((each) => inHome(invocation, leftLine(each)))].join("");
}

function leftLine({ session, why, failure, isGone: gone }: Left): string {
  if (gone) return `${session}: ${why}\n`;
  // A reference that means no session isn't "left": the failure alone is told.
  if (failure && isFailureOf(failure, "session-missing", "session-ambiguous")) return failureLine(failure);
  return `left ${printable(session)}: ${failure ? failureLine(failure) : `${printable(why)}\n`}`;
}

function leftJson(invocation: Invocation, { session, why, failure }: Left): Outputs["purge"]["left"][number] {
  return { session, why: inHome(invocation, why), ...(failure && { class: failure.class }) };
}
