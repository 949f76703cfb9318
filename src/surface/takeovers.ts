import { statSync } from "node:fs";
import { listRollouts, readRolloutName, type RolloutFile } from "../foreign/codex/home/places.ts";
import type { ListedThread } from "../foreign/codex/list/list.ts";
import { TakenNotes } from "../foreign/codex/takeover/taken-notes.ts";
import type { GoneOn } from "../session/standing.ts";
import type { SessionSummary } from "../session/summary.ts";

/** Which of the own sessions in a list Codex has gone on with since they were taken over: what lists know of them tells it, and no log is read. */
export class Takeovers {
  /** How far each thread was taken over into any session, by its id. */
  readonly #furthest = new Map<string, number>();
  readonly #files: () => ReadonlyMap<string, RolloutFile[]>;
  readonly #notes: () => TakenNotes;

  /** `home`: Codex's. `cache`: where caches lie. */
  constructor(own: readonly SessionSummary[], { home, cache }: { home: string; cache: string }) {
    this.#files = once(() => Map.groupBy(listRollouts(home), ({ thread }) => thread));
    this.#notes = once(() => new TakenNotes(cache));
    for (const { imported } of own)
      if (imported)
        this.#furthest.set(imported.id, Math.max(this.#furthest.get(imported.id) ?? 0, imported.bytes));
  }

  goneOn({ id, turns, status, imported }: SessionSummary, thread: ListedThread): GoneOn | undefined {
    if (!imported) return undefined;
    const furthest = this.#furthest.get(imported.id) ?? 0;
    const isSameFile = (readRolloutName(thread.path)?.rollout ?? imported.rollout) === imported.rollout;
    // Of most sessions all files together hold no more, so that none has to be looked at.
    if (isSameFile && (thread.unpacked ?? thread.bytes) <= furthest) return undefined;
    const file = statSync(thread.path, { throwIfNoEntry: false });
    if (!file || (isSameFile && (thread.unpacked ?? file.size) <= furthest)) return undefined;
    if (turns > imported.turn || status === "cleared")
      return { next: `throughline import --new ${thread.id}`, apart: true };
    // Listing all rollouts once more would take longer than the rest.
    const files =
      file.size === thread.bytes
        ? [{ path: thread.path, bytes: file.size, mtime: file.mtimeMs }]
        : (this.#files().get(thread.id) ?? []);
    // A line that means nothing here, or a torn one, is no going on: somebody has looked since.
    return this.#notes().isKnown(thread.id, files) ? undefined : { next: `throughline resume ${id}` };
  }
}

function once<Value extends object>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => (made ??= make());
}
