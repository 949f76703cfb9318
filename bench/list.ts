import { rmSync } from "node:fs";
import { join } from "node:path";
import { ms, times } from "./numbers.ts";
import { populatedHome, workspaceCount } from "./population.ts";
import { root, runNode } from "./processes.ts";
import type { Bench, Row } from "./table.ts";

/** `throughline sessions` as whole processes over many sessions: with its catalogue, and the first time without one. */
export async function list({ scratch, quick }: Bench): Promise<Row[]> {
  const [sessions, rounds] = quick ? [500, 3] : [10_000, 11];
  const { home, workspace: cwd } = await populatedHome(scratch, sessions);
  const words = [join(root, "bin/throughline.mjs"), "sessions", "--json", "--home", home];
  const first = await runNode(words, { cwd });
  const searching = [...words, "--all", "--search", `comma parser ${sessions - 1}`];
  const firstSearch = await runNode(searching, { cwd });
  const took: Record<"node" | "one" | "all" | "search", number[]> = {
    node: [],
    one: [],
    all: [],
    search: [],
  };
  for (let round = -1; round < rounds; round++) {
    const [bare, one, all, search] = [
      await runNode(["-e", "0"]),
      await runNode(words, { cwd }),
      await runNode([...words, "--all"], { cwd }),
      await runNode(searching, { cwd }),
    ];
    if (round < 0) continue;
    took.node.push(bare.ms);
    took.one.push(one.ms);
    took.all.push(all.ms);
    took.search.push(search.ms);
  }
  rmSync(home, { recursive: true });
  const beside = `${times(took.node)} node -e 0`;
  const row = (what: string, ours: string, goal: string): Row => ({
    measure: `list: ${what}, ${sessions} in the home`,
    ours,
    beside,
    goal,
  });
  return [
    row(`sessions --json, ${sessions / workspaceCount} shown`, times(took.one), "< 150 ms"),
    row("sessions --all --json", times(took.all), "< 1 s"),
    row("sessions --json without a catalogue", ms(first.ms), "< 20 s, once"),
    row("sessions --all --search, three words", times(took.search), ""),
    row("the same for the first time", ms(firstSearch.ms), "once"),
  ];
}
