// Processes that see as little of this machine as on a Mac: no /proc, no flock, what `ps` and `sysctl` say, and a Node that takes itself for one.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const hook = fileURLToPath(new URL("mac-hook.ts", import.meta.url));

/** The command that starts a program so. `isBoxed`: where nothing setuid is run, as in a sandbox, and `ps` is. */
export function onMac(folder: string, { isBoxed = false, name = "mac.local" } = {}): string[] {
  const place = (file: string): string => join(folder, file);
  if (!existsSync(place("real-ps"))) {
    copyFileSync("/bin/ps", place("real-ps"));
    const script = (file: string, line: string): void =>
      writeFileSync(place(file), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    script("ps", `exec unshare --mount sh -c 'umount /proc && exec "$0" "$@"' ${place("real-ps")} "$@"`);
    script(
      "sysctl",
      "case $2 in kern.uuid) echo A-MAC;; kern.bootsessionuuid) echo A-BOOT;; *) exit 1;; esac",
    );
  }
  const setUp = [
    'hostname "$1"',
    `mount --bind ${isBoxed ? "/dev/null" : place("ps")} /bin/ps`,
    `mount --bind ${place("sysctl")} /usr/sbin/sysctl`,
    "mount -t tmpfs none /proc",
    `export NODE_OPTIONS="--no-warnings --import=${hook}"`,
    "shift",
    'exec "$@"',
  ].join(" && ");
  return ["unshare", "--mount", "--uts", "sh", "-c", setUp, "sh", name];
}

/** Why there can be no Mac here, or nothing. */
export function noMac(folder: string): string | undefined {
  try {
    const [command = "", ...words] = onMac(folder);
    const program = [process.execPath, "-p", "process.platform"];
    const said = execFileSync(command, [...words, ...program], { encoding: "utf8", stdio: "pipe" });
    return said === "darwin\n" ? undefined : "Node can't be told that this is one";
  } catch {
    return "unshare and mount are not allowed here";
  }
}
