import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { storeConformance } from "../conformance.ts";
import { folderStore } from "./folder-store.ts";

const newHome = (): string => mkdtempSync(join(tmpdir(), "home with späces ☂ "));

storeConformance("the folder store", () => folderStore(newHome(), { version: "0" }), {
  describe,
  it,
  expect,
});
