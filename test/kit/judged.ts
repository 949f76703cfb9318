// What doctor finds in a rollout's bytes, for tests of what stands there and of what a repair leaves.
import { diagnose } from "../../src/foreign/codex/diagnose.ts";
import { examine } from "../../src/foreign/codex/examine/examine.ts";
import type { FindingKind } from "../../src/foreign/codex/findings/catalogue.ts";
import { type Finding, needsRepair } from "../../src/foreign/codex/findings/finding.ts";
import { judge } from "../../src/foreign/codex/findings/judge.ts";

/** All that is said of it, at a time (milliseconds since 1970). */
export async function judged(path: string, now: number): Promise<Finding[]> {
  return judge(await examine(path), { path, now });
}

/** The kinds of what has to be repaired in it. */
export async function kindsToRepair(path: string, now: number): Promise<FindingKind[]> {
  return (await judged(path, now)).filter(needsRepair).map(({ kind }) => kind);
}

/** What has to be repaired in it and in what lies beside it, as repairs are told of that are kept under `home`. */
export async function foundBeside(path: string, home: string, now: number): Promise<Finding[]> {
  for await (const { findings } of diagnose([path], { home, now })) return findings.filter(needsRepair);
  throw new Error("nothing was said");
}
