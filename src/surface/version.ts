import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A file of this package. Its root stands two folders up from src/surface, from dist/surface and from dist/program alike. */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** The version of this package, as its package.json says. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as { version: string }).version;
}
