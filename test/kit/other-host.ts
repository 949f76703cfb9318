// Processes that see themselves on another machine: host name, machine id, boot id and pid namespace of their own, on the same files.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Rig } from "./rig.ts";

/** The command that starts a program on the host of this name. Its identity lies in files of the folder. */
export function onHost(folder: string, name: string): string[] {
  for (const file of ["machine", "boot"])
    writeFileSync(join(folder, `${name}.${file}`), `${file}-of-${name}\n`);
  const script = [
    'hostname "$1"',
    'mount --bind "$2/$1.boot" /proc/sys/kernel/random/boot_id',
    'mount --bind "$2/$1.machine" /etc/machine-id',
    "shift 2",
    'exec "$@"',
  ].join(" && ");
  const namespaces = ["--pid", "--fork", "--kill-child", "--mount-proc", "--uts"];
  return ["unshare", ...namespaces, "sh", "-c", script, "sh", name, folder];
}

/** Why there can be no other host here, or nothing. */
export function noOtherHost(folder: string): string | undefined {
  try {
    const [command = "", ...words] = onHost(folder, "probe");
    const said = execFileSync(command, [...words, "cat", "/proc/sys/kernel/random/boot_id"], {
      encoding: "utf8",
    });
    return said === "boot-of-probe\n" ? undefined : "boot_id could not be replaced";
  } catch {
    return "unshare and mount are not allowed here";
  }
}

/** The process that `unshare` started, as it is numbered here. */
export function innerPid(unshare: number): number | undefined {
  const [child] = readFileSync(`/proc/${unshare}/task/${unshare}/children`, "utf8").trim().split(" ");
  return child ? Number(child) : undefined;
}

/** The session's lease becomes that of a process that can't be looked at from here. */
export function moveOwnerAway(rig: Rig, id: string): void {
  const folder = rig.sessionFolder(id);
  const path = join(
    folder,
    readdirSync(folder).find((name) => name.startsWith("lease."))!,
  );
  const lease = JSON.parse(readFileSync(path, "utf8")) as { owner: object };
  writeFileSync(
    path,
    JSON.stringify({
      ...lease,
      released: false,
      owner: { ...lease.owner, host: "elsewhere", boot: "another" },
    }),
  );
}
