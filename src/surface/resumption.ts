import { Failure, isFailureOf } from "../failure.ts";
import { quotedPrompt } from "../lib/words.ts";
import { type Invocation, optionText } from "./command/command.ts";
import { readPrompt } from "./command/prompt.ts";
import { stepNumber } from "./command/step-number.ts";
import { lastSession } from "./pick.ts";
import type { Resumption, Workbench } from "./workbench.ts";

/**
 * What the arguments and options of `resume` ask for: how to find the session, how it goes on, and the prompt. Throws `usage`; `find` throws
 * where there is no such session.
 */
export async function readResumption(invocation: Invocation): Promise<{
  find: (bench: Workbench, options?: { keep: boolean }) => Promise<string>;
  resumption: Resumption;
  prompt: string | undefined;
}> {
  const { args, options, folder } = invocation;
  const last = options["last"] === true;
  if (last && args[1] !== undefined) {
    const words = "A prompt of several words stands in quotes, and --last takes no session beside it.";
    throw new Failure(
      "usage",
      `${words} Nothing was sent: throughline resume --last ${quotedPrompt(args.join(" "))}`,
      {},
    );
  }
  const [fromStep, amend] = [stepNumber(invocation), optionText(invocation, "amend")];
  if (amend?.trim() === "") throw new Failure("usage", "--amend needs the text of the instruction.", {});
  return {
    find: (bench, how) =>
      last
        ? lastSession(bench.store, folder, { all: options["all"] === true })
        : bench.find(args[0] ?? "", how).catch((error: unknown) => {
            throw maybePrompt(error, args);
          }),
    resumption: {
      here: options["here"] === true,
      force: options["force"] === true,
      ...(fromStep !== undefined && { fromStep }),
      ...(amend !== undefined && { amend }),
    },
    prompt: await readPrompt(invocation, last ? args[0] : args[1]),
  };
}

/** Several words alone, which are no session, are probably a prompt whose session was left out: the error tells how it is said. */
function maybePrompt(error: unknown, [words = "", ...more]: readonly string[]): unknown {
  if (!isFailureOf(error, "session-missing") || more.length > 0 || !/\s/u.test(words)) return error;
  const message = `${error.message} To go on with the newest one: throughline resume --last ${quotedPrompt(words)}`;
  return new Failure("session-missing", message, error.data);
}
