import { addAbortSignal } from "node:stream";
import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { setImmediate } from "node:timers/promises";
import { sleep } from "../../lib/abort.ts";
import { printable } from "../../lib/printable.ts";
import { hasCode } from "../../lib/system.ts";

/** A terminal that can be drawn on and read key by key. */
export interface Screen {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  /** Stops the process as Ctrl-Z does outside of raw mode; resolves when it is continued (`fg`). */
  suspend(): Promise<void>;
}

/** A command's standard streams, and what a person at a terminal can be asked and shown. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Whether stderr is a terminal that obeys control sequences. Only then are there colours and lines that are drawn anew. */
  readonly interactive: boolean;
  readonly colour: boolean;
  /**
   * Reads standard input to its end, or until it has more than `atMost` characters: a device may have no end. `undefined` when it is a
   * terminal, or can only be written to. With `onNothing` its beginning is waited for 3 s only: where nothing has come, not even its end,
   * that is called, and it is `undefined`. Rejects when the signal aborts.
   */
  readInput(signal: AbortSignal, atMost: number, onNothing?: () => void): Promise<string | undefined>;
  /** Asks a yes-or-no question; absent where there is nobody to ask. */
  readonly ask?: (question: string, signal: AbortSignal) => Promise<boolean>;
  /** For interfaces that draw and read keys; absent unless both stdin and stdout are a terminal that obeys control sequences. */
  readonly screen?: Screen;
}

async function suspend(): Promise<void> {
  const continued = once(process, "SIGCONT");
  // The whole process group, as the terminal would do it, so that what started the program (npx, say) stops too.
  process.kill(0, "SIGTSTP");
  await continued;
}

/** Milliseconds in which a terminal hands over what was typed before. */
const handingOver = 50;

/** Throws away what was typed before anything was asked: an answer too many would allow what nobody has seen yet. */
async function forgetTyped(input: NodeJS.ReadStream): Promise<void> {
  const forget = (bytes: Buffer | string): void => {
    // In raw mode Ctrl-C is a key.
    if (bytes.includes("\u0003")) process.kill(process.pid, "SIGINT");
  };
  input.setRawMode(true).on("data", forget).resume();
  try {
    await sleep(handingOver);
    // A process that stood still for so long hasn't looked yet.
    await setImmediate();
  } finally {
    input.off("data", forget).pause().setRawMode(false);
  }
}

/** Milliseconds in which standard input that may be none begins. */
const beginning = 3_000;

/** Whether anything comes in time, be it the end. */
async function isComing(input: NodeJS.ReadStream): Promise<boolean> {
  try {
    await once(input, "readable", { signal: AbortSignal.timeout(beginning) });
    return true;
  } catch (error) {
    // It can't be read, or the person has had enough.
    if (input.errored) throw error;
    // As above: Ctrl-Z, a laptop asleep.
    await setImmediate();
    return input.readableLength > 0;
  }
}

export function processTerminal(environment: Readonly<Record<string, string | undefined>>): Terminal {
  const { stdin, stdout, stderr } = process;
  // A dumb terminal, such as an editor's shell buffer, shows control sequences as text.
  const obeys = environment["TERM"] !== "dumb";
  const interactive = stderr.isTTY === true && obeys;
  const ask = async (question: string, signal: AbortSignal): Promise<boolean> => {
    await forgetTyped(stdin);
    const reader = createInterface({ input: stdin, output: stderr });
    // While a line is read, the terminal is in raw mode and readline gets Ctrl-C as a key: it is made a signal again.
    reader.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    try {
      return /^y(es)?$/iu.test((await reader.question(`${printable(question)} [y/N] `, { signal })).trim());
    } catch (error) {
      // Ctrl-C and Ctrl-D count as no.
      if (signal.aborted) return false;
      if (!(error instanceof Error && error.name === "AbortError")) throw error;
      // Ctrl-D doesn't end the line on the screen.
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
    readInput: async (signal, atMost, onNothing) => {
      if (stdin.isTTY) return undefined;
      addAbortSignal(signal, stdin.setEncoding("utf8"));
      try {
        if (onNothing && !(await isComing(stdin))) {
          stdin.destroy();
          onNothing();
          return undefined;
        }
        let text = "";
        for await (const chunk of stdin) {
          text += String(chunk);
          if (text.length > atMost) break;
        }
        return text;
      } catch (error) {
        // Open for writing alone, as nohup leaves it: it is none.
        if (hasCode(error, "EBADF")) return undefined;
        throw error;
      }
    },
    ...(stderr.isTTY && stdin.isTTY && { ask }),
    ...(stdout.isTTY && stdin.isTTY && obeys && { screen: { input: stdin, output: stdout, suspend } }),
  };
}
