/** The public names of the package: what a platform needs to run durable sessions of its own. */
export { createSession, resumeSession, Session, undoRotation } from "./runtime.ts";
export type { Equipment, Runtime, Served, SessionStart } from "./runtime.ts";
export type { Observe, SessionUpdate } from "./turn/update.ts";
export { measuredProvider } from "./runtime/measured-provider.ts";
export { measuring } from "./runtime/measuring.ts";
export type { Meter } from "./runtime/meter.ts";
export type { CallEnvironment } from "./turn/calls.ts";
export type { Compacted, Compacting, Compactor } from "./turn/compactor.ts";

export { Failure, isFailure, isFailureOf } from "./failure.ts";
export type { FailureSignal } from "./failure.ts";
export { catalogue } from "./failure/catalogue.ts";
export type { FailureClass, FailureData } from "./failure/catalogue.ts";
export { classify } from "./failure/classify.ts";

export { schemaVersion, sessionEvent } from "./session/event.ts";
export type * from "./session/event.ts";
export { advance, createHistory } from "./session/history.ts";
export type { History } from "./session/history.ts";
export { messageItem } from "./session/item.ts";
export type { SessionStatus, SessionSummary } from "./session/summary.ts";

export { contractFor, contractNamed, contracts } from "./replay/contracts.ts";
export type { ReplayContract } from "./replay/contract.ts";
export { project } from "./replay/project.ts";
export { requestInput } from "./replay/request-input.ts";

export { decide, Situation } from "./recovery/policy.ts";
export type { Action } from "./recovery/action.ts";

export type * from "./store.ts";
export { folderStore } from "./store/folder/folder-store.ts";
export { memoryStore } from "./store/memory/memory-store.ts";

export type * from "./provider.ts";
export { anthropicProvider } from "./provider/anthropic/provider.ts";
export { chatProvider } from "./provider/chat/provider.ts";
export { responsesProvider } from "./provider/responses/provider.ts";

export type * from "./tool.ts";
export { toolbox } from "./agent/toolbox.ts";
export { compactor } from "./agent/compaction.ts";
export type { CompactionOptions } from "./agent/compaction.ts";
export { readInstructions } from "./agent/instructions.ts";
export { toolEnvironment } from "./tool/environment.ts";
export { systemClock } from "./lib/clock.ts";
export { risingIds, uuidv7 } from "./lib/ids.ts";
