import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isFailureOf } from "../../failure.ts";
import { systemClock } from "../../lib/clock.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { schemaVersion } from "../../session/event.ts";
import { created } from "../conformance/events.ts";
import { storeFailure } from "./files.ts";
import { folderStore } from "./folder-store.ts";
import { leaseNumbers, OwnLease } from "./lease-file.ts";
import { processOwner } from "./process-owner.ts";
import { removeFolder } from "./remove.ts";

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

it("a session that somebody begins to work in while its removal looks at it is kept", async () => {
  const home = mkdtempSync(join(tmpdir(), "remove-"));
  const store = folderStore(home, { version: "0" });
  const id = uuidv7(Date.now());
  let other: OwnLease | undefined;
  try {
    await (await store.create(id, created(id), "testing")).release();
    const [month = ""] = readdirSync(join(home, "sessions"));
    const folder = join(home, "sessions", month, id);
    const owner = processOwner("0", Date.now(), "working");
    const fence = leaseNumbers(folder).at(-1)! + 1;
    const clock = {
      ...systemClock,
      // It is asked when the lease that was the last one is looked at.
      monotonic: () => {
        other ??= OwnLease.take(folder, { fence, schema: schemaVersion, owner, beat: 0, released: false });
        return systemClock.monotonic();
      },
    };
    const removing = removeFolder(folder, { id, owner, clock, force: false });
    await expect(removing).rejects.toSatisfy((error) => isFailureOf(error, "lease-held"));
    expect(other?.isHighest()).toBe(true);
    expect(readdirSync(folder)).toContain("log.jsonl");
  } finally {
    other?.release();
    await store.close();
    rmSync(home, { recursive: true });
  }
});
