/** The public names of the package: what a platform needs to run durable sessions of its own. */
export { createSession, resumeSession, Session } from "./runtime.ts";
export { archive, clearSession, forkSession, note, rewindTo, undoRotation } from "./runtime.ts";
export type { Equipment, Runtime, Served, SessionStart } from "./runtime.ts";
export type { Fork } from "./runtime/fork.ts";
export type { InputPlace } from "./runtime/turn-input.ts";
export type { Observe, SessionUpdate } from "./turn/update.ts";
export { measuredProvider } from "./runtime/measured-provider.ts";
export { measuring } from "./runtime/measuring.ts";
export type { Attributes, InstrumentOptions, Meter } from "./runtime/meter.ts";
export type { CallEnvironment } from "./turn/calls.ts";
export type { Compacted, Compacting, Compactor } from "./turn/compactor.ts";
export { folding, historyOf } from "./turn/journal.ts";
export type { Journal } from "./turn/journal.ts";

export { Failure, isFailure, isFailureOf } from "./failure.ts";
export type { FailureSignal } from "./failure.ts";
export { catalogue } from "./failure/catalogue.ts";
export type { FailureClass, FailureData, OwnerFacts, SealRefusal } from "./failure/catalogue.ts";
export type { CatalogueEntry, FailureArea } from "./failure/entry.ts";
export { classify } from "./failure/classify.ts";
export type { ClassifyContext } from "./failure/pattern.ts";

export { schemaVersion, sessionEvent } from "./session/event.ts";
export type * from "./session/event.ts";
export type { ItemFacts } from "./session/facts.ts";
export { advance, createHistory } from "./session/history.ts";
export type { History, OpenCall } from "./session/history.ts";
export type { ToolDefinition } from "./session/definition.ts";
export type { FollowUpMode } from "./session/follow-up.ts";
export type { Imported } from "./session/imported.ts";
export { describeItem, messageItem } from "./session/item.ts";
export type { Bodies } from "./session/items.ts";
export { isTogether } from "./session/place.ts";
export type { Place } from "./session/place.ts";
export type { GoneOn, Standing } from "./session/standing.ts";
export { summarize } from "./session/summary.ts";
export type { SessionStatus, SessionSummary } from "./session/summary.ts";
export { transcriptEntry } from "./session/transcript.ts";
export type { TranscriptEntry } from "./session/transcript.ts";

export { contractFor, contractNamed, contracts } from "./replay/contracts.ts";
export type { MediaLimits, ReplayContract } from "./replay/contract.ts";
export { project } from "./replay/project.ts";
export type { ProjectedElement, Projection, ProjectionBasis } from "./replay/project.ts";
export type { ProjectedItems } from "./replay/element.ts";
export type { Edit } from "./replay/edit.ts";
export type { ReplayEntry, ReplayRule } from "./replay/report.ts";
export { requestInput } from "./replay/request-input.ts";
export type { ProjectedInput } from "./replay/request-input.ts";

export { decide } from "./recovery/policy.ts";
export type { Circumstances } from "./recovery/policy.ts";
export { Situation } from "./recovery/situation.ts";
export type { RetryKind } from "./recovery/situation.ts";
export type { Action } from "./recovery/action.ts";

export type * from "./store.ts";
export { openCatalog } from "./store/catalog/catalog.ts";
export { folderStore } from "./store/folder/folder-store.ts";
export type { Watching } from "./store/folder/acquire.ts";
export type { FolderStoreOptions } from "./store/folder/folder-store.ts";
export { heads } from "./store/chain.ts";
export type { Link } from "./store/chain.ts";
export { searchSessions } from "./store/search.ts";
export type { KnownRow, KnownRows, Listing, ListingRow, Wanted } from "./store/listing.ts";
export { memoryStore } from "./store/memory/memory-store.ts";

export type * from "./provider.ts";
export { anthropicProvider } from "./provider/anthropic/provider.ts";
export type { AnthropicOptions } from "./provider/anthropic/provider.ts";
export { chatProvider } from "./provider/chat/provider.ts";
export type { ChatDialect } from "./provider/chat/dialect.ts";
export type { ChatOptions } from "./provider/chat/provider.ts";
export { responsesProvider } from "./provider/responses/provider.ts";
export type { ResponsesOptions } from "./provider/responses/provider.ts";
export type { WireOptions } from "./provider/wire/provider.ts";

export type * from "./tool.ts";
export { toolbox } from "./agent/toolbox.ts";
export { compactor } from "./agent/compaction.ts";
export type { CompactionOptions } from "./agent/compaction.ts";
export { readInstructions } from "./agent/instructions.ts";
export type { Instructions } from "./agent/instructions.ts";
export { toolEnvironment } from "./tool/environment.ts";
export { systemClock } from "./lib/clock.ts";
export type { Clock } from "./lib/clock.ts";
export { risingIds, uuidv7 } from "./lib/ids.ts";
