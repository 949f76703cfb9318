import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";

/** A pipe of the system: `read` is this process's end, `write` the handle of a command's. */
export interface Pipe {
  read: Socket;
  write: number;
}

/**
 * A pipe for what a command prints. What Node itself gives to a process under that name is a socket (24, 2026-11), and those can't be opened
 * again on Linux: `echo … > /dev/stderr` failed. It is made by name in the folder and has none any more when it is returned. `undefined`
 * on other systems, which open a socket again by such a name, and where there is no `mkfifo`, or the file system has no pipes.
 */
export function openPipe(folder: string): Pipe | undefined {
  if (process.platform !== "linux") return undefined;
  const path = join(folder, "pipe");
  if (spawnSync("mkfifo", ["-m", "600", path], { stdio: "ignore" }).status !== 0) return undefined;
  let read: number | undefined;
  try {
    // Without waiting for somebody to write; the end to write to is then opened at once, as there is a reader.
    read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const write = openSync(path, constants.O_WRONLY);
    return { read: new Socket({ fd: read, readable: true, writable: false }), write };
  } catch {
    if (read !== undefined) closeSync(read);
    return undefined;
  } finally {
    rmSync(path, { force: true });
  }
}
