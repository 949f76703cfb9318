import { Failure } from "../../failure.ts";
import type { Invocation, RunCommand } from "../command/command.ts";
import { readPrompt } from "../command/prompt.ts";

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

/** `throughline exec resume`: goes on with a session without the terminal interface. */
export const execResume = (invocation: Invocation): Promise<number> => picked(invocation, goOnHere);

/**
 * `throughline resume`: opens the session in the terminal interface, with the prompt as its next message. Without a terminal, and with
 * `--json`, as `exec resume`.
 */
export const resume = (invocation: Invocation): Promise<number> =>
  picked(invocation, async (chosen) => {
    const { screen } = chosen.terminal;
    if (!screen || chosen.options["json"] === true || !isNamed(chosen)) return goOnHere(chosen);
    const { readResumption } = await import("../resumption.ts");
    const { openInterface } = await import("../tui/open.ts");
    const { find, resumption, prompt } = await readResumption(chosen);
    return openInterface(chosen, screen, {
      session: { find, resumption },
      ...(prompt !== undefined && { prompt }),
    });
  });

const goOnHere: RunCommand = async (invocation) => (await import("../cli/exec.ts")).resume(invocation);

const isNamed = ({ args, options }: Invocation): boolean => options["last"] === true || args[0] !== undefined;

/**
 * Runs a command with the session that was named, or that the person picks; as it was typed, where nobody can be asked. The picker comes
 * first, so that it is on the screen before what only a turn needs is loaded.
 */
async function picked(invocation: Invocation, run: RunCommand): Promise<number> {
  const { terminal, options } = invocation;
  if (isNamed(invocation) || !terminal.screen || options["json"] === true) return run(invocation);
  const { chooseSession } = await import("./choose.ts");
  const choice = await chooseSession(invocation, terminal.screen);
  if (choice.kind === "left") return 0;
  return run(choice.kind === "chosen" ? { ...invocation, args: [choice.id] } : invocation);
}
