import { readdirSync, rmSync, symlinkSync } from "node:fs";
import { expect, it } from "vitest";
import { isFailureOf } from "../../failure.ts";
import { systemClock } from "../../lib/clock.ts";
import { schemaVersion } from "../../session/event.ts";
import { storeFailure } from "./files.ts";
import { testHome } from "./fixtures/test-home.ts";
import { leaseNumbers, OwnLease } from "./lease-file.ts";
import { processOwner } from "./process-owner.ts";
import { removeFolder } from "./remove.ts";

const at = testHome();

it("a session whose log nobody can open is removed all the same, and is said to be unreadable, not read-only", async () => {
  await at.make();
  const path = at.log();
  // As the rights of somebody else's file, but for whoever runs this as root.
  rmSync(path);
  symlinkSync(path, path);
  const refused = storeFailure(
    Object.assign(new Error("no"), { code: "EACCES", path }),
    at.home,
    "It is kept.",
  );
  expect(refused).toSatisfy((error) => isFailureOf(error, "store-unavailable"));
  expect(refused.message).toContain(`${path} can't be used: its rights don't allow it`);
  await at.store.remove(at.id);
  expect(readdirSync(at.month())).toEqual([]);
});

it("a session that somebody begins to work in while its removal looks at it is kept", async () => {
  let other: OwnLease | undefined;
  try {
    await at.make();
    const folder = at.folder();
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
    const removing = removeFolder(folder, { id: at.id, owner, clock, force: false });
    await expect(removing).rejects.toSatisfy((error) => isFailureOf(error, "lease-held"));
    expect(other?.isHighest()).toBe(true);
    expect(readdirSync(folder)).toContain("log.jsonl");
  } finally {
    other?.release();
  }
});
