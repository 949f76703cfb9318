import { execFileSync } from "node:child_process";

export const nobody = 65_534;
export const isRoot = process.getuid?.() === 0;

/** What starts a program of root's as nobody in particular. */
export const asNobody = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];

/** Why that can't be, where it can't. */
export function cannotBecomeNobody(): string | undefined {
  if (!isRoot) return undefined;
  try {
    execFileSync(asNobody[0]!, [...asNobody.slice(1), process.execPath, "--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "setpriv can't start Node as another user here";
  }
}

/** Does something with the rights of nobody in particular: who runs as root may read and write anywhere. */
export async function asUser<T>(act: () => T | Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return act();
  process.seteuid!(nobody);
  try {
    return await act();
  } finally {
    process.seteuid!(0);
  }
}
