// `completion` of the real program, in the shell itself where it is there.
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withRig } from "../kit/rig.ts";

function bash(script: string, ...words: string[]): string[] {
  const ask = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _throughline; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync("bash", ["-c", ask, "bash", script, "throughline", ...words], {
    encoding: "utf8",
  });
  return out.split("\n").filter(Boolean);
}

describe("throughline completion", () => {
  it("completes commands, commands of two words and their options in bash", () =>
    withRig({}, async (rig) => {
      const path = join(rig.folder, "completion.bash");
      writeFileSync(path, (await rig.run(["completion", "bash"])).out);
      expect(bash(path, "se")).toEqual(["sessions"]);
      expect(bash(path, "sessions", "--s")).toEqual(["--since", "--status", "--search"]);
      expect(bash(path, "queue", "l")).toEqual(["list"]);
      expect(bash(path, "queue", "list", "--j")).toEqual(["--json"]);
      expect(bash(path, "resume", "some-name", "--from")).toEqual(["--from-step"]);
    }));

  it("prints scripts that zsh and fish can read, with every command", () =>
    withRig({}, async (rig) => {
      for (const shell of ["zsh", "fish"]) {
        const { out, status } = await rig.run(["completion", shell]);
        expect(status).toBe(0);
        for (const word of ["sessions", "fork", "from-step"]) expect(out).toContain(word);
        const path = join(rig.folder, `completion.${shell}`);
        writeFileSync(path, out);
        const read = spawnSync(shell, ["-n", path], { encoding: "utf8" });
        if (!read.error) expect([read.status, read.stderr]).toEqual([0, ""]);
      }
    }));

  it("names the shells that there are, for another one", () =>
    withRig({}, async (rig) => {
      const other = await rig.run(["completion", "tcsh"]);
      expect([other.status, other.err]).toEqual([2, expect.stringContaining("bash, zsh, fish")]);
    }));
});
