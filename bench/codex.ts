import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { codexHome, codexVersion, installCodex } from "../test/kit/codex.ts";
import { listAll, listTwice } from "./codex-threads.ts";
import { median, megabytes, ms, ratio, sharedNow, times } from "./numbers.ts";
import { type Arrival, peakProbe, root, runNode, type Sink, startSink } from "./processes.ts";
import { writeRollout } from "./rollouts.ts";
import type { Bench, Row } from "./table.ts";

const program = join(root, "bin/throughline.mjs");
const began = Date.UTC(2026, 4, 1);
const key = "bench";

/** Lists and resumes of Codex's own rollouts, beside the real CLI on the same files: both start as processes, the page cache is warm. */
export async function codex({ scratch, quick }: Bench): Promise<Row[]> {
  const installed = installCodex();
  if ("missing" in installed) return [{ measure: "codex", ours: "not measured", beside: installed.missing }];
  const { binary } = installed;
  return [
    ...(await lists(scratch, binary, quick)),
    ...(await resumes(scratch, binary, quick)),
    ...(await doctors(scratch, quick)),
  ];
}

/** `doctor` as a whole process over one long rollout in the page cache, and over a short one: the difference is the reading. */
async function doctors(scratch: string, quick: boolean): Promise<Row[]> {
  const bytes = (quick ? 20 : 400) * 1e6;
  const [home, own] = [join(scratch, "codex-doctor"), join(scratch, "own-doctor")];
  const { path } = writeRollout(home, began, scratch, { bytes, output: 4_000 });
  const short = writeRollout(home, began + 1, scratch, { bytes: 40_000, output: 4_000 }).path;
  const { size } = statSync(path);
  const [took, peaks, starts, lines]: [number[], number[], number[], number[]] = [[], [], [], []];
  const env = { CODEX_HOME: home };
  for (let round = 0; round < (quick ? 3 : 7); round++) {
    const counted = performance.now();
    spawnSync("wc", ["-l", path]);
    lines.push(performance.now() - counted);
    const words = ["--import", peakProbe, program, "doctor", "--home", own];
    const { ms: all, peakBytes } = await runNode([...words, path], { env });
    took.push(all);
    peaks.push(peakBytes);
    starts.push((await runNode([...words, short], { env })).ms);
  }
  rmSync(home, { recursive: true });
  const rate = (time: number): string => `${(size / 1_000 / time).toFixed(0)} MB/s`;
  return [
    {
      measure: `codex: doctor of one rollout of ${megabytes(size)}, whole process`,
      ours: `${times(took)}, ${rate(median(took))}, ${megabytes(median(peaks))} at its peak`,
      beside: `${times(lines)} wc -l`,
      ratio: ratio(median(took), median(lines)),
      goal: "≥ 500 MB/s",
    },
    {
      measure: "… without what it takes for one of 40 KB",
      ours: rate(median(took) - median(starts)),
      beside: `${times(starts)} of it`,
    },
  ];
}

async function lists(scratch: string, binary: string, quick: boolean): Promise<Row[]> {
  const [count, rounds] = quick ? [500, 1] : [10_000, 3];
  const [home, own, cwd] = [join(scratch, "codex"), join(scratch, "own"), join(scratch, "codex-work")];
  mkdirSync(cwd, { recursive: true });
  for (let at = 0; at < count; at++)
    writeRollout(home, began + Math.floor((at * 200 * 86_400_000) / count), cwd, {
      bytes: 40_000,
      output: 4_000,
    });
  const took: Record<"cold" | "warm" | "doctor", number[]> = { cold: [], warm: [], doctor: [] };
  /** Codex's list of 50, in a new process for the first time and later, and once more in the same; and of all. */
  const theirs: Record<"cold" | "warm" | "again" | "all", number[]> = {
    cold: [],
    warm: [],
    again: [],
    all: [],
  };
  const words = [program, "sessions", "--codex", "--all", "--json", "--home", own];
  for (let round = 0; round < rounds; round++) {
    const copy = join(scratch, `codex-${round}`);
    cpSync(home, copy, { recursive: true });
    const env = { CODEX_HOME: copy };
    rmSync(own, { recursive: true, force: true });
    took.cold.push((await runNode(words, { cwd, env })).ms);
    theirs.cold.push((await listTwice(binary, copy)).first);
    for (let time = 0; time < 3; time++) {
      took.warm.push((await runNode(words, { cwd, env })).ms);
      const listed = await listTwice(binary, copy);
      theirs.warm.push(listed.first);
      theirs.again.push(listed.second);
    }
    theirs.all.push(await listAll(binary, copy, count));
    rmSync(copy, { recursive: true });
  }
  for (let round = 0; round < rounds; round++)
    took.doctor.push(
      (await runNode([program, "doctor", "--home", own], { cwd, env: { CODEX_HOME: home } })).ms,
    );
  rmSync(home, { recursive: true });
  const row = (measure: string, ours: number[], beside: number[], goal?: string): Row => ({
    measure: `codex: ${measure}, ${count} rollouts`,
    ours: times(ours),
    beside: `${times(beside)} Codex ${codexVersion}`,
    ratio: ratio(median(ours), median(beside)),
    ...(goal !== undefined && { goal }),
  });
  return [
    row("first list, all; start to end of process / to thread/list of 50", took.cold, theirs.cold, "≤ 0.1"),
    row("the same warm", took.warm, theirs.warm, "≤ 0.1"),
    row("the same warm / to thread/list of all, page by page", took.warm, theirs.all),
    row("doctor / to thread/list of all, page by page", took.doctor, theirs.all),
    {
      measure: "… thread/list of 50 alone, in a process that runs",
      ours: "",
      beside: `${times(theirs.again)} Codex ${codexVersion}`,
    },
  ];
}

async function resumes(scratch: string, binary: string, quick: boolean): Promise<Row[]> {
  const rows: Row[] = [];
  const sink = await startSink();
  const work = join(scratch, "codex-work");
  mkdirSync(work, { recursive: true });
  for (const { size, more = {} } of resumed(quick)) {
    const home = join(scratch, `codex-resume-${size}`);
    const own = join(scratch, `own-resume-${size}`);
    const { id } = writeRollout(home, began + size, work, { bytes: size * 1e6, output: 7_500, ...more });
    codexHome(binary, home, { url: sink.baseUrl, apiKey: key, model: "bench" });
    const env = { CODEX_HOME: home, LOOPBACK_KEY: key, OPENAI_API_KEY: key, OPENAI_BASE_URL: sink.baseUrl };
    const ours = [await resumeOurs(sink, id, own, work, env), await resumeOurs(sink, id, own, work, env)];
    const theirs = [
      await resumeTheirs(sink, binary, id, home, work),
      await resumeTheirs(sink, binary, id, home, work),
    ];
    for (const [at, which] of ["first", "second"].entries()) {
      const [mine, other] = [ours[at]!, theirs[at]!];
      rows.push({
        measure: `codex: ${which} resume of ${size} MB${more.compactedAfter === undefined ? "" : ", compacted each MB"}, start to last byte of ${megabytes(mine.bytes)}`,
        ours: `${ms(mine.ms)}, ${megabytes(mine.peak)}`,
        beside: `${ms(other.ms)}, ${megabytes(other.peak)} Codex ${codexVersion} (${megabytes(other.bytes)})`,
        ratio: `${ratio(mine.ms, other.ms)}, memory ${ratio(mine.peak, other.peak)}`,
        goal: which === "first" ? "≤ 0.1, memory ≤ 0.5" : "≤ 0.33, memory ≤ 0.5",
      });
    }
    rmSync(home, { recursive: true });
    rmSync(own, { recursive: true });
  }
  sink.stop();
  return rows;
}

/** `size`: megabytes. The last one once more as a thread of that size is in life, since a model's window holds about a megabyte. */
function resumed(quick: boolean): { size: number; more?: { compactedAfter?: number } }[] {
  const sizes = quick ? [10, 200] : [10, 50, 100, 200];
  return [...sizes.map((size) => ({ size })), { size: sizes.at(-1)!, more: { compactedAfter: 30 } }];
}

interface Resumed {
  ms: number;
  bytes: number;
  peak: number;
}

/** The first request that ends after a point in time: what was sent before it may still be told of. */
async function arrivalSince(sink: Sink, since: number): Promise<Arrival> {
  for (;;) {
    const arrival = await sink.next();
    if (arrival.at >= since && arrival.bytes > 0) return arrival;
  }
}

async function resumeOurs(
  sink: Sink,
  id: string,
  own: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Resumed> {
  const start = sharedNow();
  const arriving = arrivalSince(sink, start);
  const words = ["exec", "resume", id, "go on", "--home", own, "--approval", "all", "-m", "bench"];
  const ended = await runNode(["--import", peakProbe, program, ...words], { cwd, env });
  const { at, bytes } = await arriving;
  return { ms: at - start, bytes, peak: ended.peakBytes };
}

async function resumeTheirs(
  sink: Sink,
  binary: string,
  id: string,
  home: string,
  cwd: string,
): Promise<Resumed> {
  const start = sharedNow();
  const arriving = arrivalSince(sink, start);
  const child = spawn(binary, ["exec", "--skip-git-repo-check", "resume", id, "go on"], {
    cwd,
    env: { PATH: process.env["PATH"], HOME: home, CODEX_HOME: home, LOOPBACK_KEY: key },
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const { at, bytes } = await arriving;
  // The kernel's count of its peak memory; systems without it give none.
  const peak =
    process.platform === "linux"
      ? /VmHWM:\s+(\d+) kB/u.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]
      : "0";
  await ended;
  return { ms: at - start, bytes, peak: Number(peak ?? 0) * 1_024 };
}
