import { playDemo } from "../demo/play.ts";
import type { Invocation } from "./command.ts";

/** `throughline demo`: plays the demo in a scratch folder; exit status 1 when any of its evidence doesn't hold. */
export function demo({ terminal, options, signal }: Invocation): Promise<number> {
  return playDemo({ terminal, keep: options["keep"] === true, json: options["json"] === true, signal });
}
