import { efforts } from "../command/options.ts";
import type { Choice } from "../workbench.ts";
import type { Typed } from "./slash-words.ts";

const withEffort = new RegExp(`^(.+)/(${efforts.join("|")})$`, "u");

/** What `/model` chooses. `gpt-5.5/high` is a model and its effort, as the status line shows them; any other slash belongs to the name. */
export function choiceOf({ args: [name], options }: Typed): Choice {
  const [, model = name, effort = options["effort"]] = withEffort.exec(name ?? "") ?? [];
  const { provider } = options;
  return {
    ...(model !== undefined && { model }),
    ...(typeof effort === "string" && { effort }),
    ...(typeof provider === "string" && { provider }),
  };
}
