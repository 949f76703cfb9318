// Sessions that leave a home and come into another one, in the real program.
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type ScenarioInput, shell, step, turn } from "../../src/simulator/server.ts";
import { runProgram } from "../../src/surface/program/program.ts";
import { inProcess } from "../kit/in-process.ts";
import { withRig } from "../kit/rig.ts";
import { temporaryFolder } from "../kit/temporary-folder.ts";

const scenario: ScenarioInput = {
  turn: [
    turn(/work/, step(shell("echo one"), { reason: "First a look." }), step("Worked.")),
    turn(/./, step("Done.")),
  ],
};

it("a session comes back from its file as it was, and as a copy where it is still there", () =>
  withRig(scenario, async (rig) => {
    await rig.run(["exec", "--approval", "all", "--name", "one", "Please work."]);
    await rig.run(["resume", "one", "More."]);
    const id = rig.id();
    const file = join(rig.workspace, "one.jsonl");
    const written = await rig.run(["export", "one", "--format", "throughline", "-o", file]);
    expect(written.status, written.err).toBe(0);
    const again = await rig.run(["export", "one", "--format", "throughline", "-o", file]);
    expect(again.status).toBe(2);
    expect(again.err).toMatch(/there is a file already/u);
    const link = join(rig.folder, "link.jsonl");
    symlinkSync(join(rig.folder, "gone", "one.jsonl"), link);
    const nowhere = await rig.run(["export", "one", "-o", link]);
    expect([nowhere.status, nowhere.err]).toEqual([2, expect.stringMatching(/there is a file already/u)]);
    const folder = await rig.run(["export", "one", "-o", rig.workspace]);
    expect([folder.status, folder.err]).toEqual([2, expect.stringMatching(/it is a folder/u)]);

    const before = JSON.parse((await rig.run(["show", id, "--json", "--steps", "50"])).out) as Record<
      string,
      unknown
    >;
    const copy = await rig.run(["import", file, "--json"]);
    expect(copy.status, copy.err).toBe(0);
    const { session } = JSON.parse(copy.out) as { session: string };
    expect(session).not.toBe(id);
    expect(copy.out, "a name means one session").toContain('"name":"one-2"');
    expect((await rig.run(["show", "one", "--json"])).out).toContain(`"id":"${id}"`);
    expect((await rig.run(["show", "one-2", "--json"])).out).toContain(`"id":"${session}"`);
    const moved = join(rig.workspace, "elsewhere");
    expect((await rig.run(["import", file, "--home", moved])).out).toContain(`session ${id} is imported`);
    const after = JSON.parse(
      (await rig.run(["show", id, "--json", "--steps", "50", "--home", moved])).out,
    ) as Record<string, unknown>;
    for (const member of [
      "items",
      "turns",
      "steps",
      "messages",
      "usage",
      "name",
      "title",
      "created",
      "settings",
    ])
      expect(after[member], member).toEqual(before[member]);
    const gone = await rig.run(["resume", id, "And more.", "--home", moved]);
    expect(gone.status, gone.err).toBe(0);

    const lines = readFileSync(file, "utf8").split("\n");
    writeFileSync(file, [...lines.slice(0, 4), ...lines.slice(5)].join("\n"));
    const cut = await rig.run(["import", file, "--home", join(rig.workspace, "third")]);
    expect(cut.status).not.toBe(0);
    expect(cut.err).toMatch(/one\.jsonl:5 is not as an exported session has it: event 3 is missing/u);
    const bare = lines.findIndex((line) => line.includes('"item":'));
    lines[bare] = lines[bare]!.replace(/"item":.*$/u, '"item":7}');
    writeFileSync(file, lines.join("\n"));
    const odd = await rig.run(["import", file, "--home", join(rig.workspace, "third")]);
    expect(odd.err).toContain("is not as an exported session has it: item-added needs an item");
  }));

it("what another has written into an exported session is refused, or said", () =>
  withRig(scenario, async (rig) => {
    await rig.run(["exec", "--approval", "all", "Please work."]);
    const [id = ""] = rig.ids();
    const { out } = await rig.run(["export", id, "--format", "throughline"]);
    const imported = async (from: string, to: string) => {
      const file = join(rig.workspace, "other.jsonl");
      writeFileSync(file, out.replaceAll(from, to));
      return rig.run(["import", file, "--home", join(rig.workspace, "second")]);
    };
    expect((await imported(`"session":"${id}"`, '"session":"../../x"')).err).toContain(
      "it doesn't say which session it is",
    );
    const newer = await imported('"schema":1', '"schema":99');
    expect(newer.err).toMatch(/newer version of Throughline \(schema 99,.*Update Throughline/u);
    expect(existsSync(join(rig.workspace, "second", "sessions"))).toBe(false);
    expect((await imported(`"path":"${rig.workspace}"`, '"path":"/"')).status).toBe(0);
    const resumed = await rig.run(["resume", id, "More.", "--home", join(rig.workspace, "second")]);
    expect(resumed.err).toMatch(/^· the session works in \/$/mu);
  }));

it.each([
  ["a line in the middle", '"kind":"reasoning"'],
  ["its first line, what that said being known from a later one", '"type":"session-created"'],
])("a session of which %s can't be read comes along without it, and that is said", (_which, mark) =>
  withRig(scenario, async (rig) => {
    await rig.run(["exec", "--approval", "all", "--name", "one", "Please work."]);
    const id = rig.id();
    const log = join(rig.home, "sessions", readdirSync(join(rig.home, "sessions"))[0]!, id, "log.jsonl");
    const lines = readFileSync(log, "utf8").split("\n");
    const at = lines.findIndex((line) => line.includes(mark));
    lines[at] = "#".repeat(lines[at]!.length);
    writeFileSync(log, lines.join("\n"));
    const file = join(rig.workspace, "one.jsonl");
    const written = await rig.run(["export", "one", "--format", "throughline", "-o", file]);
    expect(written.status, written.err).toBe(0);
    expect(written.err).toContain("1 line of the session's log can't be read and is missing from the export");
    const moved = ["--home", join(rig.workspace, "elsewhere")];
    const imported = await rig.run(["import", file, ...moved]);
    expect(imported.status, imported.err).toBe(0);
    const itemsIn = async (...home: string[]): Promise<unknown> =>
      (JSON.parse((await rig.run(["show", id, "--json", ...home])).out) as { items: unknown }).items;
    expect(await itemsIn(...moved)).toEqual(await itemsIn());
    const resumed = await rig.run(["resume", id, "More.", ...moved]);
    expect(resumed.status, resumed.err).toBe(0);
    const again = await rig.run(["export", id, "--format", "throughline", ...moved]);
    expect(again.err, "there it is whole").not.toContain("missing");
  }),
);

it("a file that somebody else made decides neither what runs here nor what the terminal does", () =>
  withRig(scenario, async (rig) => {
    await rig.run(["exec", "--approval", "all", "--name", "one", "Please work."]);
    const file = join(rig.workspace, "one.jsonl");
    await rig.run(["export", "one", "--format", "throughline", "-o", file]);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    // Up to the call that nothing has answered yet, which a session that is gone on with would run.
    const call = lines.findIndex((line) => line.includes('"kind":"function_call"'));
    const hostile = lines
      .slice(0, call + 1)
      .join("\n")
      .replaceAll("echo one", "touch made")
      .replaceAll('"gpt-5.5"', '"gpt-5.5","effort":"\\u001b[2Jhigh"')
      .replaceAll('"one"', '"o\\u001b]0;n\\u0007e"');
    writeFileSync(file, `${hostile}\n`);
    const own = { THROUGHLINE_APPROVAL: "", THROUGHLINE_HOME: join(rig.folder, "theirs") };
    const imported = await rig.run(["import", file], { env: own });
    expect(imported.status, imported.err).toBe(0);
    const id = /session (\S+) is imported/u.exec(imported.out)?.[1] ?? "";
    const runs = [
      imported,
      await rig.run(["import", file, "--new"], { env: own }),
      await rig.run(["exec", "resume", id], { env: own }),
      await rig.run(["show", id], { env: own }),
      await rig.run(["sessions"], { env: own }),
      await rig.run(["fork", id], { env: own }),
      await rig.run(["name", id, "mine"], { env: own }),
      await rig.run(["doctor", id], { env: own }),
      await rig.run(["purge", "--dry-run"], { env: own }),
      await rig.run(["export", id], { env: own }),
    ];
    for (const { out, err } of runs) expect(out + err).not.toMatch(/[\u001b\u0007]/u);
    expect(runs[2]!.err).toContain("Denied");
    expect(existsSync(join(rig.workspace, "made"))).toBe(false);
  }));

it("an export that is interrupted ends there, and leaves no file", async () => {
  const folder = temporaryFolder();
  const home = join(folder, "home");
  const made = await inProcess(home, folder, ["exec", "--provider", "simulator", "--name", "one", "Hello."]);
  expect(made.status, made.err).toBe(0);
  const environment = { THROUGHLINE_HOME: home, CODEX_HOME: join(folder, "codex") };
  for (const to of ["-", "one.md"]) {
    const controller = new AbortController();
    const printed: string[] = [];
    const out = (text: string): void => {
      printed.push(text);
      controller.abort(new Error("enough"));
    };
    if (to !== "-") controller.abort(new Error("enough"));
    const { signal } = controller;
    const readInput = (): Promise<undefined> => Promise.resolve(undefined);
    const terminal = { out, err: out, interactive: false, colour: false, readInput };
    const exporting = runProgram(["export", "one", "-o", to], { terminal, environment, folder, signal });
    await expect(exporting).rejects.toThrow("enough");
    expect(printed).toHaveLength(to === "-" ? 1 : 0);
    expect(readdirSync(folder)).toEqual(["home"]);
  }
});

it("a page to read has what was asked, called, printed and answered", () =>
  withRig(scenario, async (rig) => {
    await rig.run(["exec", "--approval", "all", "Please work."]);
    const { out, status } = await rig.run(["export", rig.id()]);
    expect(status).toBe(0);
    const places = [
      "# Please work.",
      "## You",
      "**calls shell_command**",
      "echo one",
      "one\n",
      "## Agent",
      "Worked.",
    ];
    expect(
      places.map((text) => out.indexOf(text)).every((at, index, all) => at > (all[index - 1] ?? -1)),
    ).toBe(true);
    const page = join(rig.workspace, "page.md");
    writeFileSync(page, out);
    const imported = await rig.run(["import", page]);
    expect([imported.status, imported.err]).toEqual([2, expect.stringContaining("--format throughline")]);
  }));

it(
  "a session whose prompts are all in a summary is shown by it in Codex's lists, and a fork keeps it",
  { timeout: 60_000 },
  () =>
    withRig({ turn: [turn(/transcript/, step("It was made.")), ...scenario.turn!] }, async (rig) => {
      const shown = async (name: string): Promise<string[]> => {
        const exported = await rig.run(["export", name, "--format", "codex", "--json"]);
        expect(exported.status, exported.err).toBe(0);
        const { path } = JSON.parse(exported.out) as { path: string };
        const told = readFileSync(path, "utf8").matchAll(
          /"type":"user_message","message":"(.*?)","images"/gu,
        );
        return [...told].map(([, message = ""]) => message);
      };
      await rig.run(["exec", "--approval", "all", "--name", "one", "Please work."]);
      const compacted = await rig.run(["compact", "one"]);
      expect(compacted.status, compacted.err).toBe(0);
      expect((await rig.run(["fork", "one", "--name", "two"])).status).toBe(0);
      for (const name of ["one", "two"]) {
        expect(await shown(name)).toEqual([expect.stringContaining("It was made.")]);
        expect((await rig.run(["export", name, "--format", "markdown"])).out).toContain("## Summary");
        await rig.run(["resume", name, "More."]);
        expect(await shown(name)).toEqual(["More."]);
      }
    }),
);
