import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { schemaWords, wordsMissing } from "../../test/kit/schema-words.ts";
import { scenarioSchema } from "./scenario.ts";
import { checkScenario, loadScenario, parseScenario } from "./scenario-file.ts";

const guide = readFileSync(new URL("../../docs/simulator.md", import.meta.url), "utf8");
const examples = fileURLToPath(new URL("../../examples/scenarios/", import.meta.url));

function problem(text: string): string {
  try {
    parseScenario(text, "s.toml");
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("the scenario was accepted");
}

describe("a scenario file", () => {
  it.each(readdirSync(examples))("examples/scenarios/%s loads", async (name) => {
    await expect(loadScenario(examples + name)).resolves.toMatchObject({
      name: expect.any(String) as string,
    });
  });

  it("is shown in docs/simulator.md as it stands under examples", () => {
    const text = readFileSync(`${examples}cut-after-tool.toml`, "utf8");
    expect(guide).toContain(text.slice(text.indexOf("name =")));
  });

  it("has every key and every value that it can have in docs/simulator.md", () => {
    expect(wordsMissing(schemaWords(scenarioSchema), guide)).toEqual([]);
  });

  it("takes durations in units", () => {
    const scenario = parseScenario(
      '[[fault]]\nkind = "silent"\nfor = "1.5s"\n[seal]\nage = "24d"\n',
      "s.toml",
    );
    expect(scenario).toMatchObject({
      name: "s.toml",
      seal: { age: 24 * 86_400_000 },
      fault: [{ for: 1500 }],
    });
  });

  it("is the same once it was validated", () => {
    const scenario = parseScenario(
      '[[fault]]\nkind = "silent"\nfor = "1.5s"\n[[turn]]\nstep = [{ say = "x" }]\n',
      "s.toml",
    );
    expect(checkScenario(scenario)).toEqual(scenario);
  });
});

describe("an error in a scenario names the file, the line and what is allowed", () => {
  it.each([
    ["broken TOML", 'name = "x"\nname = ]\n', /^s\.toml:2: Invalid TOML document/],
    [
      "an unknown key",
      '\n[seal]\nage = "1d"\nagee = "1d"\n',
      /^s\.toml:4: seal has no "agee"; allowed: age, refusal, accept_previous$/,
    ],
    [
      "an unknown key at the top",
      'name = "x"\n\nfaults = 1\n',
      /^s\.toml:3: the scenario has no "faults"; allowed: name, seal, limits, stream, chat, turn, fault$/,
    ],
    [
      "an unknown value",
      '[seal]\nrefusal = "rude"\n',
      /^s\.toml:2: seal, refusal is one of: coded, coded-reason, item/,
    ],
    [
      "an unknown kind of fault",
      '[[fault]]\nkind = "cut"\n[[fault]]\nrequest = 1\nkind = "cot"\n',
      /^s\.toml:5: fault 2, kind is one of: rate-limit, usage-limit/,
    ],
    [
      "a fault without kind",
      "[[fault]]\nrequest = 1\n",
      /^s\.toml:1: fault 1, kind is missing; one of: rate-limit/,
    ],
    [
      "a key of another fault",
      '[[fault]]\nkind = "quota"\nresets_in = "3s"\n',
      /^s\.toml:3: fault 1 has no "resets_in"; allowed: kind, request/,
    ],
    [
      "a missing key",
      '[[fault]]\nkind = "usage-limit"\n',
      /^s\.toml:1: fault 1, resets_in is missing; expected a duration like/,
    ],
    [
      "a turn without steps",
      '[[turn]]\nprompt = "x"\n',
      /^s\.toml:1: turn 1, step is missing; expected array$/,
    ],
    [
      "a bad duration",
      '[[fault]]\nkind = "silent"\nfor = "soon"\n',
      /^s\.toml:3: fault 1, for: expected a duration like .*, got "soon"$/,
    ],
    [
      "a bad pattern",
      '[[turn]]\nprompt = "("\n[[turn.step]]\nsay = "x"\n',
      /^s\.toml:2: turn 1, prompt: is no regular expression/,
    ],
    [
      "a step that is not there",
      '[[turn]]\n[[turn.step]]\nname = "a"\nsay = "x"\nnext = [\n  { go = "b" },\n]\n',
      /^s\.toml:5: turn 1, step 1, next 1, go: there is no step "b"; known: "end", "a"$/,
    ],
    [
      "a fault at a step that is not there",
      '[[turn]]\n[[turn.step]]\nname = "a"\nsay = "x"\n[[fault]]\nkind = "cut"\nstep = "b"\n',
      /^s\.toml:7: fault 1, step: there is no step "b", so that it would never happen; known: "a"$/,
    ],
    [
      "a fault at a step where none has a name",
      '[[fault]]\nkind = "cut"\nstep = "b"\n',
      /^s\.toml:3: fault 1, step: there is no step "b", so that it would never happen; no step has a name$/,
    ],
    [
      "a step that does nothing",
      '[[turn]]\n[[turn.step]]\nsay = "x"\n[[turn.step]]\nreason = "y"\n',
      /^s\.toml:4: turn 1, step 2: a step says something/,
    ],
    [
      "two steps of one name",
      '[[turn]]\n[[turn.step]]\nname = "a"\nsay = "x"\n[[turn.step]]\nsay = "y"\nname = "a"\n',
      /s\.toml:7: .*"a" names two steps/,
    ],
    [
      "a call of two kinds",
      '[[turn]]\n[[turn.step]]\ncall = [{ shell = "x", patch = "y" }]\n',
      /^s\.toml:3: turn 1, step 1, call 1: a call has exactly one of/,
    ],
    [
      "an error behind a text of many lines",
      '[[turn]]\n[[turn.step]]\nsay = """\n[seal]\nage = 1\n"""\n[seal]\nage = "x"\n',
      /^s\.toml:8: seal, age/,
    ],
  ])("%s", (_, text, message) => {
    expect(problem(text)).toMatch(message);
  });

  it("names all problems at once", () => {
    expect(problem('[seal]\nage = "x"\nrefusal = "y"\n').split("\n")).toHaveLength(2);
  });

  it("says which file can't be read", async () => {
    await expect(loadScenario("/nowhere/s.toml")).rejects.toThrow(
      "The scenario /nowhere/s.toml can't be read: there is no such file or folder (ENOENT)",
    );
  });
});
