import { counted } from "../../lib/words.ts";
import { printable } from "../../lib/printable.ts";
import { clearSession } from "../../runtime/clear.ts";
import { homeFolder } from "../config.ts";
import { answer } from "./answer.ts";
import type { Invocation } from "../command/command.ts";
import { goOnWords } from "../command/go-on.ts";
import { inHome } from "../command/in-home.ts";
import { withSession } from "../store-for.ts";
import { type Copy, copiesOf, copyWords, forgetLists, isRemoved, removeBackups } from "../copies.ts";
import { relativesOf } from "../relatives.ts";
import { sameAgain } from "./same-again.ts";

/**
 * `throughline clear`: marks a session cleared, and with `--with-relatives` its relatives too. With `--scrub` it also deletes for good what
 * was said in it; the copies that stay under the home are named.
 */
export async function clear(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const scrub = options["scrub"] === true;
  const takesRelatives = options["withRelatives"] === true;
  const home = homeFolder(options, invocation.environment);
  return withSession(invocation, async (store, session) => {
    const before = await store.everything();
    const meant = before.filter(({ id }) => id === session);
    const relatives = takesRelatives ? relativesOf(meant, before).map((relative) => relative.session.id) : [];
    const copies = scrub ? await copiesOf(store, home, [session, ...relatives]) : [];
    const troubles = scrub ? forgetLists(home) : [];
    const cleared: string[] = [];
    for (const id of [session, ...relatives]) {
      if (cleared.includes(id)) continue;
      // Before the session itself, because a scrubbed log no longer says what it was taken over from.
      const own = copies.filter(({ of }) => of === id);
      if (takesRelatives && (await store.holder(id)).state === "free") troubles.push(...removeBackups(own));
      cleared.push(...(await clearSession(store, id, { scrub })));
    }
    if (scrub) troubles.push(...(await store.sweep(cleared)));
    const waiting = (await store.queued(session)).length;
    const left = relativesOf(
      before.filter(({ id }) => cleared.includes(id)),
      before,
    ).map((relative) => relative.session.id);
    const staying = copies.filter((copy) => !(takesRelatives && isRemoved(copy)));
    tell(invocation, {
      session,
      name: meant[0]?.name,
      scrubbed: scrub,
      cleared,
      waiting,
      left,
      staying,
      troubles,
    });
    return troubles.length === 0 ? 0 : 1;
  });
}

/** What became of a session that was to be cleared. */
interface Cleared {
  session: string;
  name: string | undefined;
  scrubbed: boolean;
  /** Ids of the sessions that were cleared with it, its own the first. */
  cleared: string[];
  /** Follow-ups that wait in it. */
  waiting: number;
  /** Ids of related sessions that were left as they are. */
  left: string[];
  /** Files that hold some of what was said, and stay. */
  staying: Copy[];
  /** What could not be removed, one line each. */
  troubles: string[];
}

function tell(invocation: Invocation, done: Cleared): void {
  const { terminal, options } = invocation;
  const { session, name, scrubbed, cleared, waiting, left, staying, troubles } = done;
  for (const trouble of troubles)
    terminal.err(
      `${printable(trouble)}. Run it again: ${sameAgain(invocation, `clear ${session} --scrub`)}\n`,
    );
  const named = name === undefined ? "" : `, its name "${name}" too`;
  const became = scrubbed
    ? `is scrubbed: only its metadata is kept${named}`
    : "is cleared: its log keeps what was said";
  answer<"clear">(
    invocation,
    { session, scrubbed, cleared, waiting, left: [...left, ...staying.map(({ path }) => path)], troubles },
    `session ${session} ${became}. Begin anew: ${goOnWords(invocation.here, session, "other-words")}`,
  );
  if (options["json"] === true) return;
  if (waiting > 0) terminal.err(`${counted(waiting, "follow-up")} still waiting in it\n`);
  for (const id of left)
    terminal.err(
      inHome(
        invocation,
        `session ${id} holds some of it too, and was left: throughline clear ${id}${scrubbed ? " --scrub" : ""}\n`,
      ),
    );
  for (const copy of staying)
    terminal.err(`left ${printable(copy.path)}: ${printable(inHome(invocation, copyWords(copy)))}\n`);
}
