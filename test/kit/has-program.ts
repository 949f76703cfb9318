import { spawnSync } from "node:child_process";

/** Whether a program is there; where it isn't, says which tests are skipped for it: `it.skipIf(!hasGit)`. */
export function hasProgram(name: string, skipped: string): boolean {
  const { error } = spawnSync(name, ["--help"], { stdio: "ignore" });
  if (error) process.stderr.write(`${name} is missing: ${skipped} (apt-get install ${name})\n`);
  return error === undefined;
}
