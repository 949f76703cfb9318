import type { Upstream } from "./upstream.ts";

const idsKept = 10_000;
const longestId = 256;

/**
 * Which upstream has something, by the id under which a member of requests names it. The last `idsKept` are known, as long as the process
 * runs.
 */
export class UpstreamByMember {
  readonly #member: string;
  readonly #upstreams = new Map<string, Upstream>();

  constructor(member: string) {
    this.#member = `"${member}"`;
  }

  note(id: string, upstream: Upstream): void {
    this.#upstreams.delete(id);
    this.#upstreams.set(id, upstream);
    if (this.#upstreams.size <= idsKept) return;
    const [oldest] = this.#upstreams.keys();
    if (oldest !== undefined) this.#upstreams.delete(oldest);
  }

  of(id: string | undefined): Upstream | undefined {
    return id === undefined ? undefined : this.#upstreams.get(id);
  }

  /** The id that a request's body names. */
  idIn(body: Buffer): string | undefined {
    const at = body.indexOf(this.#member);
    if (at < 0) return undefined;
    const from = at + this.#member.length;
    return /^\s*:\s*"([^"]+)"/u.exec(body.toString("latin1", from, from + longestId))?.[1];
  }
}
