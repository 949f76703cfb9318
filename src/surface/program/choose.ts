import { Failure } from "../../failure.ts";
import { readConfig } from "../config.ts";
import type { Screen } from "../command/terminal.ts";
import type { Invocation } from "../command/command.ts";
import { progress } from "../cli/progress.ts";

/**
 * Lets the person pick one of this workspace's sessions (`--all`: of every workspace), where there is more than one (R8); one of
 * Codex's where there is no own one yet. "none": there is nothing to pick from. "left": the person left the picker.
 * Throws `cancelled` after Ctrl-C.
 */
export async function chooseSession(
  invocation: Invocation,
  screen: Screen,
): Promise<{ kind: "chosen"; id: string } | { kind: "none" | "left" }> {
  const { terminal, options, folder, environment, signal } = invocation;
  const { pickSession } = await import("../tui/pick-session.ts");
  const { firstRows, openShelves } = await import("../tui/picker-source.ts");
  const { shelves, close } = openShelves(invocation, readConfig(options, environment, folder));
  const reading = progress(terminal);
  try {
    const rows = await firstRows(shelves, options["all"] === true ? undefined : shelves.here, (read, total) =>
      reading.show(read, total, "sessions read"),
    );
    reading.clear();
    const others = rows.everywhere ? 0 : rows.elsewhere;
    // One of Codex's is picked, too: going on with it takes it over.
    if (rows.rows.length < (rows.codex ? 1 : 2) && others === 0) return { kind: "none" };
    const picked = await pickSession(terminal, screen, { ...shelves, rows, signal });
    if (picked.kind === "picked") return { kind: "chosen", id: picked.row.id };
    if (picked.kind === "left") return { kind: "left" };
    throw new Failure("cancelled", "Interrupted. Nothing was changed.", {});
  } finally {
    reading.clear();
    await close();
  }
}
