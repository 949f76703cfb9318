import { undoRotation } from "../../runtime/rotation.ts";
import { printJson } from "../json/print.ts";
import type { Invocation } from "../command/command.ts";
import { inHome } from "../command/in-home.ts";
import { withStore } from "../store-for.ts";
import { findSession } from "../pick.ts";

/** `throughline undo`: takes a rotation back, so that its predecessor goes on. The successor stays on disk. */
export async function undo(invocation: Invocation): Promise<number> {
  const { args, options, terminal } = invocation;
  return withStore(invocation, async (store) => {
    const { session, successor } = await undoRotation(
      store,
      await findSession(store, args[0] ?? "", invocation.environment),
    );
    const told = `session ${session} is back with what is queued; ${successor} is kept, and is listed no more. Go on with: throughline resume ${session}`;
    if (options["json"] === true) printJson<"undo">(terminal, { session, successor });
    else terminal.out(`${inHome(invocation, told)}\n`);
    return 0;
  });
}
