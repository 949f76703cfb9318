import { Failure } from "../../failure.ts";
import { counted } from "../../lib/words.ts";
import { longestText } from "../../session/follow-up.ts";
import { type Invocation, optionText } from "./command.ts";

/**
 * The prompt from the command line, or from standard input for `-`. `undefined` when it is blank, since providers refuse blank text. Throws
 * `usage` when it is longer than providers take: once in the log, it would be refused in every turn.
 */
export async function readPrompt(
  invocation: Invocation,
  given: string | undefined,
): Promise<string | undefined> {
  const text = given === "-" ? await input(invocation) : given;
  if (text === undefined || text.trim() === "") return undefined;
  return fitting(given === "-" ? text.trimEnd() : text);
}

/**
 * The prompt of `exec`: like `readPrompt`, and what comes on standard input beside one from the command line stands behind it, in a block,
 * as it does in `codex exec` (0.169, 2026-11). That waits for the end of its input for ever, which many programs that start one leave open
 * (openai/codex #20919, #27019); here nothing is waited for that doesn't begin soon, and the person is told.
 */
export async function readPromptAndInput(invocation: Invocation, given = "-"): Promise<string | undefined> {
  const prompt = await readPrompt(invocation, given);
  if (given === "-" || prompt === undefined) return prompt;
  const { terminal } = invocation;
  const more = await input(invocation, () =>
    terminal.err(
      '· nothing came on standard input in 3 s: the prompt goes without it. For a slow command: (echo "…"; COMMAND) | throughline exec; for none: < /dev/null\n',
    ),
  );
  if (more === undefined || more.trim() === "") return prompt;
  const whole = fitting(`${prompt}\n\n<stdin>\n${more}${more.endsWith("\n") ? "" : "\n"}</stdin>`);
  // Whoever runs it in a loop over a list has given it the rest of the list.
  const lines = counted(more.trimEnd().split("\n").length, "line");
  terminal.err(`· with the prompt goes what came on standard input (${lines}); for none: < /dev/null\n`);
  return whole;
}

/** The message of `--error`, from the command line, or from standard input for `-`: a message has quotes and folds that a shell minds. */
export async function readMessage(invocation: Invocation): Promise<string | undefined> {
  const given = optionText(invocation, "error");
  const text = given === "-" ? await input(invocation) : given;
  if (given === undefined || text?.trim()) return text;
  throw new Failure(
    "usage",
    '--error takes the message, or - for what comes on standard input: throughline doctor --error "stream disconnected …"',
    {},
  );
}

function fitting(text: string): string {
  if (text.length <= longestText) return text;
  throw new Failure(
    "usage",
    `The prompt has more than ${longestText} characters, which is the most that providers take. Put it into a file of the workspace and name the file.`,
    {},
  );
}

async function input({ terminal, signal }: Invocation, onNothing?: () => void): Promise<string | undefined> {
  try {
    return await terminal.readInput(signal, longestText, onNothing);
  } catch (error) {
    // Of an aborted stream, the signal's own reason is thrown instead of the stream's error.
    signal.throwIfAborted();
    throw error;
  }
}
