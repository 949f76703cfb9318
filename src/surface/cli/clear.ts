import { counted } from "../../lib/words.ts";
import { printable } from "../../lib/printable.ts";
import { clearSession } from "../../runtime.ts";
import { homeFolder } from "../config.ts";
import { printJson } from "../json/print.ts";
import type { Invocation } from "./command.ts";
import { inHome } from "./in-home.ts";
import { withStore } from "./store-for.ts";
import { copiesOf, copyWords, forgetLists, isRemoved, removeBackups } from "./copies.ts";
import { findSession } from "./pick.ts";
import { relativesOf } from "./relatives.ts";
import { sameAgain } from "./same-again.ts";

/**
 * `throughline clear`: marks a session cleared, and with `--with-relatives` its relatives too. With `--scrub` it also deletes for good what
 * was said in it; the copies that stay under the home are named.
 */
export async function clear(invocation: Invocation): Promise<number> {
  const { args, options, terminal } = invocation;
  const scrub = options["scrub"] === true;
  const takesRelatives = options["withRelatives"] === true;
  const home = homeFolder(options, invocation.environment);
  return withStore(invocation, async (store) => {
    const session = await findSession(store, args[0] ?? "", invocation.environment);
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
    const all = await store.everything();
    if (scrub) troubles.push(...(await store.sweep(cleared)));
    const waiting = (await store.queued(session)).length;
    const left = relativesOf(
      all.filter(({ id }) => cleared.includes(id)),
      all,
    ).map((relative) => relative.session.id);
    const staying = copies.filter((copy) => !(takesRelatives && isRemoved(copy)));
    for (const trouble of troubles)
      terminal.err(
        `${printable(trouble)}. Run it again: ${sameAgain(invocation, `clear ${session} --scrub`)}\n`,
      );
    if (options["json"] === true) {
      printJson<"clear">(terminal, {
        session,
        scrubbed: scrub,
        cleared,
        waiting,
        left: [...left, ...staying.map(({ path }) => path)],
        troubles,
      });
    } else {
      const name = meant[0]?.name;
      const named = name === undefined ? "" : `, its name "${printable(name)}" too`;
      const done = scrub
        ? `is scrubbed: only its metadata is kept${named}`
        : "is cleared: its log keeps what was said";
      const next = inHome(invocation, `throughline resume ${session} "…"`);
      terminal.out(`session ${session} ${done}. Begin anew: ${next}\n`);
      if (waiting > 0) terminal.err(`${counted(waiting, "follow-up")} still waiting in it\n`);
      for (const id of left)
        terminal.err(
          inHome(
            invocation,
            `session ${id} holds some of it too, and was left: throughline clear ${id}${scrub ? " --scrub" : ""}\n`,
          ),
        );
      for (const copy of staying)
        terminal.err(`left ${printable(copy.path)}: ${printable(inHome(invocation, copyWords(copy)))}\n`);
    }
    return troubles.length === 0 ? 0 : 1;
  });
}
