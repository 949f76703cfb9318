import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { type Held, holdersOf } from "./holders.ts";

it("a folder of locks that can't be looked into, as of another user, keeps nobody from a diagnosis", () => {
  const home = temporaryFolder();
  const thread = "01a1fab6-dd6a-75e1-b1e7-fabb96b332be";
  const path = join(home, "sessions", "2026", "11", "20", `rollout-2026-11-20T20-47-30-${thread}.jsonl`);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, "");
  // Rights don't keep root out, who may run this: a link that leads to itself does.
  symlinkSync("thread-writer-locks", join(home, "thread-writer-locks"));
  expect(holdersOf([{ path, thread }])).toEqual(new Map());
});

describe("on a Mac", () => {
  const listing = (open: string): string =>
    `p4242\nccodex\nftxt\na \ni77\n${open}p$PPID\ncnode\nfcwd\na \ni2\n`;

  /** A home with so many rollouts, and a `lsof` on the PATH that prints this; none without it. */
  function macWith(count: number, printed?: (rollouts: readonly Held[]) => string): Held[] {
    const folder = temporaryFolder();
    const { platform } = process;
    Object.defineProperty(process, "platform", { value: "darwin" });
    vi.stubEnv("PATH", folder);
    onTestFinished(() => {
      Object.defineProperty(process, "platform", { value: platform });
      vi.unstubAllEnvs();
    });
    const rollouts = Array.from({ length: count }, (_, index) => ({
      path: join(folder, `Sitzung-ü-${index}.jsonl`),
    }));
    for (const { path } of rollouts) writeFileSync(path, "");
    if (printed)
      writeFileSync(join(folder, "lsof"), `#!/bin/sh\n/bin/cat <<END\n${printed(rollouts)}END\n`, {
        mode: 0o755,
      });
    return rollouts;
  }
  const inode = ({ path }: Held): string => String(statSync(path).ino);

  it("who has a rollout open is told by its inode, whatever its name and among however many", () => {
    const [read, ...others] = macWith(1_000, (all) =>
      listing(`f11\nar\ni${inode(all[0]!)}\nf12\nau\ni${inode(all[999]!)}\n`),
    );
    const rollouts = [read!, ...others];
    const held = others.at(-1)!.path;
    expect(holdersOf(rollouts)).toEqual(new Map([[held, { pid: 4242, program: "codex", by: "file" }]]));
  });

  // It is found there whatever the PATH.
  it.skipIf(existsSync("/usr/sbin/lsof")).each([
    ["there is no lsof", undefined],
    ["it sees nothing", (): string => ""],
    ["it sees others only", (): string => "p1\nclaunchd\nfcwd\na \ni2\n"],
  ])("that nobody has a rollout open isn't said when %s", (_what, printed) => {
    const onBlind = vi.fn<() => void>();
    expect(holdersOf(macWith(1, printed), onBlind)).toEqual(new Map());
    expect(onBlind).toHaveBeenCalledOnce();
  });
});
