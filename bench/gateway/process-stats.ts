import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The ids of a process and all its descendants. Linux only; elsewhere empty. */
function family(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const stat = /^\d+$/u.test(name) ? procFile(Number(name), "stat") : "";
    const parent = /\) \S (\d+)/u.exec(stat)?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const isBelow = (candidate: number): boolean => {
    for (let at: number | undefined = candidate; at !== undefined && at > 0; at = parents.get(at))
      if (at === pid) return true;
    return false;
  };
  return [...parents.keys()].filter(isBelow);
}

/** A process may end between two looks. */
function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}

const ticksPerSecond = 100;

/** Processor time of the process and its children so far, in milliseconds, to 10. */
export function cpuMs(pid: number): number {
  return family(pid).reduce((sum, member) => {
    const fields = procFile(member, "stat")
      .replace(/^.*\) /u, "")
      .split(" ");
    return sum + ((Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 1_000) / ticksPerSecond;
  }, 0);
}

/** Peak memory of the process and its children, in bytes. */
export function peakBytes(pid: number): number {
  return family(pid).reduce(
    (sum, member) => sum + Number(/VmHWM:\s+(\d+)/u.exec(procFile(member, "status"))?.[1] ?? 0) * 1_024,
    0,
  );
}

/** Binds the process and its descendants, with all their threads, to these processors (`0`, `0,1`). False where that is impossible. */
export function keepOn(pid: number, processors: string): boolean {
  return family(pid).every(
    (member) => spawnSync("taskset", ["-a", "-c", "-p", processors, `${member}`]).status === 0,
  );
}
