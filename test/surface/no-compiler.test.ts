// A Node that compiles nothing has no WebAssembly either, which lines are skimmed with (decisions/0018).
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { listRollouts } from "../../src/foreign/codex/home/places.ts";
import { codexFixtures, codexHomeWith } from "../kit/codex-home.ts";
import { type Rig, withRig } from "../kit/rig.ts";

/** What the program prints in a Node that compiles, and in one that doesn't. */
function inBoth(rig: Rig, words: readonly string[]): [compiling: string, other: string] {
  const { argv, env } = rig.command(words);
  const [node, ...rest] = argv;
  const printed = (...flags: string[]): string =>
    spawnSync(node, [...flags, ...rest], { env, encoding: "utf8", maxBuffer: 2 ** 28 }).stdout;
  return [printed(), printed("--jitless")];
}

it("doctor tells the same of every fixture in a Node without WebAssembly, where it parses each line", () =>
  withRig({ turn: [] }, async (rig) => {
    const kind = spawnSync(process.execPath, ["--jitless", "-p", "typeof WebAssembly"], { encoding: "utf8" });
    expect(kind.stdout).toBe("undefined\n");
    const homes = readdirSync(codexFixtures).map((version) => join(codexFixtures, version));
    const [skimmed, parsed] = inBoth(rig, ["doctor", ...homes, "--json"]);
    expect(skimmed).toContain('"findings"');
    expect(parsed).toBe(skimmed);
  }));

it("repair plans the same there for records without a timestamp and for a torn one", () =>
  withRig({ turn: [] }, async (rig) => {
    const { path } = listRollouts(codexHomeWith("0.130.0"))[0]!;
    const lines = readFileSync(path, "utf8").split("\n");
    lines[4] = `${lines[4]!.slice(0, 80)}${lines[4]}`;
    lines[5] = lines[5]!.replace(/"timestamp":"[^"]*",/u, "");
    writeFileSync(path, lines.join("\n"));
    const [skimmed, parsed] = inBoth(rig, ["repair", path, "--json"]);
    expect(JSON.parse(skimmed)).toMatchObject({ mended: { "untimed-record": 1, "unparsable-line": 1 } });
    expect(parsed).toBe(skimmed);
  }));
