import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "./processes.ts";

/** What is measured is what is shipped, so it comes from `dist` (made by `npm ci` and `npm run build`); its types come from the sources. */
export async function shipped<Module>(path: string): Promise<Module> {
  return (await import(new URL(`../dist/${path}.js`, import.meta.url).href)) as Module;
}

/** What to say when the sources have changed since they were built. */
export function staleness(): string | undefined {
  const changed = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((path) => {
    if (!path.endsWith(".ts") || /\.(?:test|d)\.ts$/u.test(path) || path.includes("fixtures")) return false;
    const built = statSync(join(root, "dist", path.replace(/\.ts$/u, ".js")), { throwIfNoEntry: false });
    return !built || built.mtimeMs < statSync(join(root, "src", path)).mtimeMs;
  });
  if (changed.length === 0) return undefined;
  const more = changed.length > 1 ? ` and ${changed.length - 1} more` : "";
  return `dist is older than src/${changed[0]}${more}: npm run build, or these are the numbers of what was built before.`;
}
