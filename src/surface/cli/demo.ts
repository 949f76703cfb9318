import { playDemo } from "../demo/play.ts";
import type { Invocation } from "./command.ts";

/** Plays the demo in a scratch folder of its own; exit status 1 when any of its evidence is not as it should be. */
export function demo({ terminal, options, signal }: Invocation): Promise<number> {
  return playDemo({ terminal, keep: options["keep"] === true, json: options["json"] === true, signal });
}
