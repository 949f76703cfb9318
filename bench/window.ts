import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { median, megabytes, ms, ratio, times } from "./numbers.ts";
import { measureIn } from "./processes.ts";
import { SyntheticLog } from "./synthetic-log.ts";
import type { Bench, Row } from "./table.ts";
import type { WindowTimes } from "./window-child.ts";

/** The last window of a log of 2 GB: what was compacted away is not read. */
export async function window({ scratch, quick }: Bench): Promise<Row[]> {
  const [size, rounds] = quick ? [100e6, 3] : [2e9, 9];
  const [home, workspace] = [join(scratch, "window"), join(scratch, "workspace")];
  for (const path of [home, workspace]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const log = await SyntheticLog.create({ home, workspace, issuer: "bench", provider: "bench" });
  for (let turn = 1; log.bytes < size; turn++) {
    log.turn({ output: 60_000, sealed: 6_000 });
    if (turn % 10 === 0) log.compact();
  }
  // About as much as fits into a model's context: a megabyte.
  log.compact();
  for (let turn = 0; turn < 20; turn++) log.turn({ output: 3_030, sealed: 2_400 });
  log.close();

  const runs: WindowTimes[] = [];
  for (let round = 0; round < rounds; round++)
    runs.push(await measureIn<WindowTimes>("window-child.ts", home, log.id));
  const part = Math.min(200e6, log.bytes);
  const { ms: reading } = await measureIn<{ ms: number }>("read-child.ts", home, log.id, String(part));
  const whole = (reading * log.bytes) / part;
  const opened = runs.map((run) => run.opened);
  const { items } = runs[0]!;
  return [
    {
      measure: `last window (${items} items) of a log of ${megabytes(log.bytes)}: lease, read, fold`,
      ours: times(opened),
      beside: `${ms(whole)} all of it (from its first ${megabytes(part)})`,
      ratio: ratio(median(opened), whole),
      goal: "< 100 ms",
    },
    {
      measure: "… from the start of the process on",
      ours: times(runs.map((run) => run.whole)),
      beside: "",
    },
  ];
}
