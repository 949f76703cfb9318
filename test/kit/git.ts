import { execFileSync } from "node:child_process";

/** Whether there is a Git; tests that need one say so when they are skipped: `it.skipIf(!hasGit)`. */
export const hasGit = ((): boolean => {
  try {
    execFileSync("git", ["--version"], { stdio: "ignore" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    process.stderr.write("git is missing: tests of repositories are skipped (apt-get install git)\n");
    return false;
  }
})();
