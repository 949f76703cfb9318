import { catalogue } from "../../failure/catalogue.ts";
import { type Failure, isFailure } from "../../failure.ts";
import type { SessionStore } from "../../store.ts";
import type { Outputs } from "../json/outputs.ts";
import { printJson } from "../json/print.ts";
import type { Invocation } from "./command.ts";
import { findSession } from "./pick.ts";
import { failureLine } from "./report-error.ts";

type Json = Outputs["archive"]["sessions"][number];

export interface Told {
  json: Json;
  text: string;
}

/**
 * Does the same to every session that the words name. What fails for one is said, and the others have their turn: the exit status is
 * that of the first failure. `--json`: one object with `sessions`, each with what was done or with `error`.
 */
export async function eachSession(
  { args, options, terminal, environment }: Invocation,
  store: SessionStore,
  act: (id: string) => Promise<Told>,
): Promise<number> {
  const isJson = options["json"] === true;
  const told: Json[] = [];
  let first: Failure | undefined;
  for (const reference of args) {
    try {
      const { json, text } = await act(await findSession(store, reference, environment));
      told.push(json);
      if (!isJson) terminal.out(`${text}\n`);
    } catch (error) {
      if (!isFailure(error)) throw error;
      first ??= error;
      told.push({ session: reference, error: { class: error.class, message: error.message } });
      terminal.err(failureLine(error));
    }
  }
  if (isJson) printJson<"archive">(terminal, { sessions: told });
  return first ? catalogue[first.class].exit : 0;
}
