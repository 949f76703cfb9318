import { createHash } from "node:crypto";
import type { Clock } from "../../../lib/clock.ts";
import { uuidv7, uuidv7Time } from "../../../lib/ids.ts";
import type { Settings, Workspace } from "../../../session/event.ts";
import type { SessionStore } from "../../../store.ts";
import type { RolloutFile } from "../home/places.ts";
import type { RolloutHeader } from "../rollout/record/header.ts";
import type { Lineage } from "../rollout/file/lineage.ts";

/** A Codex thread that can be taken over. */
export interface Thread {
  readonly file: RolloutFile;
  readonly lineage: Lineage;
  readonly header: RolloutHeader | undefined;
  /** The name that a person gave it. */
  readonly name?: string;
}

/** Where threads are taken over to, and what their sessions are given. All but `store` and `settings` may be left out. */
export interface ImportPlan {
  readonly store: SessionStore;
  readonly clock?: Clock;
  /**
   * The issuer (as of `Provider`) of what was sealed for a provider, by the name in the thread's header: what was sealed for Codex is sent
   * to a provider of the same issuer, and to no other. Absent: one that no provider has, so that seals stay in the log.
   */
  issuer?(provider: string | undefined): string;
  /** What the session is to go on with; asked with the model and the effort that the thread ended with, and with neither. */
  settings(thread: { model?: string; effort?: string }): Settings;
  /** What is asked for now: where a session is made anew, it goes before what a person chose earlier. */
  readonly asked?: Partial<Settings>;
  /** Where the session belongs, by the folder that the thread was last used in. Absent: there, as its header describes it. */
  workspace?(thread: ThreadPlace): Promise<Workspace>;
  /**
   * When the rollout of this path was last repaired, in milliseconds since 1970 (`lastRepairAt`): its session is made anew then. Absent: it
   * isn't known of repairs.
   */
  mendedAt?(path: string): number | undefined;
  /**
   * A copy of a damaged rollout as its repair would leave it, to be read instead; `undefined` where none is to be had. Absent: damaged ones
   * are read as they are.
   */
  mended?(path: string): Promise<MendedCopy | undefined>;
  /** Aborting it stops a takeover before its session is made, or made anew; its reason is thrown. What is begun to be appended is ended. */
  readonly signal?: AbortSignal;
  /** Called now and then, with bytes of all files. */
  onBytes?(read: number, total: number): void;
}

/** A copy of a rollout that is only read. */
export interface MendedCopy {
  readonly path: string;
  remove(): void;
}

/** What a thread says of where it was used. */
export interface ThreadPlace {
  readonly cwd?: string;
  readonly header?: RolloutHeader;
}

/** A workspace as a thread describes it, whose folder may be gone, or another machine's. */
export function toldWorkspace({ cwd = "", header }: ThreadPlace): Workspace {
  return {
    path: cwd,
    ...(header?.branch !== undefined && { gitBranch: header.branch }),
    ...(header?.commit !== undefined && { gitCommit: header.commit }),
  };
}

/** The issuer of what was sealed by a provider of which only the name is known: no provider of ours has this issuer. */
export function unknownIssuer(provider = "openai"): string {
  return `codex:${provider}`;
}

/** Who sealed what, by the provider that the thread's header names. */
export const issuerIn =
  (plan: ImportPlan) =>
  (provider: string | undefined): string =>
    plan.issuer?.(provider) ?? unknownIssuer(provider);

/** The folder that the session belongs to. */
export const workspaceIn = async (plan: ImportPlan, place: ThreadPlace): Promise<Workspace> =>
  plan.workspace?.(place) ?? toldWorkspace(place);

/**
 * The id of the session that a thread becomes: the thread's own, where that is a UUID version 7 (Codex since about 0.44), else one
 * derived from it. So a thread is never taken over twice.
 */
export function sessionIdOf(thread: string, created: number): string {
  if (uuidv7Time(thread) !== undefined) return thread;
  return uuidv7(created, createHash("sha256").update(thread).digest());
}

/** The settings that the session goes on with, by what the thread ended with. */
export function settingsOf(
  plan: ImportPlan,
  { model, effort }: { model: string | undefined; effort: string | undefined },
): Settings {
  return plan.settings({ ...(model !== undefined && { model }), ...(effort !== undefined && { effort }) });
}
