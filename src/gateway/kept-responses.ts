import type { Upstream } from "./upstream.ts";

const responsesKept = 10_000;
const key = '"previous_response_id"';
const longestId = 256;

/**
 * Which upstream keeps which response, for requests that continue or ask for one. The last `responsesKept` are known, as long as the
 * process runs.
 */
export class KeptResponses {
  readonly #keepers = new Map<string, Upstream>();

  note(response: string, keeper: Upstream): void {
    this.#keepers.delete(response);
    this.#keepers.set(response, keeper);
    if (this.#keepers.size <= responsesKept) return;
    const [oldest] = this.#keepers.keys();
    if (oldest !== undefined) this.#keepers.delete(oldest);
  }

  /** Who keeps the response that a path names: `/v1/responses/resp_1/cancel`. */
  ofPath(path: string): Upstream | undefined {
    const response = /\/responses\/(resp_[\w-]+)/u.exec(path)?.[1];
    return response === undefined ? undefined : this.#keepers.get(response);
  }

  /** Who keeps the response that a request's body continues (`previous_response_id`). */
  ofBody(body: Buffer): Upstream | undefined {
    const at = body.indexOf(key);
    if (at < 0) return undefined;
    const value = body.toString("latin1", at + key.length, at + key.length + longestId);
    const response = /^\s*:\s*"([^"]+)"/u.exec(value)?.[1];
    return response === undefined ? undefined : this.#keepers.get(response);
  }
}
