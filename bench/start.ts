import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { median, ratio, times } from "./numbers.ts";
import { root, runNode } from "./processes.ts";
import { SyntheticLog } from "./synthetic-log.ts";
import type { Bench, Row } from "./table.ts";

const sessions = 20;

/** Whole processes, beside a Node that does nothing. */
export async function start({ scratch, quick }: Bench): Promise<Row[]> {
  const rounds = quick ? 5 : 21;
  const [home, workspace] = [join(scratch, "start"), join(scratch, "workspace")];
  for (const path of [home, workspace]) mkdirSync(path, { recursive: true, mode: 0o700 });
  for (let made = 0; made < sessions; made++) {
    const log = await SyntheticLog.create({ home, workspace, issuer: "bench", provider: "bench" });
    log.turn({ output: 3_000, sealed: 2_400 });
    log.close();
  }
  const bin = join(root, "bin/throughline.mjs");
  const ways = {
    node: ["-e", "0"],
    version: [bin, "--version"],
    list: [bin, "sessions", "--all", "--home", home],
  };
  type Way = keyof typeof ways;
  const took: Record<Way, number[]> = { node: [], version: [], list: [] };
  for (let round = -1; round < rounds; round++) {
    for (const way of Object.keys(ways) as Way[]) {
      const { ms } = await runNode(ways[way], { cwd: workspace });
      if (round >= 0) took[way].push(ms);
    }
  }
  const row = (measure: string, way: Way): Row => ({
    measure,
    ours: times(took[way]),
    beside: `${times(took.node)} node -e 0`,
    ratio: ratio(median(took[way]), median(took.node)),
  });
  return [
    row("start: throughline --version", "version"),
    row(`start: throughline sessions, ${sessions} of them`, "list"),
  ];
}
