// The help reads as if one person wrote it: the same form for every command, every word of its line explained, an example that holds.
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { commands } from "../../src/surface/command/commands.ts";
import { inProcess, type Said } from "../kit/in-process.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "throughline-help-")));
const run = (...words: string[]): Promise<Said> => inProcess(join(root, "home"), root, words);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Not "the …", "a …" or "what …": what the command does, as one asks for it. */
const imperative = /^(?!(?:an?|the|what|how|all|its?) )[a-z]+ /u;

describe("help", () => {
  it("names every command, the exit statuses and examples, in lines that fit a terminal", async () => {
    const { status, out } = await run("--help");
    expect(status).toBe(0);
    for (const { name } of commands.filter((command) => !command.name.includes(" ")))
      expect(out).toMatch(new RegExp(`^ {2}${name}[ \\n]`, "mu"));
    expect(out).toContain("3 the session is in use");
    const [, guides = ""] = /^Guides .*:\n {2}(.*)\n$/mu.exec(out) ?? [];
    expect(existsSync(join(guides, "failures.md"))).toBe(true);
    for (const line of out.replace(guides, "").split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it.each(commands.map((command) => [command.name, command] as const))(
    "of %s says what it does, what its words stand for and how it is called",
    async (name, { summary, options, example, arguments: words = "" }) => {
      const { status, out, err } = await run(...name.split(" "), "--help");
      expect([status, err]).toEqual([0, ""]);
      expect(summary, "an imperative, without a full stop at its end").toMatch(imperative);
      expect(summary).not.toMatch(/\.$/u);
      for (const { help } of options) expect(help).toMatch(/^(?!.*\.$)./u);
      for (const [, word = ""] of words.matchAll(/([a-z]+)/gu))
        expect(out, `${word} is explained`).toMatch(new RegExp(`^ {2}${word} +\\S`, "mu"));
      if (name !== "open") expect(example, "its example calls it").toContain(`throughline ${name}`);
      expect(out).toContain(`\nExample:\n  $ ${example}\n`);
      expect((await run("help", ...name.split(" "))).out, "help NAME is the same").toBe(out);
    },
  );

  it("of what is no command says so", async () => {
    for (const words of [
      ["help", "nosuch"],
      ["nosuch", "--help"],
    ]) {
      const { status, err } = await run(...words);
      expect([status, err]).toEqual([2, 'There is no command "nosuch". See: throughline --help\n']);
    }
    const mistyped = await run("sesions", "--help");
    expect([mistyped.status, mistyped.err]).toEqual([2, expect.stringContaining("Did you mean sessions?")]);
  });
});
