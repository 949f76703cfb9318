import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readPortable } from "./portable.ts";

test.skipIf(process.platform !== "linux")(
  "a file that is refused is let go of, also in its midst",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "throughline-portable-"));
    const path = join(folder, "session.jsonl");
    const open = (): number => readdirSync("/proc/self/fd").length;
    try {
      writeFileSync(path, '{"format":"throughline-session","version":1}\n{}\n');
      await expect(readPortable(path)).rejects.toThrow("which session it is");
      const before = open();
      for (let nth = 0; nth < 5; nth++) await expect(readPortable(path)).rejects.toThrow();
      writeFileSync(
        path,
        '{"format":"throughline-session","version":1,"session":"01a202d4-4006-7839-812c-e4ede28b6795"}\n{"seq":0}\n{"seq":1}\n',
      );
      for (let nth = 0; nth < 5; nth++) {
        const portable = await readPortable(path);
        await portable.close();
        await expect(portable.events("x", "ask").next()).resolves.toMatchObject({ done: true });
      }
      expect(open()).toBe(before);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
