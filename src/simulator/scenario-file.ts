import { readFile } from "node:fs/promises";
import { parse, TomlError } from "smol-toml";
import { systemWords } from "../lib/system.ts";
import { lineOf } from "../lib/toml-line.ts";
import { Failure } from "../failure.ts";
import { explain, pathOf } from "./scenario-error.ts";
import { scenarioSchema, type Scenario, type ScenarioInput } from "./scenario.ts";

const scenarioPage = "How one is written: docs/simulator.md";

/** Reads and validates a scenario file (TOML). Throws a `Failure` "configuration" that names the file, the line and what is allowed. */
export async function loadScenario(path: string): Promise<Scenario> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const why = systemWords(error);
    throw new Failure(
      "configuration",
      `The scenario ${path} can't be read: ${why}. ${scenarioPage}`,
      { path },
      { cause: error },
    );
  }
  return parseScenario(text, path);
}

/** Validates the text of a scenario. `name` stands for the file in errors, and for the scenario when it has no name of its own. */
export function parseScenario(text: string, name: string): Scenario {
  return { name, ...validate(readToml(text, name), name, (path) => `${name}:${lineOf(text, path)}`) };
}

/** Validates a scenario that was written in TypeScript, with the same errors but for the lines. */
export function checkScenario(input: ScenarioInput | Scenario): Scenario {
  const name = input.name ?? "the scenario";
  return validate(input, name, () => name);
}

function readToml(text: string, name: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = "is no TOML"] = error.message.split("\n");
    throw new Failure(
      "configuration",
      `${name}:${error.line}: ${what}. ${scenarioPage}`,
      { path: name },
      { cause: error },
    );
  }
}

function validate(value: unknown, name: string, where: (path: readonly PropertyKey[]) => string): Scenario {
  const parsed = scenarioSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${where(pathOf(issue))}: ${explain(issue, value)}`);
  throw new Failure("configuration", problems.join("\n"), { path: name }, { cause: parsed.error });
}
