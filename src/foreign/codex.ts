/** `throughline/codex`: the sessions that the Codex CLI keeps (rollouts), listed, diagnosed, repaired, taken over and written. */
export { codexHome, listRollouts } from "./codex/home/places.ts";
export type { RolloutFile, RolloutName } from "./codex/home/places.ts";
export { listThreads } from "./codex/list/list.ts";
export type { ListedThread, ListOptions, ThreadFlaw, ThreadList } from "./codex/list/list.ts";
export { lastMessages } from "./codex/list/last-messages.ts";
export type { SaidMessage } from "./codex/list/last-messages.ts";
export type { Flaw } from "./codex/list/flaw.ts";
export type { TurnFailure } from "./codex/rollout/payload/outcome.ts";

export { diagnose } from "./codex/diagnose.ts";
export type { DiagnoseOptions, Diagnosis, Sealed } from "./codex/diagnose.ts";
export { catalogue } from "./codex/findings/catalogue.ts";
export type { FindingKind } from "./codex/findings/catalogue.ts";
export type { FindingEntry, Severity } from "./codex/findings/finding-entry.ts";
export { needsRepair } from "./codex/findings/finding.ts";
export type { Finding, Place } from "./codex/findings/finding.ts";
export { understand } from "./codex/findings/understand.ts";
export type { Named, Understood } from "./codex/findings/understand.ts";
export type { Holder } from "./codex/home/holders.ts";

export { previewRepair } from "./codex/repair/prepare.ts";
export type { RepairOptions, RepairPlan } from "./codex/repair/prepare.ts";
export type { DatabaseChanges } from "./codex/repair/database-changes.ts";
export { mendedCopy } from "./codex/repair/mended-copy.ts";
export { repairRollout, undoRepair } from "./codex/repair/repair.ts";
export type { CompletedRepair } from "./codex/repair/carry-out.ts";
export type { SealChoice } from "./codex/findings/seal-choice.ts";
export type { ChangesOfKind, RepairChanges, ShownEdit } from "./codex/repair/repair-changes.ts";
export { lastRepairAt } from "./codex/repair/journal.ts";
export type { Backup, Journal } from "./codex/repair/journal.ts";
export type { NamedPlace, FirstPrompt } from "./codex/home/thread-rows.ts";

export { findThreads, threadAt } from "./codex/takeover/find.ts";
export { importThread } from "./codex/takeover/import.ts";
export type { ImportOptions, Kept, TakenOver } from "./codex/takeover/import.ts";
export type { ImportPlan, MendedCopy, Thread, ThreadPlace } from "./codex/takeover/import-plan.ts";
export type { TakenCounts, TakenTally } from "./codex/takeover/tally.ts";
export type { Lineage, Segment } from "./codex/rollout/file/lineage.ts";
export type { HistoryBase, Origin, RolloutHeader } from "./codex/rollout/record/header.ts";

export { exportThread } from "./codex/export.ts";
export type { ExportedThread, ExportTarget } from "./codex/export.ts";
