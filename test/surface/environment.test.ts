// What a tool sees of the environment that the program runs in.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { shell, step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { withRig } from "../kit/rig.ts";

const print = `printf '%s\\n' "$GH_TOKEN/$NPM_TOKEN/$OPENAI_API_KEY/"`;
const scenario: ScenarioInput = { turn: [turn(/./, step(shell(print)), step("It says {{last_line}}."))] };

it("secrets that the configuration names, and no others; a provider's key not even then", () =>
  withRig(scenario, async (rig) => {
    mkdirSync(rig.home);
    writeFileSync(join(rig.home, "config.toml"), 'pass_env = ["GH_TOKEN", "OPENAI_API_KEY"]\n');
    const env = { GH_TOKEN: "named", NPM_TOKEN: "not-named" };
    expect((await rig.run(["exec", "go"], { env })).out).toBe("It says named///.\n");
  }));
