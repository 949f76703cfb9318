import { Failure } from "../../failure.ts";
import { chooseSession } from "./choose.ts";
import type { Invocation } from "./command.ts";
import { readPrompt } from "./prompt.ts";

/** The terminal interface with a session that the first message begins. Throws `usage` where there is no terminal. */
export async function open(invocation: Invocation): Promise<number> {
  const { screen } = invocation.terminal;
  if (!screen) {
    throw new Failure(
      "usage",
      'The terminal interface needs a terminal for keyboard and screen, not one with TERM=dumb. Without one: throughline exec "…". All commands: throughline --help',
      {},
    );
  }
  const prompt = await readPrompt(invocation, invocation.args[0]);
  const { openInterface } = await import("../tui/open.ts");
  return openInterface(invocation, screen, { ...(prompt !== undefined && { prompt }) });
}

/** `resume` where a person sits: the session opens, and a prompt is its next message. Elsewhere, and with `--json`, as `exec resume`. */
export async function resumeHere(invocation: Invocation): Promise<number> {
  const { terminal, options, args } = invocation;
  const { screen } = terminal;
  const isNamed = options["last"] === true || args[0] !== undefined;
  if (screen && options["json"] !== true && !isNamed) {
    // Before anything is loaded that only a turn needs: the picker is to be there at once.
    const choice = await chooseSession(invocation);
    if (choice.kind === "chosen") return resumeHere({ ...invocation, args: [choice.id] });
    if (choice.kind === "left") return 0;
  }
  const { readResumption, resume } = await import("./exec.ts");
  if (!screen || options["json"] === true || !isNamed) return resume(invocation);
  const { openInterface } = await import("../tui/open.ts");
  const { find, resumption, prompt } = await readResumption(invocation);
  return openInterface(invocation, screen, {
    session: { find, resumption },
    ...(prompt !== undefined && { prompt }),
  });
}
