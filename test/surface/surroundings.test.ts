// What the program meets around it: its standard input, the folder that it is started in, and the rights that it has.
import { chmodSync, chownSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { quoted } from "../../src/lib/words.ts";
import { step, turn } from "../../src/simulator/server.ts";
import { asNobody, cannotBecomeNobody, isRoot, nobody } from "../kit/as-user.ts";
import { withRig } from "../kit/rig.ts";

const rollouts = fileURLToPath(new URL("../../src/foreign/codex/fixtures/0.130.0", import.meta.url));

describe("standard input without an end", () => {
  it.each([["exec", "-"], ["exec"], ["queue", "SESSION", "-"]])(
    "is no prompt, and is read no further than one can be: %s %s %s",
    (...words) =>
      withRig({}, async (rig) => {
        if (words.includes("SESSION")) await rig.run(["exec", "One."]);
        const prefix = ["sh", "-c", 'exec "$@" < /dev/zero', "sh"];
        const { status, err } = await rig.run(
          words.map((word) => (word === "SESSION" ? rig.id() : word)),
          { prefix },
        );
        expect([status, err]).toEqual([2, expect.stringContaining("more than 10485760 characters")]);
      }),
  );
});

it("an AGENTS.md longer than what the model is told of it is told of in one line", () =>
  withRig({}, async (rig) => {
    writeFileSync(join(rig.workspace, "AGENTS.md"), "x".repeat(100_000));
    const { status, err } = await rig.run(["exec", "One."]);
    expect([status, err.match(/AGENTS\.md.*/gu)], err).toEqual([
      0,
      ["AGENTS.md is 100 KB long: the model is told its first 64 KB, the rest is left out"],
    ]);
  }));

describe.skipIf(!isRoot)("in a folder of somebody else's", () => {
  it("a Codex session is still found by its id", (test) => {
    const why = cannotBecomeNobody();
    if (why !== undefined) return test.skip(why);
    return withRig({}, async (rig) => {
      cpSync(rollouts, join(rig.folder, "codex"), { recursive: true });
      mkdirSync(rig.home);
      execFileSync("chown", ["-R", `${nobody}:${nobody}`, rig.home, join(rig.folder, "codex")]);
      chmodSync(rig.folder, 0o755);
      chmodSync(rig.workspace, 0o700);
      const looked = await rig.run(["doctor", "01a1fac6-b6d5"], { prefix: asNobody });
      expect([looked.status, looked.out], looked.err).toEqual([1, expect.stringContaining("exec_command")]);
      const named = await rig.run(["doctor", "./01a1fac6-b6d5"], { prefix: asNobody });
      expect(named.err, "a path is none").toContain("its rights don't allow it (EACCES)");
    });
  });
});

describe.skipIf(!isRoot)("below a folder that can't be looked into", () => {
  it("one is in a folder that is there all the same", (test) => {
    const why = cannotBecomeNobody();
    if (why !== undefined) return test.skip(why);
    return withRig({}, async (rig) => {
      const below = join(rig.workspace, "below");
      for (const path of [rig.home, below]) mkdirSync(path);
      execFileSync("chown", [`${nobody}:${nobody}`, rig.home, below]);
      chmodSync(rig.folder, 0o755);
      chmodSync(rig.workspace, 0o700);
      const listed = await rig.run(["sessions"], { prefix: asNobody, cwd: below });
      expect([listed.status, listed.out], listed.err).toEqual([0, expect.stringContaining("No session")]);
    });
  });
});

describe.skipIf(!isRoot)("what one command under sudo left", () => {
  it("is told as root's, with the command that gives it back", (test) => {
    const why = cannotBecomeNobody();
    if (why !== undefined) return test.skip(why);
    return withRig({ turn: [turn(/./u, step("Done."))] }, async (rig) => {
      chmodSync(rig.folder, 0o755);
      execFileSync("chown", ["-R", `${nobody}:${nobody}`, rig.folder]);
      const told = async (...words: string[]): Promise<string> =>
        (await rig.run(words, { prefix: asNobody })).err;
      const backTo = (place: string): string => `Make it yours again: sudo chown ${place}`;
      await told("exec", "One.");
      expect((await rig.run(["resume", "--last", "Two."])).status).toBe(0);
      const folder = rig.sessionFolder(rig.id());
      const refused = await told("resume", "--last", "Three.");
      expect(refused).toContain(`${join(folder, "lease.2.json")} can't be used`);
      expect(refused).toContain(backTo(`-R $(whoami): ${folder} [store-unavailable`));
      chownSync(join(rig.home, "catalog.sqlite"), 0, 0);
      expect(await told("sessions")).toContain(backTo(`-R $(whoami): ${rig.home}\n`));
      const settings = join(rig.home, "config.toml");
      writeFileSync(settings, "", { mode: 0o600 });
      expect(await told("sessions")).toContain(backTo(`$(whoami): ${settings}\n`));
      execFileSync("chown", ["-R", "0:0", rig.home]);
      chmodSync(rig.home, 0o700);
      const all = await told("exec", "Four.");
      expect(all).toContain(`${rig.home} is root's`);
      expect(all).toContain(backTo(`-R $(whoami): ${rig.home} [configuration`));
      // Whose home it is nobody knows: root's own, say.
      chownSync(rig.folder, 0, 0);
      expect(await told("exec", "Four.")).not.toContain("chown");
    });
  });
});

describe("a session that can't be made", () => {
  it("is told with a command that shows where, and what was not made isn't named in it", (test) => {
    const why = cannotBecomeNobody();
    if (why !== undefined) return test.skip(why);
    return withRig({}, async (rig) => {
      mkdirSync(rig.home);
      if (isRoot) execFileSync("chown", ["-R", `${nobody}:${nobody}`, rig.folder]);
      chmodSync(rig.folder, 0o755);
      chmodSync(rig.home, 0o500);
      const { status, err } = await rig.run(["exec", "One."], isRoot ? { prefix: asNobody } : {});
      chmodSync(rig.home, 0o700);
      expect([status, err]).toEqual([1, expect.stringContaining("No session was made.")]);
      expect(err).toContain(`ls -ld ${quoted(rig.home)} [store-read-only`);
    });
  });
});
