import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type * as IssuerModule from "../src/provider/wire/issuer.ts";
import { median, megabytes, ms, ratio, sharedNow, times } from "./numbers.ts";
import type { OpenTimes } from "./open-child.ts";
import { measureIn, peakProbe, root, runNode, startSink } from "./processes.ts";
import { shipped } from "./shipped.ts";
import { SyntheticLog } from "./synthetic-log.ts";
import type { Bench, Row } from "./table.ts";

const { issuerOf } = await shipped<typeof IssuerModule>("provider/wire/issuer");

const key = "bench";

/** A session of 100,000 items and 200 MB is opened and its request is written to a socket. */
export async function open({ scratch, quick }: Bench): Promise<Row[]> {
  const [turns, rounds] = quick ? [400, 3] : [4_000, 7];
  const [home, workspace] = [join(scratch, "open"), join(scratch, "workspace")];
  for (const path of [home, workspace]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const sink = await startSink();
  const issuer = issuerOf(sink.baseUrl, key);
  const log = await SyntheticLog.create({ home, workspace, issuer, provider: "bench" });
  for (let turn = 0; turn < turns; turn++) log.turn({ output: 2_420, sealed: 2_000 });
  log.close();
  const { id, items, bytes } = log;
  const month = new Date().toISOString().slice(0, 7);
  const path = join(home, "sessions", month, id, "log.jsonl");
  writeFileSync(
    join(home, "config.toml"),
    // A model whose context window nobody knows: otherwise the session would be compacted before its first request.
    `provider = "bench"\nmodel = "bench"\n[providers.bench]\nkind = "responses"\nbase_url = "${sink.baseUrl}"\ncontract = "openai"\nenv_key = "BENCH_KEY"\n`,
  );

  const lines: number[] = [];
  const library: { sent: number; opened: number; peak: number }[] = [];
  const program: { sent: number; peak: number; cpu: number }[] = [];
  let body = 0;
  for (let round = 0; round < rounds; round++) {
    const counted = performance.now();
    spawnSync("wc", ["-l", path]);
    lines.push(performance.now() - counted);

    const arriving = sink.next();
    const child = await measureIn<OpenTimes>("open-child.ts", home, id, sink.baseUrl, key);
    const { at } = await arriving;
    library.push({ sent: at - child.began, opened: child.opened - child.began, peak: child.peakBytes });

    const arrivingToo = sink.next();
    const started = sharedNow();
    const words = ["exec", "resume", id, "go on", "--home", home, "--approval", "all"];
    const cli = await runNode(["--import", peakProbe, join(root, "bin/throughline.mjs"), ...words], {
      cwd: workspace,
      env: { BENCH_KEY: key },
    });
    const arrival = await arrivingToo;
    body = arrival.bytes;
    program.push({ sent: arrival.at - started, peak: cli.peakBytes, cpu: cli.cpuMs });
  }
  sink.stop();

  const floor = median(lines);
  const sent = program.map((run) => run.sent);
  const acquired = library.map((run) => run.sent);
  const size = `${items.toLocaleString("en")} items, ${megabytes(bytes)}`;
  return [
    {
      measure: `open ${size}: \`exec resume\`, start to last byte of ${megabytes(body)}`,
      ours: times(sent),
      beside: `${times(lines)} wc -l`,
      ratio: ratio(median(sent), floor),
      goal: "< 1 s",
    },
    {
      measure: "… the same from acquire on, in a fresh process",
      ours: times(acquired),
      beside: `${ms(median(library.map((run) => run.opened)))} of it to take the lease, read and fold`,
      ratio: ratio(median(acquired), floor),
      goal: "< 1 s",
    },
    {
      measure: "… processor time of `exec resume`, all threads",
      ours: times(program.map((run) => run.cpu)),
      beside: "",
    },
    {
      measure: "… peak memory of `exec resume`",
      ours: `${megabytes(median(program.map((run) => run.peak)))} (library ${megabytes(median(library.map((run) => run.peak)))})`,
      beside: `${megabytes(bytes)} log`,
      ratio: ratio(median(program.map((run) => run.peak)), bytes),
      goal: "< 200 MB",
    },
    {
      measure: "… Codex CLI, a rollout of that size (quoted: measured elsewhere, not in this run)",
      ours: "",
      beside: "17 s first, 3.7 s second, 780 MB",
    },
  ];
}
