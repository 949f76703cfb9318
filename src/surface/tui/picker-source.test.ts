import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { folderStore } from "../../store/folder/folder-store.ts";
import { inProcess } from "../../../test/kit/in-process.ts";
import { sessionSource } from "./picker-source.ts";

it("a preview has what is in the context still; who deletes a session there is forgotten by lists too", async () => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), "throughline-source-")));
  const folder = join(home, "workspace");
  mkdirSync(folder);
  const store = folderStore(home, { version: "0" });
  try {
    const run = async (...words: string[]): Promise<void> =>
      expect((await inProcess(home, folder, words)).status, words.join(" ")).toBe(0);
    await run("exec", "--provider", "simulator", "--name", "it", "One.");
    await run("resume", "it", "Two.");
    const place = { path: folder };
    const source = sessionSource({
      store,
      here: place,
      codex: { environment: {}, home },
      tell: String,
      waits: { tell: () => undefined },
    });
    const [row] = (await source.list({ everywhere: true, codex: false })).rows;
    const asked = async (): Promise<string[]> =>
      (await source.messages(row!)).filter(({ who }) => who === "you").map(({ text }) => text);
    expect(await asked()).toEqual(["One.", "Two."]);
    await run("resume", "it", "--from-step", "1");
    expect(await asked()).toEqual(["One."]);
    await run("compact", "it");
    expect(await asked(), "a summary is nobody's words").toEqual(["One."]);
    await run("clear", "it");
    expect(await asked()).toEqual([]);

    const cache = join(home, "cache", "codex-0123.json");
    mkdirSync(join(home, "cache"));
    writeFileSync(cache, "One.");
    vi.spyOn(store, "sweep").mockResolvedValueOnce(["the catalogue is in use"]);
    expect(await source.delete(row!), "what could not be done is said").toBe("the catalogue is in use");
    expect(existsSync(cache)).toBe(false);
  } finally {
    await store.close();
    rmSync(home, { recursive: true });
  }
});
