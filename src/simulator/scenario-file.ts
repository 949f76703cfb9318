import { readFile } from "node:fs/promises";
import { parse, TomlError } from "smol-toml";
import type { z } from "zod";
import { Failure } from "../failure.ts";
import { lineOf } from "./toml-line.ts";
import { explain } from "./scenario-error.ts";
import { scenarioSchema, type Scenario } from "./scenario.ts";

/** Reads and validates a scenario file (TOML). Throws a `Failure` "configuration" that names the file, the line and what is allowed. */
export async function loadScenario(path: string): Promise<Scenario> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new Failure(
      "configuration",
      `The scenario ${path} can't be read: ${(error as Error).message}.`,
      { path },
      { cause: error },
    );
  }
  return parseScenario(text, path);
}

/** Validates the text of a scenario. `name` stands for the file in errors, and for the scenario when it has no name of its own. */
export function parseScenario(text: string, name: string): Scenario {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = "is no TOML"] = error.message.split("\n");
    throw new Failure("configuration", `${name}:${error.line}: ${what}`, { path: name }, { cause: error });
  }
  const parsed = scenarioSchema.safeParse(value);
  if (parsed.success) return { name, ...parsed.data };
  const problems = parsed.error.issues.map(
    (issue) => `${name}:${lineOf(text, pathOf(issue))}: ${explain(issue, value)}`,
  );
  throw new Failure("configuration", problems.join("\n"), { path: name }, { cause: parsed.error });
}

/** An unknown key is to be found at its own line. */
function pathOf(issue: z.core.$ZodIssue): PropertyKey[] {
  return issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0]!] : issue.path;
}
