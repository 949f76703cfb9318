import { addAbortSignal } from "node:stream";
import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { printable } from "../../lib/printable.ts";

/** The keyboard and the screen that a person sits at. */
export interface Screen {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  /** Stops the program as Ctrl-Z does at a terminal that isn't read key by key; resolves when it goes on (`fg`). */
  suspend(): Promise<void>;
}

/** The two streams of a command and what they are attached to. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Whether a person reads stderr on a terminal that obeys control sequences: colours and moving lines only then. */
  readonly interactive: boolean;
  readonly colour: boolean;
  /** Reads all of standard input; `undefined` when it is a terminal. Rejects with the signal's reason when it aborts. */
  readInput(signal: AbortSignal): Promise<string | undefined>;
  /** A yes-or-no question; `undefined` where there is nobody to ask. */
  readonly ask?: (question: string, signal: AbortSignal) => Promise<boolean>;
  /** Only where both the keyboard and the screen are a terminal, and it obeys control sequences: for what draws and reads keys. */
  readonly screen?: Screen;
}

async function suspend(): Promise<void> {
  const continued = once(process, "SIGCONT");
  // The whole group, as the terminal would: what started the program (npx, say) stops with it.
  process.kill(0, "SIGTSTP");
  await continued;
}

export function processTerminal(environment: Readonly<Record<string, string | undefined>>): Terminal {
  const { stdin, stdout, stderr } = process;
  // An editor's shell buffer, say, shows the sequences as they are.
  const obeys = environment["TERM"] !== "dumb";
  const interactive = stderr.isTTY === true && obeys;
  const ask = async (question: string, signal: AbortSignal): Promise<boolean> => {
    const reader = createInterface({ input: stdin, output: stderr });
    // While a line is edited the terminal gives Ctrl-C to the reader alone.
    reader.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    try {
      return /^y(es)?$/iu.test((await reader.question(`${printable(question)} [y/N] `, { signal })).trim());
    } catch (error) {
      // Ctrl-C, or Ctrl-D: who says nothing has not said yes.
      if (signal.aborted) return false;
      if (!(error instanceof Error && error.name === "AbortError")) throw error;
      // Ctrl-D leaves the line as it stands.
      stderr.write("\n");
      return false;
    } finally {
      reader.close();
    }
  };
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    interactive,
    colour: interactive && !environment["NO_COLOR"],
    readInput: async (signal) => {
      if (stdin.isTTY) return undefined;
      let text = "";
      for await (const chunk of addAbortSignal(signal, stdin.setEncoding("utf8"))) text += String(chunk);
      return text;
    },
    ...(stderr.isTTY && stdin.isTTY && { ask }),
    ...(stdout.isTTY && stdin.isTTY && obeys && { screen: { input: stdin, output: stdout, suspend } }),
  };
}
