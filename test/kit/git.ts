import { hasProgram } from "./has-program.ts";

export const hasGit = hasProgram("git", "tests of repositories are skipped");
