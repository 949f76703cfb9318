import { playDemo } from "../demo/play.ts";
import type { Command } from "./command.ts";

export const demo: Command = {
  name: "demo",
  summary:
    "the whole story in under 30 seconds: real tools, a simulated provider that cuts, rotates and limits",
  example: "throughline demo",
  options: [{ flags: "--keep", help: "keep the scratch folder, to look around in it" }],
  run: ({ terminal, options, signal }) =>
    playDemo({ terminal, keep: options["keep"] === true, json: options["json"] === true, signal }),
};
