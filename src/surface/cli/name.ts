import { printable } from "../../lib/printable.ts";
import { quoted } from "../../lib/words.ts";
import { note } from "../../runtime.ts";
import { printJson } from "../json/print.ts";
import type { Invocation } from "./command.ts";
import { inHome } from "./in-home.ts";
import { withStore } from "./store-for.ts";
import { checkName, findSession } from "./pick.ts";

/** `throughline name`: names a session. A name that another session has is refused. */
export async function name(invocation: Invocation): Promise<number> {
  const { args, options, terminal } = invocation;
  return withStore(invocation, async (store) => {
    const session = await findSession(store, args[0] ?? "", invocation.environment);
    const given = args[1] ?? "";
    await checkName(store, given, session);
    let before: string | undefined;
    await note(store, session, "naming it", (history) => {
      before = history.name;
      return before === given ? [] : [{ type: "session-renamed", name: given }];
    });
    const was = before === undefined || before === given ? "" : `, no longer "${before}"`;
    const told = `session ${session} is "${given}"${was}. Go on with it: ${inHome(invocation, `throughline resume ${quoted(given)}`)}`;
    if (options["json"] === true)
      printJson<"name">(terminal, { session, name: given, ...(before !== undefined && { before }) });
    else terminal.out(printable(`${told}\n`));
    return 0;
  });
}
