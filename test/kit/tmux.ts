// The real program at a real terminal: a tmux server of the test's own, keys typed into it, and the screen as a person would see it.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { hasProgram } from "./has-program.ts";
import { type Rig, until } from "./rig.ts";

const run = promisify(execFile);

/** No screen takes longer to show what is waited for; the machine may be busy with other tests. */
const longestWait = 40_000;

export const hasTmux = hasProgram("tmux", "tests of the terminal interface are skipped");

export interface TmuxOptions {
  columns?: number;
  rows?: number;
  env?: Record<string, string>;
  cwd?: string;
  /** Another program than ours. */
  argv?: readonly string[];
}

export class Tmux {
  readonly #rig: Rig;
  readonly #socket: string;

  /** Processes of the rig that are none of this terminal's. */
  readonly #others: ReadonlySet<number>;

  private constructor(rig: Rig, socket: string, others: ReadonlySet<number>) {
    this.#rig = rig;
    this.#socket = socket;
    this.#others = others;
  }

  /** Starts the program with these words in a terminal of 80 by 24, in the rig's workspace. */
  static async start(
    rig: Rig,
    words: readonly string[],
    { columns = 80, rows = 24, env = {}, cwd = rig.workspace, argv }: TmuxOptions = {},
  ): Promise<Tmux> {
    const command = rig.command(words, env);
    const others = new Set(rig.processes());
    // In the rig's folder: what is left of it when a test ends is noticed by its name.
    const socket = join(rig.folder, `tmux-${++sockets}`);
    // The shell outlives the program, prints how it ended, and shows in what state it left the terminal.
    const shell = ["sh", "-c", 'trap : INT; "$@"; echo "[ended with $?]"; exec sleep 1000', "sh"];
    const session = ["new-session", "-d", "-x", String(columns), "-y", String(rows), "-c", cwd];
    await run(
      "tmux",
      [
        ["-S", socket, "-f", "/dev/null", "start-server"],
        [";", "set-option", "-g", "default-terminal", "tmux-256color"],
        [";", "set-option", "-g", "status", "off"],
        [";", ...session, ...shell, ...(argv ?? command.argv)],
      ].flat(),
      { env: { ...command.env, TMUX: "" }, cwd },
    );
    return new Tmux(rig, socket, others);
  }

  /** Keys by tmux's names: "Enter", "Escape", "C-c", "M-Enter", "Up", "BSpace". */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", "--", text);
  }

  /** As from a clipboard, in brackets where the program asks for them. */
  async paste(text: string): Promise<void> {
    await this.#tmux("set-buffer", text);
    await this.#tmux("paste-buffer", "-p");
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** The lines that can be seen, without the blanks at their ends. With `scrollback` also those above. With `styles` escapes and all. */
  async screen({ scrollback = false, styles = false } = {}): Promise<string> {
    return this.#tmux("capture-pane", "-p", ...(scrollback ? ["-S", "-"] : []), ...(styles ? ["-e"] : []));
  }

  /** The screen once it shows the text, or what the pattern or the function asks for; rejects with the screen when it never does. */
  async shows(
    wanted: string | RegExp | ((screen: string) => boolean),
    { scrollback = false } = {},
  ): Promise<string> {
    const isShown = (screen: string): boolean =>
      typeof wanted === "string"
        ? screen.includes(wanted)
        : typeof wanted === "function"
          ? wanted(screen)
          : wanted.test(screen);
    let screen = "";
    for (const deadline = performance.now() + longestWait; performance.now() < deadline;) {
      screen = await this.screen({ scrollback });
      const matches = isShown(screen);
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (!matches) continue;
      // What was being drawn is whole by now.
      const whole = await this.screen({ scrollback });
      return isShown(whole) ? whole : screen;
    }
    throw new Error(`never on the screen: ${String(wanted)}\n${screen}`);
  }

  /** The screen once it shows the text and stands still for 300 ms; rejects when it never does. */
  async rests(wanted: string): Promise<string> {
    for (const deadline = performance.now() + longestWait; performance.now() < deadline;) {
      const screen = await this.shows(wanted);
      await new Promise((resolve) => setTimeout(resolve, 300));
      if ((await this.screen()) === screen) return screen;
    }
    throw new Error(`never at rest: ${wanted}\n${await this.screen()}`);
  }

  /** Column and row of the cursor, from 0. */
  async cursor(): Promise<[column: number, row: number]> {
    const [column = 0, row = 0] = (await this.#tmux("display-message", "-p", "#{cursor_x} #{cursor_y}"))
      .split(" ")
      .map(Number);
    return [column, row];
  }

  /** The program's exit status, once it has ended. */
  async ended(): Promise<number> {
    const screen = await this.shows(endedWith);
    return Number(endedWith.exec(screen)?.[1]);
  }

  /** Ends the server, and with it the program, whose terminal hangs up. */
  async close(): Promise<void> {
    const there = new Set(this.#rig.processes()).difference(this.#others);
    await this.#tmux("kill-server");
    await until(
      () => !this.#rig.processes().some((pid) => there.has(pid)),
      "the terminal's processes to end",
    );
  }

  async #tmux(...words: string[]): Promise<string> {
    return (await run("tmux", ["-S", this.#socket, ...words])).stdout;
  }
}

const endedWith = /\[ended with (\d+)\]/u;

let sockets = 0;

/** Runs a test with the program at a terminal, which is closed at the end. */
export async function atTerminal(
  rig: Rig,
  words: readonly string[],
  use: (terminal: Tmux) => Promise<void>,
  options?: TmuxOptions,
): Promise<void> {
  const terminal = await Tmux.start(rig, words, options);
  try {
    await use(terminal);
  } finally {
    await terminal.close();
  }
}
