// Codex's sessions in the real program, as far as they need no Codex.
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { zstdCompressSync } from "node:zlib";
import { expect, it } from "vitest";
import { listRollouts } from "../../src/foreign/codex/home/places.ts";
import { step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { type Rig, withRig } from "../kit/rig.ts";

const scenario: ScenarioInput = { turn: [turn(/./, step("Done."))] };
const fixtures = fileURLToPath(new URL("../../src/foreign/codex/fixtures/", import.meta.url));

/** A Codex home of the rig's own. */
function codexHome(rig: Rig, version: string): string {
  const home = join(rig.folder, "codex");
  cpSync(join(fixtures, version), home, { recursive: true });
  return home;
}

it("a sealed compaction that nobody can open gives way to what was said before it, each once", () =>
  withRig(scenario, async (rig) => {
    const home = codexHome(rig, "0.169.0");
    const { thread, path } = listRollouts(home).find((each) => each.thread.startsWith("01a1fab7-6ca0"))!;
    const before = readFileSync(path);
    await rig.run(["import", thread]);
    const preview = async (): Promise<string> => (await rig.run(["show", thread, "--request"])).out;
    expect(await preview()).toContain("in the place of a sealed compaction");
    const run = await rig.run(["resume", thread, "what did we do?", "--here"]);
    expect(run.status, run.err).toBe(0);
    expect(run.err).toMatch(/sealed can't be opened here; \d+ visible items of the log stand in its place/u);
    const body = JSON.stringify(rig.simulator.requests.at(-1));
    expect(body.match(/read a\.txt/gu)).toHaveLength(1);
    expect(body).toContain("It says hi.");
    expect(body).not.toContain('\\"type\\":\\"compaction\\"');
    expect(readFileSync(path).equals(before)).toBe(true);
    expect((await rig.run(["show", thread])).out).toMatch(/taken over from Codex session/u);
    expect(await preview(), "it is there now").not.toContain("in the place of a sealed compaction");
  }));

it("a session whose rollout can't be looked at goes on as it is, and says that Codex may have gone on in it", () =>
  withRig(scenario, async (rig) => {
    const home = codexHome(rig, "0.130.0");
    const { thread } = listRollouts(home)[0]!;
    await rig.run(["import", thread]);
    const folder = join(home, "sessions", "2026", "11");
    rmSync(folder, { recursive: true });
    // No right is wanting to root; a link in a circle leads nobody on.
    symlinkSync(folder, folder);
    const run = await rig.run(["resume", thread, "and then?", "--here"]);
    expect([run.status, run.out], run.err).toEqual([0, "Done.\n"]);
    expect(run.err).toContain(
      `Codex session ${thread} isn't found, and what it may have got since isn't taken over. It may be where nobody could look: ${folder}`,
    );
    rmSync(folder);
    expect((await rig.run(["resume", thread, "and then?"])).err, "it is gone").not.toContain("isn't found");
  }));

it("a sealed summary that a repair takes out is told in one line, before and after it", () =>
  withRig(scenario, async (rig) => {
    codexHome(rig, "0.169.0");
    const told =
      "The session goes on without 1 × sealed summary, in whose place the history before it counts again.\n";
    expect((await rig.run(["repair", "01a1fab7-6ca0", "--sealed"])).out).toContain(told);
    const { out } = await rig.run(["repair", "01a1fab7-6ca0", "--sealed", "--write"]);
    expect(out).toContain(told);
    expect(out).not.toContain("all of that stays");
  }));

it("who names a session where Codex's folder can't be looked at is told so, and not that there is none alone", () =>
  withRig(scenario, async (rig) => {
    const sessions = join(codexHome(rig, "0.169.0"), "sessions");
    rmSync(sessions, { recursive: true });
    symlinkSync("sessions", sessions);
    const thread = "01a1fab7-6ca0-7000-8000-000000000000";
    for (const command of ["resume", "show", "import", "doctor", "repair"]) {
      const { err } = await rig.run([command, thread]);
      expect(err, command).toContain(`${sessions} can't be looked at`);
      expect(err, command).toMatch(/throughline sessions /u);
    }
    // What is deleted already is deleted all the same.
    expect((await rig.run(["delete", thread])).err).not.toContain("can't be looked at");
  }));

it("who takes what `exec --json` printed for the session is told which session it is of", () =>
  withRig(scenario, async (rig) => {
    codexHome(rig, "0.169.0");
    const thread = "01a1fab7-6ca0-7000-8000-000000000000";
    const printed = join(rig.workspace, "out.jsonl");
    writeFileSync(
      printed,
      `{"type":"thread.started","thread_id":"${thread}"}\r\n{"type":"turn.started"}\r\n`,
    );
    const { status, err } = await rig.run(["import", printed]);
    expect(status).not.toBe(0);
    expect(err).toContain(`throughline resume ${thread} "…"`);
    const own = join(rig.workspace, "own.jsonl");
    writeFileSync(own, (await rig.run(["exec", "--json", "look"])).out);
    const { thread_id: id } = JSON.parse(readFileSync(own, "utf8").split("\n")[0]!) as { thread_id: string };
    expect((await rig.run(["import", own])).err).toContain(`throughline resume ${id} "…"`);
    for (const command of ["show", "export", "resume"])
      expect((await rig.run([command, own])).err, command).toContain(`throughline resume ${id} "…"`);
    writeFileSync(printed, "# A page\n");
    expect((await rig.run(["import", printed])).err).toContain("neither a rollout of Codex's nor");
    for (const command of ["show", "export", "resume"])
      expect((await rig.run([command, printed])).err, command).toContain("is no rollout of Codex's");
  }));

it("killed while a session is taken over or gone on with, the next resume finds all of it or takes it over anew", () =>
  withRig(scenario, async (rig) => {
    const home = codexHome(rig, "0.169.0");
    const { thread, path } = listRollouts(home).find((each) => each.thread.startsWith("01a1fab7-6ca0"))!;
    const before = readFileSync(path);
    const resume = ["resume", thread, "what did we do?", "--here"];
    for (const point of ["session-folder-made", "append-half-written", "append-not-synced"]) {
      expect((await rig.run(resume, { env: { THROUGHLINE_CRASH_AT: point } })).signal).toBe("SIGKILL");
      expect(rig.ids()).toEqual([]);
    }
    expect(rig.simulator.requests).toEqual([]);
    const killed = await rig.run(resume, { env: { THROUGHLINE_CRASH_AT: "turn-started" } });
    expect(killed.signal).toBe("SIGKILL");
    expect(rig.ids()).toEqual([thread]);
    const run = await rig.run(["resume", thread, "--here"]);
    expect(run.status, run.err).toBe(0);
    const body = JSON.stringify(rig.simulator.requests.at(-1));
    expect(body.match(/what did we do\?/gu)).toHaveLength(1);
    expect(body.match(/read a\.txt/gu)).toHaveLength(1);
    expect(body).toContain("It says hi.");
    expect(readFileSync(path).equals(before)).toBe(true);
  }));

it("killed while a session is made anew from its rollout, the next resume finds it whole, with what a person called it", () =>
  withRig(scenario, async (rig) => {
    const home = codexHome(rig, "0.169.0");
    const { thread, path } = listRollouts(home).find((each) => each.thread.startsWith("01a1fab7-6ca0"))!;
    const taken = await rig.run(["import", thread]);
    expect(taken.status, taken.err).toBe(0);
    const named = await rig.run(["name", thread, "mine"]);
    expect(named.status, named.err).toBe(0);
    writeFileSync(path, `\n${readFileSync(path, "utf8")}`);
    for (const point of ["lease-made", "rewrite-written", "rewrite-renamed"]) {
      const killed = await rig.run(["import", thread], { env: { THROUGHLINE_CRASH_AT: point } });
      expect(killed.signal, point).toBe("SIGKILL");
      expect(rig.ids(), point).toEqual([thread]);
      const listed = await rig.run(["sessions", "--all", "--json"]);
      const [session] = (JSON.parse(listed.out) as { sessions: object[] }).sessions;
      expect(session, point).toMatchObject({ name: "mine" });
      expect(session).not.toHaveProperty("trouble");
    }
    expect((await rig.run(["import", thread])).out).toContain("holds nothing new");
  }));

it("sessions of Codex are listed with what is asked for, and counted where they are hidden", () =>
  withRig(scenario, async (rig) => {
    const home = codexHome(rig, "0.130.0");
    const files = readdirSync(home);
    const ours = await rig.run(["exec", "something of our own"]);
    expect(ours.status, ours.err).toBe(0);
    const listed = await rig.run(["sessions", "--codex"]);
    expect(listed.out).toMatch(/\n6 more in other workspaces: throughline sessions --all --codex\n$/u);
    // Taken over, it is one of the own ones in another workspace, and counted once.
    expect((await rig.run(["import", "01a1fac7-28f0"])).status).toBe(0);
    expect((await rig.run(["sessions", "--codex"])).out).toContain("\n6 more in other workspaces:");
    const all = await rig.run(["sessions", "--codex", "--all"]);
    expect(all.out).toMatch(/codex: my named session .* messages · \d+ KB · main · in /u);
    expect(all.out).toMatch(/something of our own/u);
    const found = await rig.run([
      "sessions",
      "--codex",
      "--all",
      "--search",
      "sleep WHILE",
      "--status",
      "idle",
    ]);
    expect(found.out).toMatch(/codex: sleep for a while/u);
    expect(found.out).toMatch(/5 hidden by --search sleep WHILE/u);
    expect(readdirSync(home)).toEqual(files);
  }));

it("archived sessions of Codex are counted, and listed when they are asked for", () =>
  withRig(scenario, async (rig) => {
    const home = codexHome(rig, "0.130.0");
    const { path, thread } = listRollouts(home).find((each) => each.thread.startsWith("01a1fac6-b6d5"))!;
    mkdirSync(join(home, "archived_sessions"));
    renameSync(path, join(home, "archived_sessions", basename(path)));
    const hidden = await rig.run(["sessions", "--codex", "--all"]);
    expect(hidden.out).toMatch(/\n1 archived: throughline sessions --all --archived --codex\n$/u);
    const wide = await rig.run(["sessions", "--all", "--archived", "--codex"]);
    expect(wide.out).toContain(thread);
    const none = await rig.run(["resume", "nothing of that name"]);
    expect(none.status).not.toBe(0);
    expect(none.err).toMatch(/No session has the id or name/u);
  }));

it("what came since in Codex is taken over on the next resume, and nothing is read again where nothing came", () =>
  withRig(scenario, async (rig) => {
    const home = codexHome(rig, "0.130.0");
    const { thread, path } = listRollouts(home).find((each) => each.thread.startsWith("01a1fac6-9157"))!;
    const first = await rig.run(["import", thread]);
    expect(first.out).toMatch(/^took over \d+ items/u);
    const item = {
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: "said in Codex meanwhile" }],
    };
    const line = { timestamp: "2026-11-21T00:00:00.000Z", type: "response_item", payload: item };
    appendFileSync(path, `${JSON.stringify(line)}\n`);
    const grown = await rig.run(["resume", thread, "and now?", "--here"]);
    expect(grown.err).toMatch(/took over 1 item that Codex session .* has got since/u);
    expect(JSON.stringify(rig.simulator.requests.at(-1))).toContain("said in Codex meanwhile");
    const quiet = await rig.run(["resume", thread, "again", "--here"]);
    expect(quiet.status, quiet.err).toBe(0);
    expect(quiet.err).not.toMatch(/took over|gone on since/u);
    appendFileSync(path, `${JSON.stringify(line)}\n`);
    const apart = await rig.run(["resume", thread, "once more", "--here"]);
    expect(apart.err).toMatch(/both have gone on since/u);
    rmSync(join(rig.home, "cache"), { recursive: true });
    expect((await rig.run(["resume", thread, "still", "--here"])).err).toMatch(/both have gone on since/u);
  }));

it("the list says where Codex has gone on with what was taken over, and with which command that comes along", () =>
  withRig(scenario, async (rig) => {
    const home = codexHome(rig, "0.130.0");
    const { thread, path } = listRollouts(home).find((each) => each.thread.startsWith("01a1fac6-9157"))!;
    const row = async (): Promise<string> => {
      const { out } = await rig.run(["sessions", "--codex", "--all"]);
      return out.split("\n").find((line) => line.startsWith(thread)) ?? "";
    };
    let saidAt = 0;
    const say = (text: string): void => {
      saidAt = Date.now();
      const timestamp = new Date(saidAt).toISOString();
      const payload = { type: "message", role: "user", content: [{ type: "input_text", text }] };
      appendFileSync(path, `${JSON.stringify({ timestamp, type: "response_item", payload })}\n`);
    };
    await rig.run(["import", thread]);
    expect(await row()).not.toContain("gone on");
    appendFileSync(path, '{"timestamp":"2026-11-21T00:00:00.000Z","type":"some_new_kind","payload":{}}\n');
    const resuming = `, Codex has gone on · throughline resume ${thread} takes it over`;
    expect(await row()).toContain(resuming);
    expect((await rig.run(["import", thread])).out).toContain("holds nothing new");
    expect(await row(), "a line that means nothing here").not.toContain("gone on");
    say("said in Codex meanwhile");
    expect(await row()).toContain(resuming);
    const plain = readFileSync(path);
    writeFileSync(`${path}.zst`, zstdCompressSync(plain));
    rmSync(path);
    expect(await row(), "and packed, once it wasn't used for a while").toContain(resuming);
    writeFileSync(path, plain);
    rmSync(`${path}.zst`);
    await rig.run(["clear", thread]);
    const both = `, both have gone on · throughline import --new ${thread} takes it over`;
    expect(await row(), "nothing is taken into a session that was cleared").toContain(both);
    await rig.run(["delete", thread]);
    await rig.run(["import", thread]);
    expect(await row()).not.toContain("gone on");
    await rig.run(["resume", thread, "and now?", "--here"]);
    expect(await row()).not.toContain("gone on");
    say("said in Codex later");
    expect(await row()).toContain(both);
    await rig.run(["resume", thread, "still here", "--here"]);
    expect(await row(), "it isn't taken over yet").toContain(both);
    const { sessions } = JSON.parse((await rig.run(["sessions", "--codex", "--all", "--json"])).out);
    const found = sessions.find(({ id }: { id: string }) => id === thread);
    expect(found.goneOn).toEqual({ next: `throughline import --new ${thread}`, apart: true });
    expect(found.updated, "the last that was done here came after it").toBeGreaterThan(saidAt);
    expect((await rig.run(["import", "--new", thread])).status).toBe(0);
    expect(await row()).not.toContain("gone on");
  }));

it("what a repair of the session that a fork goes on from brings back comes into the fork on its next resume", () =>
  withRig(scenario, async (rig) => {
    const base = listRollouts(codexHome(rig, "0.169.0")).find(({ thread }) =>
      thread.startsWith("01a1fab7-6525"),
    )!;
    const lines = readFileSync(base.path, "utf8").split("\n").filter(Boolean);
    const at = lines.findIndex((line) => line.includes('"role":"assistant"'));
    const damaged = lines.with(at, `${lines[at]},`).map((line) => `${line}\n`);
    writeFileSync(base.path, damaged.join(""));
    const fork = "01a1fab8-0000-7000-8000-000000000001";
    const header = JSON.parse(lines[0]!) as { ordinal: number; payload: Record<string, unknown> };
    header.ordinal = lines.length;
    Object.assign(header.payload, {
      id: fork,
      forked_from_id: base.thread,
      history_base: {
        thread_id: base.thread,
        end_ordinal_exclusive: lines.length,
        end_byte_offset: Buffer.byteLength(damaged.join("")),
      },
    });
    const path = base.path.replace("20T20-48-05", "20T21-00-00").replace(base.thread, fork);
    writeFileSync(path, `${JSON.stringify(header)}\n`);
    expect((await rig.run(["import", fork])).status).toBe(0);
    const row = async (): Promise<string> => {
      const { out } = await rig.run(["sessions", "--codex", "--all"]);
      return out.split("\n").find((line) => line.startsWith(fork)) ?? "";
    };
    const ordinal = lines.length + 1;
    const line = { timestamp: "2026-11-21T00:00:00.000Z", ordinal, type: "some_new_kind", payload: {} };
    appendFileSync(path, `${JSON.stringify(line)}\n`);
    expect(await row()).toContain("Codex has gone on");
    expect((await rig.run(["import", fork])).out).toContain("holds nothing new");
    expect(await row(), "a line that means nothing here").not.toContain("gone on");
    expect((await rig.run(["repair", base.thread, "--write"])).status).toBe(0);
    const { err } = await rig.run(["resume", fork, "go on", "--here"]);
    expect(err).toContain("anew, because its rollout says otherwise now");
    expect((await rig.run(["repair", base.thread, "--undo"])).status).toBe(0);
    expect((await rig.run(["resume", fork, "and on", "--here"])).err).toContain("was repaired");
    expect((await rig.run(["resume", fork, "and on", "--here"])).err, "told once").not.toContain("repaired");
  }));

it("a second session of a named one gets a name of its own, and the name still means the first", () =>
  withRig(scenario, async (rig) => {
    codexHome(rig, "0.130.0");
    expect((await rig.run(["import", "my named session"])).out).not.toContain("another's");
    const { out } = await rig.run(["import", "--new", "my named session"]);
    expect(out).toContain('; its name is another\'s here, so that it is "my named session-2". Go on with: ');
    const { name } = JSON.parse((await rig.run(["import", "--new", "my named session", "--json"])).out);
    expect(name).toBe("my named session-3");
    const { err, status } = await rig.run(["resume", "my named session", "go on", "--here"]);
    expect(status, err).toBe(0);
  }));

it("what Codex told the model in the person's name is sent on, and shown as nobody's words", () =>
  withRig(scenario, async (rig) => {
    const home = codexHome(rig, "0.58.0");
    const told = "/home/dev/project/0.58.0/resume/ws</cwd>";
    const { thread } = listRollouts(home).find(({ path }) => readFileSync(path, "utf8").includes(told))!;
    expect((await rig.run(["resume", thread, "and now?", "--here"])).status).toBe(0);
    expect(JSON.stringify(rig.simulator.requests.at(-1))).toContain(told);
    const shown = await rig.run(["show", thread, "--steps", "100"]);
    const written = await rig.run(["export", thread, "--format", "markdown"]);
    for (const { status, out } of [shown, written]) {
      expect(status).toBe(0);
      expect(out).toContain("and now?");
      expect(out).not.toContain("<environment_context>");
    }
  }));
