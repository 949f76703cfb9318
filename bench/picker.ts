import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type * as LinesModule from "../src/surface/tui/picker-lines.ts";
import type * as StateModule from "../src/surface/tui/picker-state.ts";
import type * as StyleModule from "../src/surface/tui/style.ts";
import { median, ms, times } from "./numbers.ts";
import { populatedHome, workspaceCount } from "./population.ts";
import { root, runNode } from "./processes.ts";
import { shipped } from "./shipped.ts";
import type { Bench, Row } from "./table.ts";

const { pickerState, pickerStep, readySearch } =
  await shipped<typeof StateModule>("surface/tui/picker-state");
const { pickerLines, pickerRoom } = await shipped<typeof LinesModule>("surface/tui/picker-lines");
const { painter } = await shipped<typeof StyleModule>("surface/tui/style");

const size = { columns: 120, rows: 40 };

/** The picker: a whole process at a terminal until its first screen stands, and then one key after the other over all sessions. */
export async function picker({ scratch, quick }: Bench): Promise<Row[]> {
  const [sessions, rounds] = quick ? [500, 3] : [10_000, 11];
  const { home, workspace: cwd } = await populatedHome(scratch, sessions);
  const bin = join(root, "bin/throughline.mjs");
  const all = await runNode([bin, "sessions", "--all", "--json", "--home", home], { cwd });
  const took: Record<"node" | "here" | "all", number[]> = { node: [], here: [], all: [] };
  for (let round = -1; round < rounds; round++) {
    const bare = await runNode(["-e", "0"]);
    const here = await untilDrawn([bin, "resume", "--home", home], cwd);
    const everywhere = await untilDrawn([bin, "resume", "--all", "--home", home], cwd);
    if (round < 0 || here === undefined || everywhere === undefined) continue;
    took.node.push(bare.ms);
    took.here.push(here);
    took.all.push(everywhere);
  }
  rmSync(home, { recursive: true });
  const beside = `${times(took.node)} node -e 0`;
  const opened = (what: string, of: number[], goal: string): Row[] =>
    of.length === 0
      ? []
      : [{ measure: `picker: ${what}, ${sessions} in the home`, ours: times(of), beside, goal }];
  return [
    ...opened(
      `from the start of the process to its screen, ${sessions / workspaceCount} shown`,
      took.here,
      "< 300 ms",
    ),
    ...opened("the same with --all", took.all, ""),
    keys((JSON.parse(all.stdout) as { sessions: StateModule.PickerRows["rows"] }).sessions),
  ];
}

/** Milliseconds until the screen asks for a search; `undefined` where there is no `script` to make a terminal with. */
function untilDrawn(words: readonly string[], cwd: string): Promise<number | undefined> {
  const command = [process.execPath, ...words];
  const quoted = command.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(" ");
  const way = process.platform === "linux" ? ["-qfec", quoted, "/dev/null"] : ["-q", "/dev/null", ...command];
  const began = performance.now();
  const child = spawn("script", way, { cwd, stdio: ["pipe", "pipe", "ignore"] });
  return new Promise((resolve) => {
    let [drawn, screen]: [number | undefined, string] = [undefined, ""];
    let leaving: NodeJS.Timeout | undefined;
    child.once("error", () => resolve(undefined));
    child.once("close", () => {
      clearInterval(leaving);
      resolve(drawn);
    });
    // It may have left by the first key, and take no second one.
    child.stdin.on("error", () => undefined);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      screen += text;
      if (drawn !== undefined || !screen.includes("type to search")) return;
      drawn = performance.now() - began;
      // The first one may come before keys are read.
      leaving = setInterval(() => child.stdin.write("\u001b"), 100);
    });
  });
}

/** A search typed and taken back, letter by letter, with moves in between: the new state and its lines. Ink's own drawing is not in it. */
function keys(rows: StateModule.PickerRows["rows"]): Row {
  const paint = painter(true);
  const here = { path: "/nowhere" };
  const took: number[] = [];
  for (let round = 0; round < 5; round++) {
    // New rows each time, made ready as in the moment after the screen stands.
    const own = rows.map((row) => ({ ...row }));
    readySearch(own, 0, own.length);
    let state = pickerState({ rows: own, everywhere: true, codex: false, elsewhere: 0, archived: 0 });
    const press = (action: StateModule.PickerAction): void => {
      const began = performance.now();
      state = pickerStep(state, action);
      pickerLines({ state, preview: undefined, here, ...size, now: Date.now() }, paint);
      took.push(performance.now() - began);
    };
    press({ kind: "page", lines: pickerRoom(size.rows).list });
    // That was the first screen and no key.
    took.pop();
    for (const text of "part 99 parser") press({ kind: "type", text });
    press({ kind: "move", by: "page-down" });
    for (let at = 0; at < 14; at++) press({ kind: "erase", what: "character" });
    press({ kind: "move", by: "last" });
  }
  return {
    measure: `picker: a key, ${rows.length} sessions, ${size.columns} × ${size.rows}`,
    ours: `${ms(median(took))} (slowest ${ms(Math.max(...took))})`,
    beside: "",
    goal: "< 16 ms",
  };
}
