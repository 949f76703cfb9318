// `doctor` and `repair` as a person meets them: the real program on a Codex home that earlier versions of the real CLI wrote.
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { listRollouts, type RolloutFile } from "../../src/foreign/codex/home/places.ts";
import { repairPoints } from "../../src/lib/fault.ts";
import { step, turn } from "../../src/simulator/server.ts";
import { asNobody, cannotBecomeNobody, isRoot, nobody } from "../kit/as-user.ts";
import { historyIndex } from "../kit/codex-databases.ts";
import { moveOwnerAway } from "../kit/other-host.ts";
import { type Rig, until, withRig } from "../kit/rig.ts";

const fixture = fileURLToPath(new URL("../../src/foreign/codex/fixtures/0.58.0", import.meta.url));
const scenario = { turn: [turn(/./, step("Done."))] };

/** A rollout of a home of the rig's own; its output is gone and its end is NULs. */
function damaged(rig: Rig): { rollout: RolloutFile; bytes: Buffer } {
  const home = join(rig.folder, "codex");
  cpSync(fixture, home, { recursive: true });
  const rollout = listRollouts(home).find(({ path }) => readFileSync(path, "utf8").includes("_output"))!;
  const lines = readFileSync(rollout.path, "utf8").split("\n");
  const output = lines.findIndex((line) => line.includes('"function_call_output"'));
  lines.splice(output, 1);
  writeFileSync(rollout.path, lines.join("\n"));
  appendFileSync(rollout.path, Buffer.alloc(500));
  return { rollout, bytes: readFileSync(rollout.path) };
}

describe("a successor", () => {
  const childProgram = fileURLToPath(new URL("../kit/session-child.ts", import.meta.url));
  const rotate = async (rig: Rig): Promise<{ before: string; after: string; older: Buffer }> => {
    expect((await rig.run(["exec", "One."])).status).toBe(0);
    const before = rig.id();
    const older = rig.log(before);
    const words = ["--no-warnings", childProgram, rig.home, rig.simulator.url, "rotate", before];
    execFileSync(process.execPath, words, { cwd: rig.workspace });
    return { before, after: rig.ids().find((id) => id !== before)!, older };
  };

  it("that was worked in is named again, and never removed, when an older copy of its predecessor is put back", () =>
    withRig(scenario, async (rig) => {
      const { before, after, older } = await rotate(rig);
      expect((await rig.run(["exec", "resume", after, "Two."])).status).toBe(0);
      const left = rig.log(after);
      writeFileSync(join(rig.sessionFolder(before), "log.jsonl"), older);
      const found = await rig.run(["doctor"]);
      expect([found.status, found.out], found.err).toEqual([1, expect.stringContaining("doesn't say so")]);
      expect(found.out).toContain(`throughline repair ${after} --write`);
      const shown = await rig.run(["repair", after]);
      expect(shown.out).toContain("Nothing was changed");
      expect(rig.log(before).equals(older)).toBe(true);
      const named = await rig.run(["repair", after, "--write"]);
      expect([named.status, named.out], named.err).toEqual([0, expect.stringContaining("named")]);
      expect(rig.log(after).equals(left)).toBe(true);
      expect(rig.log(before).subarray(0, older.length).equals(older)).toBe(true);
      expect((await rig.run(["doctor"])).status).toBe(0);
      expect((await rig.run(["sessions"])).out).toContain(after);
      const resumed = await rig.run(["exec", "resume", after, "Three."]);
      expect([resumed.status, resumed.out], resumed.err).toEqual([0, "Done.\n"]);
    }));

  it("that was worked in as its predecessor was since is left as it is: a fork of it is listed", () =>
    withRig(scenario, async (rig) => {
      const { before, after, older } = await rotate(rig);
      expect((await rig.run(["exec", "resume", after, "Two."])).status).toBe(0);
      writeFileSync(join(rig.sessionFolder(before), "log.jsonl"), older);
      expect((await rig.run(["exec", "resume", before, "Three."])).status).toBe(0);
      const [left, right] = [rig.log(before), rig.log(after)];
      expect((await rig.run(["doctor"])).out).toContain(`throughline fork ${after}`);
      expect((await rig.run(["repair", after, "--write"])).out).toContain("nothing of it has to be repaired");
      expect([rig.log(before).equals(left), rig.log(after).equals(right)]).toEqual([true, true]);
      expect((await rig.run(["fork", after])).status).toBe(0);
      expect(rig.ids()).toHaveLength(3);
    }));

  it("whose predecessor is held out of sight is named once that is over: the watch is told, and Ctrl-C ends it", () =>
    withRig(scenario, async (rig) => {
      const { before, after, older } = await rotate(rig);
      expect((await rig.run(["exec", "resume", after, "Two."])).status).toBe(0);
      writeFileSync(join(rig.sessionFolder(before), "log.jsonl"), older);
      moveOwnerAway(rig, before);
      const waiting = rig.start(["repair", after, "--write"]);
      await until(() => waiting.said().includes("on elsewhere"), "the words of the wait");
      waiting.child.kill("SIGINT");
      const { status, err } = await waiting.ended;
      expect([status, err]).toEqual([130, expect.stringContaining("Interrupted.")]);
      expect(rig.log(before).equals(older)).toBe(true);
    }));

  it("that is nothing but a copy is removed", () =>
    withRig(scenario, async (rig) => {
      const { before, after, older } = await rotate(rig);
      writeFileSync(join(rig.sessionFolder(before), "log.jsonl"), older);
      expect((await rig.run(["doctor"])).out).toContain(`throughline repair ${after} --write`);
      expect((await rig.run(["repair", after, "--write"])).status).toBe(0);
      expect(rig.ids()).toEqual([before]);
    }));
});

describe("throughline doctor and repair", () => {
  it("names the damage and the command, shows the change, makes it with a backup, and takes it back", () =>
    withRig(scenario, async (rig) => {
      const { rollout, bytes } = damaged(rig);
      const { mtimeMs } = statSync(rollout.path);
      const found = await rig.run(["doctor"]);
      expect(found.status).toBe(1);
      expect(found.out).toContain("NUL bytes at the end");
      expect(found.out).toContain("calls without their output");
      expect(found.out).toContain(`throughline repair ${rollout.thread} --write`);

      const shown = await rig.run(["repair", rollout.thread]);
      expect(shown.status, shown.err).toBe(0);
      expect(shown.out).toContain("--write");
      expect(readFileSync(rollout.path).equals(bytes), "only shown").toBe(true);
      expect(statSync(rollout.path).mtimeMs).toBe(mtimeMs);

      const mended = await rig.run(["repair", rollout.thread, "--write"]);
      expect(mended.status, mended.err).toBe(0);
      expect((await rig.run(["doctor", rollout.path])).status).toBe(0);
      const repairs = join(rig.home, "repairs");
      const [backup] = readdirSync(repairs);
      expect(statSync(join(repairs, backup!)).mode & 0o777).toBe(0o700);
      for (const name of readdirSync(join(repairs, backup!)))
        expect(statSync(join(repairs, backup!, name)).mode & 0o777, name).toBe(0o600);

      const undone = await rig.run(["repair", rollout.thread, "--undo"]);
      expect(undone.status, undone.err).toBe(0);
      expect(readFileSync(rollout.path).equals(bytes), "undone").toBe(true);
      expect(undone.out).toMatch(
        /is as it was before the repair of [^\n]*\d\d:\d\d[^\n]*\n.*: throughline doctor [\da-f-]{36}\n$/u,
      );
    }));

  it("where no repair helps, names the session to go on with, if there is anything by which it can be named", () =>
    withRig(scenario, async (rig) => {
      const { rollout } = damaged(rig);
      const lines = readFileSync(rollout.path, "utf8").split("\n");
      const copy = join(rig.folder, "copy.jsonl");
      writeFileSync(copy, lines.with(0, "{").join("\n"));
      await rig.run(["repair", copy, "--write"]);
      const nameless = await rig.run(["repair", copy]);
      expect(nameless.out).toMatch(/can't be repaired any further; nothing was changed\n *stays: [^\n]+\n$/u);
      const payload = {
        type: "task_complete",
        turn_id: "t",
        error: { message: "invalid_encrypted_content" },
      };
      const failed = { timestamp: "2026-11-21T00:00:00.000Z", type: "event_msg", payload };
      writeFileSync(rollout.path, [...lines.slice(0, 20), JSON.stringify(failed), ""].join("\n"));
      const kept = ["repair", rollout.path, "--keep-sealed"];
      await rig.run([...kept, "--write"]);
      const { out } = await rig.run(kept);
      expect(out).toContain(`Go on with what can be read of it: throughline resume ${rollout.path}\n`);
    }));

  it.each([
    ["--sealed"],
    ["--keep-sealed"],
    ["--older-than", "1d"],
    ["--error", "The encrypted content could not be verified."],
  ])("writes with the command that it ends with what it has shown: %s %s", (...chosen) =>
    withRig(scenario, async (rig) => {
      const { rollout } = damaged(rig);
      const words = ["repair", rollout.thread!, ...chosen];
      const shown = await rig.run(words);
      const [, command] = /To do it, with a backup: (.*)\n/u.exec(shown.out) ?? [];
      expect(command).toMatch(new RegExp(`^throughline repair \\S+ ${chosen[0]} .*--write$`, "u"));
      const would = await rig.run([...words, "--json"]);
      const shell = `exec "$0" "$@" ${command!.replace("throughline ", "")} --json`;
      const done = await rig.run([], { prefix: ["sh", "-c", shell] });
      const mended = ({ out }: { out: string }): unknown => (JSON.parse(out) as { mended: unknown }).mended;
      expect(mended(done), done.err).toEqual(mended(would));
    }),
  );

  it("ends with the message itself where that was piped in", () =>
    withRig(scenario, async (rig) => {
      const { rollout } = damaged(rig);
      const message = "The encrypted content could not be verified.";
      const { out } = await rig.run(["repair", rollout.thread!, "--error", "-"], {
        prefix: ["sh", "-c", `echo '${message}' | "$0" "$@"`],
      });
      expect(out).toMatch(new RegExp(`repair \\S+ --error '${message}' --write\n$`, "u"));
    }));

  it("says of a repair that is taken back after Codex has gone on that what came since stays", () =>
    withRig(scenario, async (rig) => {
      const { rollout } = damaged(rig);
      expect((await rig.run(["repair", rollout.thread, "--write"])).status).toBe(0);
      const later = {
        timestamp: "2026-11-21T00:00:00.000Z",
        type: "event_msg",
        payload: { type: "warning" },
      };
      appendFileSync(rollout.path, `${JSON.stringify(later)}\n`);
      const { status, out } = await rig.run(["repair", rollout.thread, "--undo"]);
      expect([status, out]).toEqual([0, expect.stringContaining("; what Codex has written since stays\n")]);
    }));

  it("tells what is harmless of a rollout that is named, and of a folder of them only if it is asked for", () =>
    withRig(scenario, async (rig) => {
      const { rollout } = damaged(rig);
      const told = async (...args: string[]): Promise<boolean> =>
        / {2}note {4}/u.test((await rig.run(["doctor", ...args])).out);
      const folder = join(rig.folder, "codex");
      expect(await told(rollout.path)).toBe(true);
      expect(await told(folder)).toBe(false);
      expect(await told(folder, "--notes")).toBe(true);
    }));

  it("leaves a compressed rollout alone in a folder where nothing may be made beside it", (test) => {
    const why = cannotBecomeNobody();
    if (why !== undefined) return test.skip(why);
    return withRig(scenario, async (rig) => {
      const { rollout, bytes } = damaged(rig);
      const path = `${rollout.path}.zst`;
      writeFileSync(path, zstdCompressSync(bytes));
      rmSync(rollout.path);
      if (isRoot) execFileSync("chown", ["-R", `${nobody}:${nobody}`, rig.folder]);
      const options = isRoot ? { prefix: asNobody } : {};
      const refused = async (way: string): Promise<void> => {
        chmodSync(dirname(path), 0o500);
        const { err } = await rig.run(["repair", path, way], options);
        chmodSync(dirname(path), 0o700);
        expect(err).toContain(`${dirname(path)} can't be used: its rights don't allow it (EACCES)`);
        expect((await rig.run(["doctor", path], options)).out, "nothing was begun").not.toContain("cut off");
      };
      await refused("--write");
      expect((await rig.run(["repair", path, "--write"], options)).status).toBe(0);
      await refused("--undo");
    });
  });

  it("tells of a session in a folder that may be listed and not entered, and goes on with the others", (test) => {
    const cannot = cannotBecomeNobody();
    if (cannot !== undefined) return test.skip(cannot);
    return withRig(scenario, async (rig) => {
      const { rollout } = damaged(rig);
      const closed = join(rig.folder, "closed");
      cpSync(dirname(rollout.path), closed, { recursive: true });
      if (isRoot) execFileSync("chown", ["-R", `${nobody}:${nobody}`, rig.folder]);
      chmodSync(closed, 0o400);
      const options = isRoot ? { prefix: asNobody } : {};
      const { out, err } = await rig.run(["doctor", closed, rollout.path], options);
      chmodSync(closed, 0o700);
      expect(out, err).toContain("can't be read");
      expect(out).toContain("NUL bytes at the end");
    });
  });

  it("says of a pipe and of a device that they are no files, and waits for neither", () =>
    withRig(scenario, async (rig) => {
      const pipe = join(rig.folder, "pipe");
      execFileSync("mkfifo", [pipe]);
      for (const path of [pipe, "/dev/zero"])
        for (const command of ["doctor", "repair"]) {
          const { status, err } = await rig.run([command, path]);
          expect(status, err).toBe(2);
          expect(err).toContain(`${path} is neither a file nor a folder`);
        }
    }));

  it("looks through a folder with pipes under rollouts' names, and links that go round or lead to a whole disk", () =>
    withRig(scenario, async (rig) => {
      const { rollout } = damaged(rig);
      const [folder, id] = [dirname(rollout.path), "01a1fab7-0000-7000-8000-00000000000"];
      const named = (nth: number): string => join(folder, `rollout-2026-11-20T20-00-00-${id}${nth}.jsonl`);
      execFileSync("mkfifo", [named(1)]);
      symlinkSync(named(1), named(2));
      symlinkSync(named(3), named(3));
      symlinkSync("/dev/zero", named(4));
      symlinkSync("/", join(folder, "disk"));
      const { status, out } = await rig.run(["doctor", "--json", join(rig.folder, "codex")]);
      expect(status).toBe(1);
      const told = JSON.parse(out) as { rollouts: { path: string }[]; unreadable: { path: string }[] };
      expect(told.rollouts.map(({ path }) => path).filter((path) => path.includes(id))).toEqual([]);
      expect(told.rollouts.map(({ path }) => path)).toContain(rollout.path);
      expect(told.unreadable.map(({ path }) => path)).toEqual([named(3)]);
    }));

  it.each(["session_index.jsonl", "config.toml", "state_5.sqlite", "thread_history_1.sqlite"])(
    "waits for no pipe in the place of Codex's %s",
    (name) =>
      withRig(scenario, async (rig) => {
        const { rollout } = damaged(rig);
        const home = join(rig.folder, "codex");
        execFileSync("mkfifo", [join(home, name)]);
        const run = (...words: string[]) => rig.run(words, { env: { CODEX_HOME: home } });
        const list = await run("sessions", "--codex", "--all");
        expect([list.status, list.out], list.err).toEqual([0, expect.stringContaining(rollout.thread)]);
        const checked = await run("doctor");
        expect([checked.status, checked.out], checked.err).toEqual([1, expect.stringContaining("NUL bytes")]);
        const isDatabase = name.endsWith(".sqlite");
        if (isDatabase) expect(checked.out).toContain(`${join(home, name)}: it is no file (EFTYPE)\n`);
        const mended = await run("repair", rollout.thread, "--write");
        expect(mended.out).toContain("is repaired: ");
        expect(mended.status, "a database that can't be read stays").toBe(isDatabase ? 1 : 0);
        const resumed = await run("exec", "resume", rollout.thread, "Go on.", "--here");
        expect([resumed.status, resumed.out], resumed.err).toEqual([0, "Done.\n"]);
      }),
  );

  it("knows whose a pasted error is, and mends no more than what it names", () =>
    withRig(scenario, async (rig) => {
      const { rollout, bytes } = damaged(rig);
      const id = /"id":"(rs_[^"]+)"/u.exec(bytes.toString())?.[1];
      const text = id
        ? `The encrypted content for item ${id} could not be verified.`
        : "invalid_encrypted_content: The encrypted content could not be verified. Reason: Encrypted content could not be decrypted or parsed.";
      const said = await rig.run(["doctor", "--error", text]);
      expect(said.out).toContain("sealed");
      const shown = await rig.run(["repair", rollout.thread, "--error", text, "--json"]);
      expect(shown.status, shown.err).toBe(0);
      const { mended } = JSON.parse(shown.out) as { mended: Record<string, number> };
      expect(Object.keys(mended)).toEqual(["seal-refused"]);
      const cut = await rig.run(["doctor", "--error", "stream disconnected before completion: idle timeout"]);
      expect(cut.out).toMatch(/stream|connection/iu);
      expect(said.out + cut.out, "one advice, and of Codex").not.toMatch(
        /Next:|throughline (?:resume|show)/u,
      );
      const full = await rig.run(["doctor", "--error", "Your input exceeds the context window"]);
      expect(full.out).toContain("`codex resume --last --model NAME`");
      for (const words of [["doctor"], ["repair", rollout.thread]]) {
        const limited = await rig.run([...words, "--error", "The usage limit has been reached"]);
        expect(limited.out + limited.err, "only what was pasted, and what Codex takes").toMatch(
          /\(usage-limit\): The usage limit has been reached\.[^]*go on with `codex resume --last` after the reset(?! or|,)/u,
        );
      }
      expect(readFileSync(rollout.path).equals(bytes)).toBe(true);
    }));

  const kills = repairPoints.flatMap((point) => [
    { point, form: "plain" },
    { point, form: "compressed" },
  ]);
  it.each(kills)("is whole again after kill -9 at $point: run once more, or taken back ($form)", (kill) =>
    withRig(scenario, async (rig) => {
      const { point, form } = kill;
      const { rollout, bytes } = damaged(rig);
      const isPacked = form === "compressed";
      const path = isPacked ? `${rollout.path}.zst` : rollout.path;
      const original = isPacked ? zstdCompressSync(bytes) : bytes;
      if (isPacked) {
        writeFileSync(path, original);
        rmSync(rollout.path);
      }
      // Codex's index has read more than there is, so that a repair removes it.
      const index = new DatabaseSync(historyIndex(join(rig.folder, "codex"), { thread: rollout.thread }));
      const untouched = (): boolean =>
        readFileSync(path).equals(original) &&
        existsSync(rollout.path) !== isPacked &&
        index.prepare("SELECT 1 FROM thread_history_projection_state").all().length === 1;
      const env = { THROUGHLINE_CRASH_AT: point };
      for (const way of ["--write", "--undo"]) {
        const killed = await rig.run(["repair", rollout.thread, "--write"], { env });
        // A file that is put in place whole is never half written.
        if (isPacked && point === "repair-half-written") expect(killed.status, killed.err).toBe(0);
        else expect(killed.signal, killed.err).toBe("SIGKILL");
        const isBegun = existsSync(join(rig.home, "repairs")) && point !== "repair-prepared";
        if (way === "--undo" && !isBegun) continue;
        // Under either of its names it is found, whichever of them there is now.
        const name = !isPacked ? rollout.thread : way === "--undo" ? path : rollout.path;
        const next = await rig.run(["repair", name, way]);
        expect(next.status, next.err).toBe(0);
        if (way === "--undo") expect(untouched(), "taken back").toBe(true);
        else {
          expect((await rig.run(["doctor", rollout.thread])).status, "finished").toBe(0);
          const undone = await rig.run(["repair", rollout.thread, "--undo"]);
          expect(undone.status, undone.err).toBe(0);
          expect(untouched(), "taken back later").toBe(true);
        }
      }
      index.close();
    }),
  );

  it("tells what is wrong with own sessions, and that nothing of them has to be repaired", () =>
    withRig(scenario, async (rig) => {
      expect((await rig.run(["exec", "One."])).status).toBe(0);
      const id = rig.id();
      const fine = await rig.run(["doctor"]);
      expect([fine.status, fine.out]).toEqual([
        0,
        expect.stringMatching(/\n1 session of Throughline's own, none needs a look\n$/u),
      ]);
      appendFileSync(join(rig.sessionFolder(id), "log.jsonl"), "garbage\n");
      const found = await rig.run(["doctor"]);
      expect(found.status).toBe(1);
      expect(found.out).toContain(id);
      expect(found.out).toMatch(/\n1 session of Throughline's own, 1 needs a look\n$/u);
      const named = await rig.run(["doctor", id.slice(0, 20)]);
      expect([named.status, named.out]).toEqual([
        1,
        expect.stringMatching(/^[^]*can't be used[^]*\n1 session of Throughline's own, 1 needs a look\n$/u),
      ]);
      expect(named.out, "of Codex's none was asked for").not.toContain("Codex session");
      const none = await rig.run(["doctor", "nobody"]);
      expect([none.status, none.err]).toEqual([2, expect.stringContaining('Nothing is called "nobody"')]);
      const empty = await rig.run(["doctor", rig.workspace]);
      expect(empty.out).toContain(`no Codex sessions under ${rig.workspace}\n`);
      const told = await rig.run(["repair", id]);
      expect(told.status, told.err).toBe(0);
      expect(told.out).toContain(`throughline resume ${id}`);
    }));
});
