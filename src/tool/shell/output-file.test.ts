import fs, { readFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { constants } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scratch } from "../../../test/kit/tool-context.ts";
import { OutputFile } from "./output-file.ts";

describe("an output file", () => {
  const written = (chunks: string[], head: number, tail: number) => {
    const path = join(scratch(), "output");
    const file = new OutputFile(path, head, tail);
    for (const chunk of chunks) file.write(Buffer.from(chunk));
    const dropped = file.close();
    return { text: readFileSync(path, "utf8"), dropped, bytes: file.bytes };
  };

  it("keeps everything that fits", () => {
    expect(written(["abc", "def"], 6, 2)).toEqual({ text: "abcdef", dropped: 0, bytes: 6 });
  });

  it("joins head and tail without a gap when both together hold everything", () => {
    expect(written(["abcd", "ef", "gh"], 5, 3)).toEqual({ text: "abcdefgh", dropped: 0, bytes: 8 });
  });

  it("says how much it leaves out between head and tail, and counts all of it", () => {
    const chunks = ["abcdefgh", ..."ijklmnopqrst"];
    expect(written(chunks, 5, 3)).toEqual({
      text: "abcde\n[… 12 bytes left out …]\nrst",
      dropped: 12,
      bytes: 20,
    });
  });

  it("says why it isn't durable in words, also where Node has only a number for that", () => {
    const { fsyncSync } = fs;
    fs.fsyncSync = () => {
      const errno = -constants.errno.ESTALE;
      const code = `Unknown system error ${errno}`;
      throw Object.assign(new Error(`${code}: ${code}, fsync`), { code, errno, syscall: "fsync" });
    };
    syncBuiltinESMExports();
    try {
      const file = new OutputFile(join(scratch(), "output"), 5, 3);
      file.close();
      expect(file.trouble).toBe(
        "the output could not be made durable: ESTALE: its server doesn't know it any more, fsync",
      );
    } finally {
      fs.fsyncSync = fsyncSync;
      syncBuiltinESMExports();
    }
  });
});
