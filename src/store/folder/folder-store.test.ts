import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { storeConformance } from "../conformance.ts";
import { folderStore } from "./folder-store.ts";

const homes: string[] = [];
afterAll(() => homes.forEach((home) => rmSync(home, { recursive: true, force: true })));

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), "home with späces ☂ "));
  homes.push(home);
  return home;
}

storeConformance("the folder store", () => folderStore(newHome(), { version: "0" }), {
  describe,
  it,
  expect,
});
