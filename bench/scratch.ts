import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Numbers of Linux (statfs(2)); elsewhere the number itself is named. */
const fileSystems: Readonly<Record<number, string>> = {
  0xef53: "ext4",
  0x58465342: "xfs",
  0x9123683e: "btrfs",
  0x794c7630: "overlay",
  0x2fc12fc1: "zfs",
  0x6969: "nfs",
  0x01021994: "tmpfs",
  0x858458f6: "ramfs",
};
const inMemory: readonly string[] = ["tmpfs", "ramfs"];

export interface Scratch {
  path: string;
  fileSystem: string;
  remove(): void;
}

/** A folder on a real disk: where the temporary folder is held in memory, fdatasync costs nothing and would prove nothing. */
export function makeScratch(): Scratch {
  const parent = [tmpdir(), "/var/tmp"].find((path) => !inMemory.includes(fileSystemOf(path))) ?? tmpdir();
  const path = mkdtempSync(join(parent, "throughline-bench-"));
  return {
    path,
    fileSystem: fileSystemOf(path),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

function fileSystemOf(path: string): string {
  const { type } = statfsSync(path);
  return fileSystems[type] ?? `file system 0x${type.toString(16)}`;
}
