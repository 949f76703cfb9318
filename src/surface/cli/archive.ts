import { type Failure, isFailure } from "../../failure.ts";
import { catalogue } from "../../failure/catalogue.ts";
import { archive } from "../../runtime/archive.ts";
import type { Outputs } from "../json/outputs.ts";
import { printJson } from "../json/print.ts";
import type { Invocation } from "../command/command.ts";
import { inHome } from "../command/in-home.ts";
import { findSession } from "../pick.ts";
import { failureLine } from "../command/failure-words.ts";
import { withStore } from "../store-for.ts";

export const archiveSessions = (invocation: Invocation): Promise<number> => put(invocation, true);

export const unarchiveSessions = (invocation: Invocation): Promise<number> => put(invocation, false);

/**
 * Puts each session that the arguments name out of the list, or into it. A failure is told, and the other sessions still have their turn; the
 * exit status is that of the first failure.
 */
function put(invocation: Invocation, archived: boolean): Promise<number> {
  const { args, options, terminal, environment } = invocation;
  const isJson = options["json"] === true;
  return withStore(invocation, async (store) => {
    const told: Outputs["archive"]["sessions"] = [];
    let first: Failure | undefined;
    for (const reference of args) {
      try {
        const session = await findSession(store, reference, environment);
        await archive(store, session, archived);
        told.push({ session, archived });
        const became = archived
          ? `is archived; bring it back with: throughline unarchive ${session}`
          : "is in the list again";
        if (!isJson) terminal.out(`${inHome(invocation, `session ${session} ${became}`)}\n`);
      } catch (error) {
        if (!isFailure(error)) throw error;
        first ??= error;
        const failure = { class: error.class, message: inHome(invocation, error.message) };
        told.push({ session: reference, error: failure });
        terminal.err(failureLine(failure));
      }
    }
    if (isJson) printJson<"archive">(terminal, { sessions: told });
    return first ? catalogue[first.class].exit : 0;
  });
}
