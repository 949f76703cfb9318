import type { TakenRequest } from "../request/taken-request.ts";

/** Codex's own key for a conversation: the id of its thread (0.98 to 0.169). */
const thread = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/iu;

/** Tells of the sealed summaries in whose place words are sent, once for each request. */
export class LostSummaries {
  #told = 0;

  /** Those that are missing before any repair of this request were told when they were refused. */
  begin({ lostSummaries }: TakenRequest): void {
    this.#told = lostSummaries;
  }

  /** What is added to the line of a repair that a summary goes with: what that means, and how a Codex session gets it back. */
  words({ lostSummaries: lost, request: { cacheKey = "" } }: TakenRequest): string {
    const isTold = lost <= this.#told;
    this.#told = lost;
    if (isTold) return "";
    const id = thread.test(cacheKey) ? cacheKey : "SESSION";
    return (
      "; with it went a summary of what was said before, which the model is not told any more; " +
      `a Codex session gets that back with: throughline repair ${id} --sealed --write`
    );
  }
}
