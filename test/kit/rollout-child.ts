// Looks at a rollout, repairs it and takes that back, as it is told to, one at a time: a process of its own, so that its memory is theirs.
import { existsSync } from "node:fs";
import { examine } from "../../src/foreign/codex/examine/examine.ts";
import type { FindingKind } from "../../src/foreign/codex/findings/catalogue.ts";
import { type Finding, needsRepair } from "../../src/foreign/codex/findings/finding.ts";
import { judge } from "../../src/foreign/codex/findings/judge.ts";
import { packedPath } from "../../src/foreign/codex/home/places.ts";
import { prepareRepair, type RepairOptions } from "../../src/foreign/codex/repair/prepare.ts";
import { repairRollout, undoRepair } from "../../src/foreign/codex/repair/repair.ts";

export interface RolloutTask {
  readonly do: "look" | "repair" | "undo";
  /** Of a packed rollout, without `.zst`. */
  readonly path: string;
  readonly home: string;
  readonly now: number;
}

export type RolloutDone =
  | { readonly failed: string }
  | {
      readonly found: number;
      /** What a repair says will stay, and what does. */
      readonly told: readonly FindingKind[];
      readonly after: readonly FindingKind[];
      readonly repaired: boolean;
      /** Bytes: the most that this process ever had. */
      readonly peak: number;
    };

const kindsOf = (findings: readonly Finding[]): FindingKind[] => findings.map(({ kind }) => kind);

async function done({ do: what, path: plain, home, now }: RolloutTask): Promise<RolloutDone> {
  const lies = (): string => (existsSync(plain) ? plain : packedPath(plain));
  const path = lies();
  const options: RepairOptions = { home, now, seals: { which: "all" } };
  const judged = async (): Promise<Finding[]> => judge(await examine(lies()), { path: lies(), now });
  const found = (await judged()).length;
  let told: readonly Finding[] = [];
  let repaired = false;
  if (what === "look") (await prepareRepair(path, options)).folder.remove();
  else if (what === "undo") await undoRepair(path, { home });
  else repaired = (await repairRollout(path, options, (made) => (told = made.after))) !== undefined;
  const after = kindsOf((await judged()).filter(needsRepair));
  return { found, told: kindsOf(told), after, repaired, peak: process.resourceUsage().maxRSS * 1_024 };
}

process.on("message", (task: RolloutTask) => {
  done(task).then(
    (told) => process.send?.(told),
    (error: unknown) => process.send?.({ failed: error instanceof Error ? `${error.stack}` : String(error) }),
  );
});
