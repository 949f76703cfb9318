import { Failure } from "../../failure.ts";
import { openStore, readConfig } from "../config.ts";
import { placeOf } from "../place.ts";
import type { Invocation } from "../command/command.ts";
import { inHome } from "../command/in-home.ts";
import { progress } from "../cli/progress.ts";

/**
 * Lets the person pick one of this workspace's sessions (`--all`: of every workspace), where there is a terminal and more than one session
 * (R8); one of Codex's where there is no own one yet. "none": there is no session, or no terminal. "left": the person left the picker.
 * Throws `cancelled` after Ctrl-C.
 */
export async function chooseSession(
  invocation: Invocation,
): Promise<{ kind: "chosen"; id: string } | { kind: "none" | "left" }> {
  const { terminal, options, folder, signal } = invocation;
  const { screen } = terminal;
  if (!screen || options["json"] === true) return { kind: "none" };
  const { pickSession } = await import("../tui/pick-session.ts");
  const { firstRows } = await import("../tui/picker-source.ts");
  const { environment } = invocation;
  const config = readConfig(options, environment, folder);
  // What is being changed when the picker ends, and waits for another host's owner, isn't changed any more.
  const ended = new AbortController();
  const { store } = openStore(config, { signal: AbortSignal.any([signal, ended.signal]) });
  const reading = progress(terminal);
  try {
    const here = placeOf(folder);
    const codex = { environment, home: config.home };
    const tell = (words: string): string => inHome(invocation, words);
    const rows = await firstRows(
      { store, codex, tell },
      options["all"] === true ? undefined : here,
      (read, total) => reading.show(read, total, "sessions read"),
    );
    reading.clear();
    const others = rows.everywhere ? 0 : rows.elsewhere;
    // One of Codex's is picked, too: going on with it takes it over.
    if (rows.rows.length < (rows.codex ? 1 : 2) && others === 0) return { kind: "none" };
    const picked = await pickSession(terminal, screen, {
      store,
      here,
      codex,
      tell,
      rows,
      signal,
    });
    if (picked.kind === "picked") return { kind: "chosen", id: picked.row.id };
    if (picked.kind === "left") return { kind: "left" };
    throw new Failure("cancelled", "Interrupted. Nothing was changed.", {});
  } finally {
    reading.clear();
    ended.abort();
    await store.close();
  }
}
