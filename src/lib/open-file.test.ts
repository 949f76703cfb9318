import { closeSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openToRead, readText, staysUnreadable } from "./open-file.ts";
import { isSystemError } from "./system.ts";

// Pipes, which would be waited for without end, are given to the program as a process: test/crash/strangers.test.ts.

let folder: string;
let path: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "open "));
  path = join(folder, "file");
  writeFileSync(path, "täxt\n");
});

afterAll(() => rmSync(folder, { recursive: true }));

function refusal(act: () => unknown): NodeJS.ErrnoException {
  try {
    act();
  } catch (error) {
    if (isSystemError(error)) return error;
    throw error;
  }
  throw new Error("it was read");
}

describe("where a file is looked for", () => {
  it("a file is read, and through a link too", () => {
    const link = join(folder, "link");
    symlinkSync(path, link);
    for (const each of [path, link]) {
      expect(readText(each)).toBe("täxt\n");
      closeSync(openToRead(each));
    }
  });

  it("what is not there, and a folder, are told with their path", () => {
    for (const read of [readText, openToRead]) {
      const missing = refusal(() => read(join(folder, "none")));
      expect([missing.code, staysUnreadable(missing)]).toEqual(["ENOENT", false]);
      const found = refusal(() => read(folder));
      expect([found.code, found.path, staysUnreadable(found)]).toEqual(["EISDIR", folder, true]);
    }
  });

  it("one that a fault has made huge is not read into memory", () => {
    const huge = join(folder, "huge");
    writeFileSync(huge, "");
    truncateSync(huge, 2 ** 33);
    const found = refusal(() => readText(huge));
    expect([found.code, found.path, staysUnreadable(found)]).toEqual(["EOVERFLOW", huge, true]);
  });

  it.skipIf(process.platform === "win32")("/dev/null is an empty one", () => {
    expect(readText("/dev/null")).toBe("");
    expect(refusal(() => openToRead("/dev/null")).code).toBe("EFTYPE");
  });
});
