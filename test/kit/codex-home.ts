import { cpSync } from "node:fs";
import { join } from "node:path";
import { listRollouts, type RolloutFile } from "../../src/foreign/codex/home/places.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Homes as versions of Codex have left them, one folder a version. */
export const codexFixtures = join(import.meta.dirname, "../../src/foreign/codex/fixtures");

/** Versions whose sessions are there, from one of each form that rollouts have had. */
export const codexVersions = ["0.29.0", "0.36.0", "0.58.0", "0.98.0", "0.130.0", "0.169.0"] as const;

/** The rollouts that a version has left. */
export const codexRollouts = (version: string): RolloutFile[] => listRollouts(join(codexFixtures, version));

/** A Codex home with the sessions of a version, for this test alone. */
export function codexHomeWith(version: string): string {
  const home = temporaryFolder();
  cpSync(join(codexFixtures, version), home, { recursive: true });
  return home;
}
