import fs, { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { bytesAt } from "./file-bytes.ts";

it("bytes of a file come whole from a disk that gives few at a time, and fewer only where it ends", () => {
  const folder = mkdtempSync(join(tmpdir(), "throughline-bytes-"));
  const path = join(folder, "a");
  writeFileSync(path, "0123456789");
  const real = fs.readSync;
  fs.readSync = ((fd: number, room: Uint8Array, offset: number, length: number, at: number) =>
    real(fd, room, offset, Math.min(3, length), at)) as typeof real;
  syncBuiltinESMExports();
  onTestFinished(() => {
    fs.readSync = real;
    syncBuiltinESMExports();
    rmSync(folder, { recursive: true });
  });
  expect(bytesAt(path, 1, 7).toString()).toBe("1234567");
  expect(bytesAt(path, 4, 20).toString()).toBe("456789");
  expect(bytesAt(path, 20, 5).toString()).toBe("");
});
