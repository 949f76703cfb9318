/**
 * The one catalogue of failures: what each class means, what Throughline does about it, what a person can do, and the exit status that
 * `exec` ends with when it ends a turn. `docs/failures.md` is made from it.
 */
import type { CatalogueEntry } from "./entry.ts";
import { local } from "./entries/local.ts";
import { provider } from "./entries/provider.ts";
import { replay } from "./entries/replay.ts";

/** The owner of a session's lease, as failures tell it. */
export interface OwnerFacts {
  host: string;
  pid: number;
  /** Milliseconds since 1970, by that host's clock. */
  since: number;
  /** In words: "at turn 3: fix the tests". */
  doing: string;
  tty?: string | undefined;
  version: string;
}

/** The data that each class of failure carries beside its message. Times are milliseconds since 1970, durations milliseconds. */
export interface FailureData {
  // Refusals of something that the request replays.
  "sealed-reasoning-rejected": SealRefusal;
  "sealed-compaction-rejected": SealRefusal;
  "reasoning-content-too-long": { index?: number };
  /** `latest`: the refused block is that of the open tool loop. */
  "thinking-signature-rejected": { index?: number; latest?: true };
  "thinking-missing": Record<never, never>;
  "thought-signature-missing": Record<never, never>;
  "reasoning-required": Record<never, never>;
  "reasoning-unpaired": { item?: string; dependsOn?: string };
  "duplicate-item": { item?: string };
  "item-not-persisted": { item?: string };
  "item-id-invalid": { index?: number; limit?: number };
  "item-type-unsupported": { kind?: string; index?: number };
  "call-without-output": { call?: string };
  "output-without-call": { call?: string };
  "tool-arguments-invalid": { call?: string };
  "context-overflow": Record<never, never>;
  "media-invalid": { index?: number };
  /**
   * `member`: a member of items that the provider doesn't know, whichever item has it. "role=system" and "role=developer": it doesn't know
   * the other one of these roles.
   */
  "request-malformed": { index?: number; member?: string };
  "chain-missing": { response?: string };
  // Limits, outages, accounts.
  "usage-limit": { resetsAt?: number; window?: string; plan?: string };
  "rate-limit": { retryAfterMs?: number };
  billing: Record<never, never>;
  overloaded: { retryAfterMs?: number };
  "transport-interrupted": {
    reason: "cut" | "idle" | "reset" | "refused" | "unresolved" | "incomplete" | "reconnect";
  };
  "auth-expired": Record<never, never>;
  "auth-denied": Record<never, never>;
  "model-missing": { model?: string };
  "parameter-unsupported": { parameter?: string };
  refusal: Record<never, never>;
  "output-limit": { reason?: string };
  "unknown-provider-failure": Record<never, never>;
  unrecoverable: { last: string; repairs: number };
  cancelled: Record<never, never>;
  // The store.
  "session-missing": { reference: string; nearest: string[] };
  "session-ambiguous": { reference: string; matches: string[] };
  "session-elsewhere": { workspace: string };
  "lease-held": { owner?: OwnerFacts };
  "lease-lost": { owner?: OwnerFacts };
  "schema-newer": { found: number; supported: number };
  "session-damaged": { path: string };
  "session-removed": { path: string };
  "store-full": { path: string };
  "store-read-only": { path: string };
  "store-unavailable": { path: string };
  // The person's input.
  usage: Record<never, never>;
  configuration: { path?: string };
}

/** What a refusal of sealed content names: an item's id, its index in `input`, or the end of its blob. All absent when it names nothing. */
export interface SealRefusal {
  item?: string;
  index?: number;
  /** The last characters of the refused blob, as the error quotes them. */
  tail?: string;
}

/** The classes of refusals of what is sealed. */
export const aboutSeals: ReadonlySet<string> = new Set<FailureClass>([
  "sealed-reasoning-rejected",
  "sealed-compaction-rejected",
]);

/** A kind of failure, however its provider words it: `usage-limit`, `sealed-reasoning-rejected`. */
export type FailureClass = keyof FailureData;

/** What each class of failure means, what is done about it, what a person can do, and the exit status of a command that it ends. */
export const catalogue: Readonly<Record<FailureClass, CatalogueEntry>> = {
  ...replay,
  ...provider,
  ...local,
} satisfies Record<FailureClass, CatalogueEntry>;

/** Every class, in the order of the catalogue. */
export const failureClasses = Object.keys(catalogue) as FailureClass[];
