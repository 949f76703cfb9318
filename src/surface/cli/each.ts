import { catalogue } from "../../failure/catalogue.ts";
import { type Failure, isFailure } from "../../failure.ts";
import type { SessionStore } from "../../store.ts";
import type { Outputs } from "../json/outputs.ts";
import { printJson } from "../json/print.ts";
import type { Invocation } from "./command.ts";
import { inHome } from "./in-home.ts";
import { findSession } from "./pick.ts";
import { failureLine } from "./report-error.ts";

type Json = Outputs["archive"]["sessions"][number];

/** What was done to one session, for `--json` and for people. */
export interface Told {
  json: Json;
  text: string;
}

/**
 * Does the same to each session that the arguments name. A failure is told, and the other sessions still have their turn; the exit status is
 * that of the first failure. `--json`: one object with `sessions`, each with what was done or with `error`.
 */
export async function eachSession(
  invocation: Invocation,
  store: SessionStore,
  act: (id: string) => Promise<Told>,
): Promise<number> {
  const { args, options, terminal, environment } = invocation;
  const isJson = options["json"] === true;
  const told: Json[] = [];
  let first: Failure | undefined;
  for (const reference of args) {
    try {
      const { json, text } = await act(await findSession(store, reference, environment));
      told.push(json);
      if (!isJson) terminal.out(`${inHome(invocation, text)}\n`);
    } catch (error) {
      if (!isFailure(error)) throw error;
      first ??= error;
      const message = inHome(invocation, error.message);
      told.push({ session: reference, error: { class: error.class, message } });
      terminal.err(failureLine({ class: error.class, message }));
    }
  }
  if (isJson) printJson<"archive">(terminal, { sessions: told });
  return first ? catalogue[first.class].exit : 0;
}
