import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Homes as versions of Codex have left them, one folder a version. */
export const codexFixtures = join(import.meta.dirname, "../../src/foreign/codex/fixtures");

/** A Codex home with the sessions of a version, for this test alone. */
export function codexHomeWith(version: string): string {
  const home = mkdtempSync(join(tmpdir(), "throughline-codex-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  cpSync(join(codexFixtures, version), home, { recursive: true });
  return home;
}
