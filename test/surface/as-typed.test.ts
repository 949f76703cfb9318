// The command line as people type it: options of other agents for `resume`, prompts without a session, words in the wrong place.
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inProcess, type Said } from "../kit/in-process.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "throughline-typed-")));
const workspace = join(root, "workspace");
const run = (...words: string[]): Promise<Said> => inProcess(join(root, "home"), workspace, words);

let older = "";
let newest = "";

beforeAll(async () => {
  mkdirSync(workspace);
  for (const name of ["older", "newest"]) {
    const { out } = await run("exec", "--provider", "simulator", "--name", name, "--json", `I am ${name}.`);
    const [started = ""] = out.split("\n");
    const { thread_id: id } = JSON.parse(started) as { thread_id: string };
    if (name === "older") older = id;
    else newest = id;
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("throughline, as people type it", () => {
  it.each([
    [["--continue", "Go on."], "newest"],
    [["-c", "Go on."], "newest"],
    [["resume", "--last", "Go on."], "newest"],
    [["resume", "Go on.", "--last"], "newest"],
    [["exec", "resume", "--last", "Go on."], "newest"],
    [["--resume", "older", "Go on."], "older"],
    [["-r", "older", "Go on."], "older"],
    [["resume", "older", "Go on."], "older"],
  ])("%j goes on with the %s session", async (words, name) => {
    const { status, out, err } = await run(...words);
    expect(status, err).toBe(0);
    expect(err).toContain(`session ${name === "older" ? older : newest} "${name}" resumed`);
    expect(out).toContain("You said: Go on.");
    // The other one is the newest again.
    expect((await run("resume", "newest", "Still here.")).status).toBe(0);
  });

  it.each(["resume", "resume it", "--last", "--json"])("%j behind -- is a prompt", async (prompt) => {
    const words = ["exec", "--provider", "simulator", "--", prompt];
    const { status, out, err } = await inProcess(join(root, "prompts"), workspace, words);
    expect(status, err).toBe(0);
    expect(out).toContain(`You said: ${prompt}\n`);
    expect((await run("exec", "--", prompt, "more")).out).toBe("");
  });

  it.each([
    ["--json", "--home", join(root, "home"), "queue", "list", "older"],
    [`--home=${join(root, "home")}`, "queue", "list", "older", "--json"],
  ])("%j: what every command takes may stand before it", async (...words) => {
    const { status, out, err } = await inProcess(join(root, "another"), workspace, words);
    expect(status, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ session: older });
  });

  it.each([
    [["exec", "--model", "", "hi"], "--model was given nothing"],
    [["sessions", "--home", ""], "--home was given nothing"],
    [["doctor", ""], 'Nothing is called ""'],
    [["purge", "", "--dry-run"], 'No session has the id or name ""'],
  ])("%j: what a variable that isn't set leaves of a word is refused", async (words, said) => {
    const { status, out, err } = await run(...words);
    expect([status, out + err]).toEqual([2, expect.stringContaining(said)]);
  });

  it.each([["--resume"], ["-r"], ["resume"], ["resume", "--model", "another"]])(
    "%s %s %s lists the sessions where nobody can choose",
    async (...words) => {
      const { status, out, err } = await run(...words);
      expect(status).toBe(2);
      for (const id of [older, newest]) expect(out).toContain(id);
      expect(err).toContain("Which one? throughline resume with an id, a name, or --last.");
    },
  );

  it.each([
    [["resume", "make it better"], /No session has.*throughline resume --last 'make it better'/u],
    [["clear", "I was never"], /No session has(?!.*--last)/u],
    [["resume", "I was never", "Go on."], /No session has(?!.*--last)/u],
    [["resume", "oldr", "Go on."], /The nearest: [0-9a-f-]{36} \(older\)/u],
    [
      ["resume", "--last", "make", "it"],
      /several words stands in quotes.*throughline resume --last 'make it'/u,
    ],
    [["show", "I am old"], /No session has the id or name "I am old".*The nearest: [0-9a-f-]{36} \(older\)/u],
    [["sesions"], /Unknown command "sesions"\. Did you mean sessions\?.*See: throughline --help/u],
    [
      ["sessions", "--sicne", "2d"],
      /Unknown option "--sicne"\. Did you mean --since\?.*See: throughline sessions --help/u,
    ],
    [["--home", "h", "sessions", "--sicne", "2d"], /"--sicne"\..*See: throughline sessions --help/u],
    [["--model", "m", "exec", "hi"], /Unknown option "--model"\. Options stand behind the command\. See/u],
    [["--home", "h", "--model", "m", "exec", "hi"], /Options stand behind the command\. See/u],
    [["--", "resume it"], /The terminal interface needs a terminal/u],
    [["--model", "m", "--", "exec"], /The terminal interface needs a terminal/u],
    [["list", "--all"], /Unknown option "--all"\. "list" is no command\. See: throughline --help/u],
    [["export", "older", "-o", "pages/"], /An export is a file, and pages\/ names a folder/u],
    [["name", "older"], /Missing required argument "name"\. See: throughline name --help/u],
    [
      ["queue", "list"],
      /Missing required argument "session"\. throughline sessions lists them\. See: throughline queue list --help/u,
    ],
    [
      ["repair"],
      /Missing required argument "rollout"\. throughline doctor names .*throughline repair --help/u,
    ],
    [
      ["import"],
      /Missing required argument "rollout"\. throughline sessions --codex --all lists them\. See/u,
    ],
    [
      ["unarchive"],
      /Missing required argument "session"\. throughline sessions --archived lists them\. See/u,
    ],
    [["show", older.slice(0, 3), "x"], /Too many arguments for "show".*See: throughline show --help/u],
    [["exec", "fix", "the", "tests"], /Too many arguments.*stands in quotes\. See: throughline exec --help/u],
    [["exec", "--scenario", "x.toml", "hi"], /--scenario is for the simulator, and this goes to "openai"/u],
    [["resume", "older", "--from-step"], /argument missing\. See: throughline resume --help/u],
  ])("%j says what is wrong and what to type", async (words, said) => {
    const { status, out, err } = await run(...words);
    expect([status, out], err).toEqual([2, ""]);
    expect(err).toMatch(said);
  });

  it("says of a message no more than stands in it", async () => {
    const { out } = await run("doctor", "--error", "input[7]: frobnication");
    expect(out).toMatch(/\(request-malformed\): input\[7\]: frobnication/u);
    expect((await run("doctor", "--error", "frobnication")).out).not.toContain("provider");
    expect((await run("doctor", "--error", "HTTP 400: frobnication")).out).toContain("HTTP 400");
  });

  it("asks for more of an id that several have, and says what they are", async () => {
    const common = [...older].findIndex((letter, at) => letter !== newest[at]);
    const { status, err } = await run("show", older.slice(0, common));
    expect(status).toBe(2);
    expect(err).toContain(`${older} (older)`);
    expect(err).toContain(`${newest} (newest)`);
  });
});
