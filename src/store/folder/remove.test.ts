import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isFailureOf } from "../../failure.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { created } from "../conformance.ts";
import { storeFailure } from "./files.ts";
import { folderStore } from "./folder-store.ts";

it("a session whose log nobody can open is removed all the same, and is said to be unreadable, not read-only", async () => {
  const home = mkdtempSync(join(tmpdir(), "remove-"));
  const store = folderStore(home, { version: "0" });
  const id = uuidv7(Date.now());
  try {
    await (await store.create(id, created(id), "testing")).release();
    const [month = ""] = readdirSync(join(home, "sessions"));
    const path = join(home, "sessions", month, id, "log.jsonl");
    // As the rights of somebody else's file, but for whoever runs this as root.
    rmSync(path);
    symlinkSync(path, path);
    const refused = storeFailure(
      Object.assign(new Error("no"), { code: "EACCES", path }),
      home,
      "It is kept.",
    );
    expect(refused).toSatisfy((error) => isFailureOf(error, "store-unavailable"));
    expect(refused.message).toContain(`${path} can't be used: its rights don't allow it`);
    await store.remove(id);
    expect(readdirSync(join(home, "sessions", month))).toEqual([]);
  } finally {
    await store.close();
    rmSync(home, { recursive: true });
  }
});
