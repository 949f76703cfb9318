import { quoted } from "../../lib/words.ts";
import { note } from "../../runtime/note.ts";
import { answer } from "./answer.ts";
import type { Invocation } from "../command/command.ts";
import { resumeCommand } from "../command/go-on.ts";
import { checkName } from "../pick.ts";
import { withSession } from "../store-for.ts";

/** `throughline name`: names a session. A name that another session has is refused. */
export function name(invocation: Invocation): Promise<number> {
  const given = invocation.args[1] ?? "";
  return withSession(invocation, async (store, session) => {
    await checkName(store, given, session);
    let before: string | undefined;
    await note(store, session, "naming it", (history) => {
      before = history.name;
      return before === given ? [] : [{ type: "session-renamed", name: given }];
    });
    const was = before === undefined || before === given ? "" : `, no longer "${before}"`;
    // Where the session is open, its name isn't needed to go on.
    const isOpen = invocation.here?.session === session;
    const next = isOpen ? "" : `. Go on with it: ${resumeCommand(quoted(given), "go-on")}`;
    answer<"name">(
      invocation,
      { session, name: given, ...(before !== undefined && { before }) },
      `session ${session} is "${given}"${was}${next}`,
    );
    return 0;
  });
}
