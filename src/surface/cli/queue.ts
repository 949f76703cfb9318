import { systemClock } from "../../lib/clock.ts";
import { risingIds } from "../../lib/ids.ts";
import { printableLine } from "../../lib/printable.ts";
import { ago, counted } from "../../lib/words.ts";
import { Failure, isFailureOf } from "../../failure.ts";
import type { FollowUpMode } from "../../session/follow-up.ts";
import type { DeadFollowUp, FollowUp, QueuedFollowUp, SessionStore } from "../../store.ts";
import { noSessionIn } from "../../store/damage.ts";
import { holdsNothing } from "../../session/history.ts";
import { historyOf } from "../../store/fold.ts";
import { printJson } from "../json/print.ts";
import { answer } from "./answer.ts";
import type { Invocation } from "../command/command.ts";
import { resumeCommand } from "../command/go-on.ts";
import { inHome } from "../command/in-home.ts";
import { readPrompt } from "../command/prompt.ts";
import { withSession } from "../store-for.ts";

const nextId = risingIds(() => systemClock.now());

/** `throughline queue`: leaves a follow-up for a session, which may be at work in another process. It is durable when this resolves. */
export async function queue(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const text = await readPrompt(invocation, args[1]);
  if (text === undefined)
    throw new Failure(
      "usage",
      'queue needs a text: throughline queue SESSION "…", or - for standard input.',
      {},
    );
  return withSession(invocation, async (store, id) => {
    const mode: FollowUpMode = options["steer"] === true ? "steer" : "followup";
    const followUp: FollowUp = { id: nextId(), at: systemClock.now(), text, mode };
    if (!(await isReadable(store, id))) throw noSessionIn(id, `Nothing was queued: the log of session ${id}`);
    // Asked before: once it is queued, nothing may fail any more, lest it is queued again.
    const head = await store.head(id);
    const waiting = (await store.queued(head)).length + 1;
    const holder = await store.holder(head);
    const session = await store.queue(id, followUp);
    // What is queued at rest is delivered as soon as the command has ended, where the session is open.
    const isOpen = invocation.here?.session === session;
    const atRest = isOpen ? "" : ` Deliver it with: ${resumeCommand(session, "go-on")}`;
    const running =
      mode === "steer"
        ? " The running turn takes it at its next step."
        : " The process that works in the session delivers it.";
    const when = holder.state === "free" || !holder.owner ? atRest : running;
    answer<"queue">(
      invocation,
      { session, followUp: followUp.id, mode, waiting },
      `queued ${followUp.id} for session ${session} (${waiting} waiting).${when}`,
    );
    return 0;
  });
}

/** Whether the session's log can be read at all: a follow-up for a session that nobody can resume would wait for ever. */
async function isReadable(store: SessionStore, id: string): Promise<boolean> {
  try {
    return !holdsNothing(await historyOf(store, id));
  } catch (error) {
    // The newer version that wrote it can read it, and will deliver the follow-up.
    if (isFailureOf(error, "schema-newer")) return true;
    throw error;
  }
}

/** `throughline queue list`: what waits, in order, and what can't be delivered or read. */
export function queueList(invocation: Invocation): Promise<number> {
  const { options, terminal } = invocation;
  return withSession(invocation, async (store, session) => {
    const queued = await store.queued(session);
    const dead = await store.buried(session);
    const unreadable = await store.unreadable(session);
    if (options["json"] === true) {
      printJson<"queue list">(terminal, { session, queued, dead, unreadable });
      return 0;
    }
    const now = systemClock.now();
    const lines = [
      ...queued.map((followUp) => waitingLine(followUp, now)),
      ...dead.map((followUp) => deadLine(followUp, now)),
      ...unreadable.map(({ id, path }) => `${id}  unreadable  ${printableLine(path, 300)}`),
    ];
    if (lines.length === 0) lines.push(`Nothing is queued for session ${session}.`);
    if (dead.length + unreadable.length > 0)
      lines.push(
        `What can't be delivered is kept; put it away with: ${inHome(invocation, `throughline queue drop ${session} ID`)}`,
      );
    terminal.out(`${lines.join("\n")}\n`);
    return 0;
  });
}

/** `throughline queue drop`: removes a follow-up that waits, is dead or can't be read; not one that is being delivered. */
export function queueDrop(invocation: Invocation): Promise<number> {
  const reference = (invocation.args[1] ?? "").toLowerCase();
  return withSession(invocation, async (store, session) => {
    const queued = await store.queued(session);
    const known = [...queued, ...(await store.buried(session)), ...(await store.unreadable(session))];
    const found = known.filter(({ id }) => reference !== "" && id.startsWith(reference));
    const [only] = found;
    if (!only || found.length > 1) {
      const how = only ? `matches ${counted(found.length, "follow-up")}` : "is none of them";
      const hint = `See what waits: throughline queue list ${session}`;
      throw new Failure(
        "usage",
        `Nothing was dropped: "${printableLine(reference, 60)}" ${how}. ${hint}`,
        {},
      );
    }
    const begun = queued.find(({ id }) => id === only.id)?.begun ?? 0;
    const isDelivered = begun > 0 && (await store.holder(session)).state === "held";
    if (isDelivered || !(await store.dequeue(session, only.id))) {
      const why = `Follow-up ${only.id} is delivered already, or is being delivered.`;
      throw new Failure("usage", `${why} See: throughline show ${session}`, {});
    }
    answer<"queue drop">(invocation, { session, followUp: only.id }, `dropped ${only.id}`);
    return 0;
  });
}

function waitingLine({ id, at, text, mode, begun }: QueuedFollowUp, now: number): string {
  const tried = begun > 0 ? ` · begun ${begun}×` : "";
  return `${id}  ${mode.padEnd("followup".length)}  ${ago(now - at)}${tried}  ${printableLine(text, 80)}`;
}

function deadLine({ id, at, text, why }: DeadFollowUp, now: number): string {
  return `${id}  dead      ${ago(now - at)}  ${printableLine(text, 80)} (${why})`;
}
