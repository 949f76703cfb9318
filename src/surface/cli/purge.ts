import { systemClock } from "../../lib/clock.ts";
import { counted } from "../../lib/words.ts";
import { printable } from "../../lib/printable.ts";
import { Failure, isFailure, isFailureOf } from "../../failure.ts";
import { catalogue } from "../../failure/catalogue.ts";
import type { ListedSession, SessionStore } from "../../store.ts";
import { headOf } from "../../store/chain.ts";
import { homeFolder } from "../config.ts";
import type { Outputs } from "../json/outputs.ts";
import { printJson } from "../json/print.ts";
import { placeOf } from "../place.ts";
import type { Invocation } from "../command/command.ts";
import { type Copy, forgetLists, removeBackups } from "../copies.ts";
import { inHome } from "../command/in-home.ts";
import { type Left, type Plan, planOf } from "./purge-plan.ts";
import { failureLine } from "../command/failure-words.ts";
import { sameAgain } from "./same-again.ts";
import { sessionLines } from "./session-table.ts";
import { withStore } from "../store-for.ts";

/** `throughline delete`: deletes the named sessions without asking. */
export function deleteSessions(invocation: Invocation): Promise<number> {
  return withStore(invocation, async (store) => carryOut(invocation, store, await planOf(invocation, store)));
}

/** `throughline purge`: deletes this workspace's sessions, or the named ones, if the person agrees; otherwise says what it would delete (R11). */
export function purge(invocation: Invocation): Promise<number> {
  const { options, terminal, signal } = invocation;
  return withStore(invocation, async (store) => {
    const plan = await planOf(invocation, store);
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

/**
 * Deletes the plan's sessions one after the other. Sessions in use are left and named. Interrupted in the middle, it can be run again: the
 * last of the plan goes first, because relatives are found only by way of what comes before them there.
 */
async function carryOut(invocation: Invocation, store: SessionStore, plan: Plan): Promise<number> {
  const { options, environment, signal } = invocation;
  const removed: ListedSession[] = [];
  const left = [...plan.left];
  const gone = left.flatMap((each) => (each.isGone ? [each.session] : []));
  const byId = new Map(plan.chosen.map((session) => [session.id, session]));
  const takesRelatives = options["withRelatives"] === true;
  // Even if no session is left to delete: an earlier run may have been cut off before it came to this.
  const troubles = forgetLists(homeFolder(options, environment));
  for (const session of plan.chosen.toReversed()) {
    if (signal.aborted) break;
    const head = headOf(session, byId);
    // Asked now: the plan may be older by the time that a person took to agree to it.
    if (head !== session && (await isInUse(store, head.id))) {
      left.push({ session: session.id, why: `it goes on in session ${session.successor}, which stays` });
      continue;
    }
    try {
      // Backups first: only the session says that they are its own, so a run that is cut off here still finds them next time.
      if (takesRelatives) troubles.push(...(await removeBackupsOf(store, session.id, plan.copies)));
      await store.remove(session.id, { sweep: false });
      removed.unshift(session);
    } catch (error) {
      if (!isFailure(error)) throw error;
      // Another process has removed it meanwhile.
      if (error.class === "session-missing") {
        gone.push(session.id);
        continue;
      }
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

async function isInUse(store: SessionStore, id: string): Promise<boolean> {
  try {
    return (await store.holder(id)).state === "held";
  } catch (error) {
    // Another process has removed it meanwhile.
    if (isFailureOf(error, "session-missing")) return false;
    throw error;
  }
}

/** The exit status for a named session that couldn't be deleted; `undefined` where there is none. */
function exitOf(left: readonly Left[]): number | undefined {
  const failed = left.find(({ failure }) => failure)?.failure;
  return failed && catalogue[failed.class].exit;
}

/** Removes the backups of a session, unless it is in use and stays. Resolves to what could not be removed, one line each. */
async function removeBackupsOf(store: SessionStore, id: string, copies: readonly Copy[]): Promise<string[]> {
  const own = copies.filter(({ of }) => of === id);
  if (own.length === 0 || (await isInUse(store, id))) return [];
  return removeBackups(own);
}

interface Report {
  removed: ListedSession[];
  /** Ids of sessions that were gone already: something may be left of them under no name of a session. */
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
