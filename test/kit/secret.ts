import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Every file under the folder, hidden ones included, that holds the bytes, or whose name does. */
export function filesWith(folder: string, secret: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => {
    const path = join(folder, name);
    return name.includes(secret) || (lstatSync(path).isFile() && readFileSync(path).includes(secret));
  });
}
