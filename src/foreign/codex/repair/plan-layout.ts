import { readFileSync } from "node:fs";
import { relaid } from "../rollout/layout.ts";
import type { Edit } from "./edit.ts";

/** All of a file that a program has written anew, as records that have a line each. */
export function planLayout(path: string): Edit {
  const written = readFileSync(path);
  const says = "every record gets a line of its own, in UTF-8";
  return { at: 0, length: written.length, bytes: relaid(written), kind: "other-layout", line: 1, says };
}
