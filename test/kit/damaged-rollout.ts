// A rollout that a repair changes, for tests of what may happen while it is repaired.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeEach, expect } from "vitest";
import { isFailureOf } from "../../src/failure.ts";
import type { CompletedRepair } from "../../src/foreign/codex/repair/carry-out.ts";
import { repairRollout } from "../../src/foreign/codex/repair/repair.ts";
import { codexRollouts } from "./codex-home.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export const source = codexRollouts("0.130.0")[0]!;
/** What it holds: all that Codex wrote, and NULs behind that, in whose place a repair puts spaces and a line end. */
export const damaged = Buffer.concat([readFileSync(source.path), Buffer.alloc(100)]);

/** The folder of all this. */
export const root = temporaryFolder();
const codex = join(root, "codex");
export const path = join(codex, "sessions", "2026", "11", "20", basename(source.path));
/** Throughline's own home, where repairs keep their copies. */
export const own = join(root, "own");

/** Each test of the file finds the rollout damaged, and none of its repairs. */
export function damagedBeforeEach(): void {
  beforeEach(() => {
    rmSync(own, { recursive: true, force: true });
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, damaged);
  });
}

export const repair = (onPrepared = (): void => undefined): Promise<CompletedRepair | undefined> =>
  repairRollout(path, { home: own, now: Date.parse("2026-11-21"), seals: { which: "none" } }, onPrepared);

/** What the file holds after what was asked for was refused, with these words. */
export async function refused(act: Promise<unknown>, ...told: readonly string[]): Promise<Buffer> {
  const failure = await act.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toSatisfy((error) =>
    isFailureOf(error, "session-damaged", "lease-held", "store-unavailable"),
  );
  for (const text of told) expect(String(failure)).toContain(text);
  expect(String(failure)).toContain("Nothing was changed");
  return readFileSync(path);
}

/** Writes to the rollout as soon as somebody else has a turn and the repair's folder has this file. */
export function writeBehind(file: string, bytes: Buffer): void {
  if (existsSync(file)) appendFileSync(path, bytes);
  else setImmediate(() => writeBehind(file, bytes));
}
