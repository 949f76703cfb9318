import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { median, ms, ratio, times } from "./numbers.ts";
import { measureIn } from "./processes.ts";
import type { StepTimes } from "./step-child.ts";
import { SyntheticLog } from "./synthetic-log.ts";
import type { Bench, Row } from "./table.ts";

/** What a step costs apart from the bytes on the wire, after few and after many steps. */
export async function step({ scratch, quick }: Bench): Promise<Row[]> {
  const [sizes, rounds, steps] = quick ? [[10, 100, 5_000], 2, 60] : [[10, 1_000, 50_000], 3, 120];
  const workspace = join(scratch, "workspace");
  mkdirSync(workspace, { recursive: true });
  const sessions: { before: number; home: string; id: string; runs: StepTimes[] }[] = [];
  for (const before of sizes) {
    const home = join(scratch, `step-${before}`);
    mkdirSync(home, { mode: 0o700 });
    const log = await SyntheticLog.create({ home, workspace, issuer: "bench", provider: "bench" });
    while (log.history.step < before) log.turn({ output: 200, sealed: 200 });
    log.close();
    sessions.push({ before: log.history.step, home, id: log.id, runs: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { home, id, runs } of sessions) {
      runs.push(await measureIn<StepTimes>("step-child.ts", home, id, String(steps)));
    }
  }
  const of = (runs: readonly StepTimes[], what: keyof StepTimes): number =>
    median(runs.map((run) => run[what]));
  const first = sessions[0]!;
  return sessions.map(({ before, runs }) => ({
    measure: `step after ${before.toLocaleString("en")} steps, without the body's bytes`,
    ours: `${times(runs.map((run) => run.wall))}, projecting ${ms(of(runs, "projecting"))}`,
    beside:
      runs === first.runs
        ? ""
        : `${times(first.runs.map((run) => run.wall))}, projecting ${ms(of(first.runs, "projecting"))}, after ${first.before}`,
    ...(runs !== first.runs && {
      ratio: ratio(of(runs, "wall"), of(first.runs, "wall")),
      goal: "doesn't grow",
    }),
  }));
}
