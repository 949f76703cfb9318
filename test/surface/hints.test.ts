// What a person copies from a message works as it stands; and a file of settings that nobody can read stops no command that needs none of it.
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { inProcess, type Said } from "../kit/in-process.ts";
import { until, withRig } from "../kit/rig.ts";

let root: string;
const home = (): string => join(root, "my home");
const run = (...words: string[]): Promise<Said> =>
  inProcess(join(root, "another"), join(root, "workspace"), words);
const there = (...words: string[]): Promise<Said> => run(...words, "--home", home());

beforeEach(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "throughline-hints-")));
  mkdirSync(join(root, "workspace"));
  const { status, err } = await there("exec", "--provider", "simulator", "--name", "it", "Hello.");
  expect(status, err).toBe(0);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The words of a command that a message names, as a shell splits them. */
function commandIn(said: string): string[] {
  const [, words] = /throughline (.*)$/mu.exec(said) ?? [];
  expect(words, said).toBeDefined();
  return (words!.match(/'[^']*'|"[^"]*"|[^\s'"]+/gu) ?? []).map((word) =>
    word.replace(/^(['"])(.*)\1$/u, "$2"),
  );
}

it.each([
  ["fork", "it"],
  ["clear", "it"],
  ["archive", "it"],
  ["queue", "it", "later"],
  ["queue", "drop", "it", "nothing"],
  ["show", "it"],
  ["sessions", "--all", "--status", "failed"],
  ["name", "it", "---"],
])("%s %s: the command that it ends with works in the home that was named", async (...words) => {
  if (words[0] === "sessions") await there("archive", "it");
  const { out, err } = await there(...words);
  const next = await run(
    ...commandIn(`${out}${err}`.replace(" [", "\n")).map((word) => word.replace("…", "Go on.")),
  );
  expect([next.status, next.err], out + err).toEqual([0, expect.not.stringContaining("No session")]);
});

it("a command in JSON works in the home that was named, too", async () => {
  await there("fork", "it", "--name", "other");
  const next = async <Output>(words: string[], of: (output: Output) => string): Promise<void> => {
    const { out } = await there(...words, "--json");
    const said = of(JSON.parse(out.trimEnd().split("\n").at(-1)!) as Output);
    const { status, err } = await run(...commandIn(said.replace("…", "Go on.")));
    expect([status, err], `${words.join(" ")}: ${said}`).toEqual([
      0,
      expect.not.stringContaining("No session"),
    ]);
  };
  await next<{ next: string }>(["show", "it"], (view) => view.next);
  await next<{ left: { why: string }[] }>(["delete", "it"], ({ left }) => left[0]!.why);
});

it("where the output can't be written, the command that is named works in the home that was", () =>
  withRig({}, async (rig) => {
    const named = join(rig.folder, "my home");
    const shell = ["sh", "-c", 'exec "$@" >/dev/full', "sh"];
    const { status, err } = await rig.run(["exec", "--home", named, "Hello."], { prefix: shell });
    expect([status, err]).toEqual([1, expect.stringContaining("could not be written")]);
    const shown = await rig.run(commandIn(err.trim()));
    expect([shown.status, shown.out]).toEqual([0, expect.stringContaining("Hello.")]);
  }));

it("what a person has said or pasted is told as it was, with commands in it and all", async () => {
  const words = "then run throughline show it";
  await there("queue", "it", words);
  expect((await there("queue", "list", "it")).out).toContain(words);
  expect((await there("doctor", "--error", `HTTP 418: ${words}`)).out).toContain(words);
  expect((await there("name", "it", words)).out).toContain(`resume '${words}'`);
});

it.each(["responses", "chat", "anthropic"])("what simulate --wire %s prints works as it stands", (wire) =>
  withRig({}, async (rig) => {
    const server = rig.start(["simulate", "--wire", wire]);
    await until(() => server.printed().includes("throughline exec") && server.printed().endsWith("\n"), "it");
    const [, named, command = "", , toml = ""] =
      /^ {2}(?:(\w+=\S+) )?throughline (exec.*)\n(with this in \/.*\/config\.toml:\n([^]*))?/mu.exec(
        server.printed(),
      )!;
    mkdirSync(rig.home, { mode: 0o700 });
    writeFileSync(join(rig.home, "config.toml"), toml);
    const env = named === undefined ? {} : Object.fromEntries([named.split("=") as [string, string]]);
    const { status, err } = await rig.run(commandIn(`throughline ${command}`), { env });
    expect([status, err]).toEqual([0, expect.stringContaining("$ ls")]);
  }),
);

it("what reads and removes sessions does so beside settings that nobody can read, and says so", async () => {
  const config = join(home(), "config.toml");
  writeFileSync(config, "provider = \n");
  for (const words of [["sessions"], ["show", "it"], ["doctor"], ["export", "it"], ["delete", "it"]]) {
    const { status, err } = await there(...words);
    expect([status, err], words.join(" ")).toEqual([0, expect.stringContaining(config)]);
  }
  expect((await there("sessions")).out).toContain("No session");
  const { status, err } = await there("exec", "Hello.");
  expect([status, err]).toEqual([2, expect.stringContaining(`${config}:1`)]);
});

it("a log in which nothing can be read takes no message, and doctor names it", async () => {
  const sessions = join(home(), "sessions");
  const [month = ""] = readdirSync(sessions);
  const id = readdirSync(join(sessions, month)).find((name) => /^[0-9a-f]/u.test(name)) ?? "";
  writeFileSync(join(sessions, month, id, "log.jsonl"), "");
  const queued = await there("queue", id, "later");
  expect([queued.status, queued.err]).toEqual([1, expect.stringContaining("Nothing was queued")]);
  expect((await there("queue", "list", id)).out).toContain("Nothing is queued");
  const { status, out } = await there("doctor");
  expect([status, out]).toEqual([1, expect.stringContaining(`${id}  a session of Throughline's own`)]);
});

it("a fork of a session that was cleared counts none of the cleared messages, and shows none as what was asked", async () => {
  await there("clear", "it");
  const bare = JSON.parse((await there("fork", "it", "--json")).out) as { session: string };
  expect((await there("show", bare.session)).out).toMatch(/^ {2}asked {5}\(nothing yet\)$/mu);
  await there("resume", "it", "Anew.");
  const { out } = await there("fork", "it", "--json");
  const { session } = JSON.parse(out) as { session: string };
  expect((await there("show", session)).out).toMatch(/^ {2}asked {5}Anew\.$[^]*2 messages/mu);
});

it("a turn that no repair has saved doesn't end with what is next about its last refusal alone", () =>
  withRig(
    {
      fault: [
        {
          kind: "status",
          status: 400,
          code: "invalid_encrypted_content",
          message: "The encrypted content gAAA...c90= could not be verified.",
          request: 2,
          times: 20,
        },
      ],
    },
    async (rig) => {
      expect((await rig.run(["exec", "One."])).status).toBe(0);
      const [first] = rig.ids();
      const { status, out, err } = await rig.run(["resume", "--last", "Two.", "--json"]);
      expect(status, err).toBe(5);
      const failed = out.split("\n").find((line) => line.includes('"turn.failed"'));
      expect(failed).toMatch(/Next: choose another provider or model/u);
      expect(out).toContain(`; 1 item stays in session ${first};`);
    },
  ));
