import { systemClock } from "../../lib/clock.ts";
import { counted } from "../../lib/words.ts";
import { forkSession } from "../../runtime.ts";
import { printJson } from "../json/print.ts";
import { type Invocation, optionText } from "./command.ts";
import { inHome } from "./in-home.ts";
import { withStore } from "./store-for.ts";
import { checkName, findSession } from "./pick.ts";
import { stepNumber } from "./step-number.ts";

/** `throughline fork`: makes a new session from an old one, which is only read, so also while another process works in it. */
export async function fork(invocation: Invocation): Promise<number> {
  const { args, options, terminal } = invocation;
  const [fromStep, name] = [stepNumber(invocation), optionText(invocation, "name")];
  return withStore(invocation, async (store) => {
    const parent = await findSession(store, args[0] ?? "", invocation.environment);
    if (name !== undefined) await checkName(store, name);
    const made = await forkSession({ store, clock: systemClock }, parent, {
      ...(fromStep !== undefined && { fromStep }),
      ...(name !== undefined && { name }),
    });
    const { id: session, left } = made;
    const at = fromStep === undefined ? "" : ` at step ${fromStep}`;
    const stayed =
      left > 0
        ? `; messages, calls and outputs came along, reasoning and the like (${counted(left, "item")}) stayed behind`
        : "";
    const told = `session ${session} is forked from ${parent}${at}${stayed}. Go on with: throughline resume ${session} "…"`;
    if (options["json"] === true)
      printJson<"fork">(terminal, { session, parent, ...(fromStep !== undefined && { fromStep }), left });
    else terminal.out(`${inHome(invocation, told)}\n`);
    return 0;
  });
}
