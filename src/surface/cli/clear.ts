import { counted } from "../../lib/words.ts";
import { printable } from "../../lib/printable.ts";
import { clearSession } from "../../runtime.ts";
import { printJson } from "../json/print.ts";
import { packageVersion } from "../version.ts";
import type { Invocation } from "./command.ts";
import { storeFor } from "./store-for.ts";
import { findSession } from "./pick.ts";
import { relativesOf } from "./relatives.ts";

/** Begins anew in a session; with `--scrub` no byte of what was said in it is left under the home, but in its forks, which are named. */
export async function clear(invocation: Invocation): Promise<number> {
  const { args, options, terminal } = invocation;
  const scrub = options["scrub"] === true;
  const { store } = storeFor(invocation);
  try {
    const session = await findSession(store, args[0] ?? "");
    const cleared = await clearSession(store, session, { version: packageVersion(), scrub });
    const all = await store.everything();
    const troubles = scrub ? await store.sweep() : [];
    const waiting = (await store.queued(session)).length;
    const left = relativesOf(
      all.filter(({ id }) => cleared.includes(id)),
      all,
    ).map((relative) => relative.session.id);
    for (const trouble of troubles)
      terminal.err(`${printable(trouble)}. Run it again: throughline clear ${session} --scrub\n`);
    if (options["json"] === true) {
      printJson<"clear">(terminal, { session, scrubbed: scrub, cleared, waiting, left, troubles });
    } else {
      const done = scrub
        ? "is scrubbed: only its metadata is kept"
        : "is cleared: its log keeps what was said";
      terminal.out(`session ${session} ${done}. Begin anew: throughline resume ${session} "…"\n`);
      if (waiting > 0) terminal.err(`${counted(waiting, "follow-up")} still waiting in it\n`);
      for (const id of left)
        terminal.err(`session ${id} holds some of it too, and was left: throughline clear ${id}\n`);
    }
    return troubles.length === 0 ? 0 : 1;
  } finally {
    await store.close();
  }
}
