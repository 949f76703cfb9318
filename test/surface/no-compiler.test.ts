// A Node that compiles nothing has no WebAssembly either, which lines are skimmed with (decisions/0018).
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { withRig } from "../kit/rig.ts";

const fixtures = fileURLToPath(new URL("../../src/foreign/codex/fixtures", import.meta.url));

it("doctor tells the same of every fixture in a Node without WebAssembly, where it parses each line", () =>
  withRig({ turn: [] }, async (rig) => {
    const { argv, env } = rig.command([
      "doctor",
      ...readdirSync(fixtures).map((version) => join(fixtures, version)),
      "--json",
    ]);
    const [node, ...words] = argv;
    const told = (...flags: string[]): string =>
      spawnSync(node, [...flags, ...words], { env, encoding: "utf8", maxBuffer: 2 ** 28 }).stdout;
    const kind = spawnSync(node, ["--jitless", "-p", "typeof WebAssembly"], { encoding: "utf8" });
    expect(kind.stdout).toBe("undefined\n");
    const skimmed = told();
    expect(skimmed).toContain('"findings"');
    expect(told("--jitless")).toBe(skimmed);
  }));
