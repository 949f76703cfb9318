import { systemClock } from "../../lib/clock.ts";
import { counted } from "../../lib/words.ts";
import { forkSession } from "../../runtime/fork.ts";
import { answer } from "./answer.ts";
import { type Invocation, optionText } from "../command/command.ts";
import { checkName } from "../pick.ts";
import { stepNumber } from "../command/step-number.ts";
import { withSession } from "../store-for.ts";

/** `throughline fork`: makes a new session from an old one, which is only read, so also while another process works in it. */
export async function fork(invocation: Invocation): Promise<number> {
  const [fromStep, name] = [stepNumber(invocation), optionText(invocation, "name")];
  return withSession(invocation, async (store, parent) => {
    if (name !== undefined) await checkName(store, name);
    const { id: session, left } = await forkSession({ store, clock: systemClock }, parent, {
      ...(fromStep !== undefined && { fromStep }),
      ...(name !== undefined && { name }),
    });
    const at = fromStep === undefined ? "" : ` at step ${fromStep}`;
    const stayed =
      left > 0
        ? `; messages, calls and outputs came along, reasoning and the like (${counted(left, "item")}) stayed behind`
        : "";
    answer<"fork">(
      invocation,
      { session, parent, ...(fromStep !== undefined && { fromStep }), left },
      `session ${session} is forked from ${parent}${at}${stayed}. Go on with: throughline resume ${session} "…"`,
    );
    return 0;
  });
}
