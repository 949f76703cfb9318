// How the program starts where the system's Node is too old for it, or young enough to warn.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { packageVersion } from "../../src/surface/version.ts";

const bin = fileURLToPath(new URL("../../bin/throughline.mjs", import.meta.url));

/** A Node before 24 on the PATH. */
const old = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "node"))
  .find((node) => {
    const { stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
    return /^v(?:1\d|2[0-3])\./u.test(stdout ?? "");
  });
if (old === undefined)
  process.stderr.write("no Node before 24 on the PATH: starting with one is not tested\n");

describe.skipIf(old === undefined)("started with an old Node", () => {
  it("runs with the one that came with a clone, and hands its words, output and status on", () => {
    expect(execFileSync(old!, [bin, "--version"], { encoding: "utf8" })).toBe(`${packageVersion()}\n`);
    const refused = spawnSync(old!, [bin, "show", "--nothing"], { encoding: "utf8" });
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('"--nothing"')]);
  });

  it("ends when it is told to, and not before what it runs", async () => {
    const started = spawn(old!, [bin, "simulate"], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => started.stdout.once("data", resolve));
    const ended = new Promise((resolve) => started.once("exit", (status) => resolve(status)));
    // Its output is the program's too: at its end nobody writes there any more.
    const closed = new Promise((resolve) => started.stdout.once("close", resolve));
    started.stdout.resume();
    started.kill("SIGTERM");
    expect(await ended).not.toBeNull();
    await closed;
  });

  it("says what is needed where there is none", () => {
    const folder = mkdtempSync(join(tmpdir(), "throughline-start-"));
    try {
      cpSync(bin, join(folder, "bin", "throughline.mjs"));
      const { status, stderr } = spawnSync(old!, [join(folder, "bin", "throughline.mjs")], {
        encoding: "utf8",
      });
      expect([status, stderr]).toEqual([
        2,
        expect.stringMatching(/^throughline needs Node 24 or newer.*npm ci/u),
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it("prints no warning that SQLite is experimental, as Node 24.0 has it, and every other one", () => {
  const warnings = `setTimeout(() => {
    process.emitWarning("SQLite is an experimental feature and might change at any time", "ExperimentalWarning");
    process.emitWarning("the sky falls", "DeprecationWarning");
  })`;
  const words = ["--import", `data:text/javascript,${encodeURIComponent(warnings)}`, bin, "--help"];
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  expect(status).toBe(0);
  expect(stderr).toContain("the sky falls");
  expect(stderr).not.toContain("SQLite");
});

it("waits for no code of repairs where a session is resumed", () => {
  const told = `import { registerHooks } from "node:module";
    registerHooks({ load: (url, context, next) => (process.stdout.write(url + "\\n"), next(url, context)) });`;
  const home = mkdtempSync(join(tmpdir(), "throughline-start-"));
  try {
    const words = ["--import", `data:text/javascript,${encodeURIComponent(told)}`, bin, "exec", "resume"];
    const { stdout } = spawnSync(process.execPath, [...words, "--home", home], { encoding: "utf8" });
    const loaded = stdout
      .split("\n")
      .filter((url) => url.includes("/dist/program/"))
      .map((url) => readFileSync(fileURLToPath(url), "utf8"));
    const holding = (path: string): number => {
      expect(existsSync(new URL(`../../dist/${path}`, import.meta.url)), path).toBe(true);
      return loaded.filter((code) => code.includes(`// dist/${path}`)).length;
    };
    expect(holding("surface/codex.js")).toBe(1);
    expect(holding("foreign/codex/repair/prepare.js")).toBe(0);
  } finally {
    rmSync(home, { recursive: true });
  }
});
