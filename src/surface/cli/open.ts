import { Failure } from "../../failure.ts";
import { chooseSession } from "./choose.ts";
import type { Invocation } from "./command.ts";
import { readPrompt } from "./prompt.ts";

/** `throughline [PROMPT]`: opens the terminal interface; the first message begins a session. Throws `usage` without a terminal. */
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

/**
 * `throughline resume`: opens the session in the terminal interface, with the prompt as its next message. Without a terminal, and with
 * `--json`, as `exec resume`.
 */
export async function resumeHere(invocation: Invocation): Promise<number> {
  const { terminal, options, args } = invocation;
  const { screen } = terminal;
  const isNamed = options["last"] === true || args[0] !== undefined;
  if (screen && options["json"] !== true && !isNamed) {
    // The picker comes first, so that it is on the screen before what only a turn needs is loaded.
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
