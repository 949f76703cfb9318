import type { IncomingHttpHeaders } from "node:http";
import { Failure, isFailureOf } from "../failure.ts";
import { durationWords } from "../lib/words.ts";
import { blobsIn } from "./memory/blob-hash.ts";
import type { HealMemory } from "./memory/heal-memory.ts";
import type { WholeBody } from "./body/held-body.ts";
import { plainBody } from "./body/plain-body.ts";
import { Upstream, type UpstreamOptions } from "./upstream.ts";
import { UpstreamByMember } from "./upstream-by-member.ts";

const firstProbeMs = 1_000;
const lastProbeMs = 30_000;
const probeTimeoutMs = 5_000;
/** For so long an upstream is left out whose account was refused, or is at a limit that says no time. */
const restMs = 5 * 60_000;
/** At most so long for a limit that says its time: it can also end before that. */
const longestRestMs = 15 * 60_000;

/** An upstream that can't be reached: the timer of the next probe, and how long that waits. */
interface Down {
  timer: NodeJS.Timeout;
  waitMs: number;
}

interface UpstreamsFacts {
  readonly memory: HealMemory;
  /** A body that is larger than this once it is decoded, in bytes, isn't looked into. */
  readonly maxBytes: number;
  log(line: string): void;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * The upstreams of one gateway. A request goes to the one that sealed what it carries, or keeps the response that it continues, or was asked
 * for its conversation before; any other request to the next by turns. One that can't be reached is left out until it answers again.
 */
export class Upstreams {
  readonly all: readonly Upstream[];
  readonly #first: Upstream;
  readonly #memory: HealMemory;
  readonly #maxBytes: number;
  readonly #log: (line: string) => void;
  readonly #down = new Map<Upstream, Down>();
  /** Until when an upstream is left out because of its account, in milliseconds since 1970. */
  readonly #resting = new Map<Upstream, number>();
  readonly #now: () => number;
  /** Who keeps which response. */
  readonly #kept = new UpstreamByMember("previous_response_id");
  /** Who was asked last for which conversation, and has the beginning of its next request in a cache. */
  readonly #asked = new UpstreamByMember("prompt_cache_key");
  #turn = 0;

  /** Throws `configuration` for a list without any. */
  constructor(options: readonly UpstreamOptions[], { memory, maxBytes, log, now }: UpstreamsFacts) {
    this.all = options.map((option) => new Upstream(option));
    const [first] = this.all;
    if (!first) throw new Failure("configuration", "The gateway needs an upstream: --upstream URL.", {});
    this.#first = first;
    this.#memory = memory;
    this.#maxBytes = maxBytes;
    this.#log = log;
    this.#now = now;
  }

  isUp(upstream: Upstream): boolean {
    const restsFor = (this.#resting.get(upstream) ?? 0) - this.#now();
    // Longer than any rest: the clock was set back meanwhile.
    return !this.#down.has(upstream) && (restsFor <= 0 || restsFor > longestRestMs);
  }

  /** The next by turns, of those that are up and not in `without`; one that is down when there is no other. */
  next(without: ReadonlySet<Upstream> = none): Upstream {
    const left = this.all.filter((upstream) => !without.has(upstream));
    const up = left.filter((upstream) => this.isUp(upstream));
    const among = up.length > 0 ? up : left.length > 0 ? left : this.all;
    return among[this.#turn++ % among.length] ?? this.#first;
  }

  /** The one for a request for a response. */
  for(headers: IncomingHttpHeaders, body: WholeBody): Upstream {
    if (this.all.length === 1) return this.#first;
    const plain = this.#plain(headers, body);
    const conversation = plain && this.#asked.idIn(plain);
    const asked = this.#asked.of(conversation);
    const chosen =
      (plain && this.#holder(headers, plain)) ?? (asked && this.isUp(asked) ? asked : this.next());
    if (conversation !== undefined) this.#asked.note(conversation, chosen);
    return chosen;
  }

  /** Notes that another than the one that was chosen is asked for the body's conversation: its cache has the beginning now. */
  noteAsked(headers: IncomingHttpHeaders, body: WholeBody, upstream: Upstream): void {
    const plain = this.#plain(headers, body);
    const conversation = plain && this.#asked.idIn(plain);
    if (conversation !== undefined) this.#asked.note(conversation, upstream);
  }

  /** The one for what isn't a request for a response. */
  forPath(path: string): Upstream {
    const response = /\/responses\/(resp_[\w-]+)/u.exec(path)?.[1];
    const keeper = this.#kept.of(response);
    return keeper && this.isUp(keeper) ? keeper : this.next();
  }

  /** Notes that a response of this id came from there, and may be kept there. */
  noteKept(response: string, upstream: Upstream): void {
    if (this.all.length > 1) this.#kept.note(response, upstream);
  }

  /**
   * The upstream that keeps the response which the body continues, or else sealed the newest blob in it whose sealer is known: another
   * could open neither. Only one that is up.
   */
  holderOf(headers: IncomingHttpHeaders, body: WholeBody): Upstream | undefined {
    const plain = this.#plain(headers, body);
    return plain && this.#holder(headers, plain);
  }

  #plain(headers: IncomingHttpHeaders, body: WholeBody): Buffer | undefined {
    return plainBody(body.whole(), headers["content-encoding"], this.#maxBytes);
  }

  #holder(headers: IncomingHttpHeaders, plain: Buffer): Upstream | undefined {
    const keeper = this.#kept.of(this.#kept.idIn(plain));
    if (keeper && this.isUp(keeper)) return keeper;
    for (const blob of blobsIn(plain).toReversed()) {
      const issuer = this.#memory.sealedBy(blob);
      if (issuer === undefined) continue;
      const sealer = this.all.find((upstream) => upstream.issuer(headers) === issuer);
      if (sealer && this.isUp(sealer)) return sealer;
    }
    return undefined;
  }

  /** Whether there is one that was not tried and is up. */
  hasOther(tried: ReadonlySet<Upstream>): boolean {
    return this.all.some((upstream) => !tried.has(upstream) && this.isUp(upstream));
  }

  /** Leaves out one that could not be reached; it is asked in growing steps whether it is back. */
  leaveOut(upstream: Upstream): void {
    if (this.all.length === 1 || this.#down.has(upstream)) return;
    this.#log(`${upstream.name} can't be reached; it is left out until it answers again`);
    this.#probeIn(upstream, firstProbeMs);
  }

  /** Leaves out, for a while, one whose account was refused or is at a limit, as long as there is another. */
  rest(upstream: Upstream, failure: Failure): void {
    if (!this.isUp(upstream) || !this.hasOther(new Set([upstream]))) return;
    const now = this.#now();
    const told = isFailureOf(failure, "usage-limit") ? failure.data.resetsAt : undefined;
    const restsFor = told === undefined ? restMs : Math.min(longestRestMs, Math.max(1_000, told - now));
    this.#resting.set(upstream, now + restsFor);
    this.#log(`${upstream.name}: ${failure.class}; it is left out for ${durationWords(restsFor)}`);
  }

  async close(): Promise<void> {
    for (const { timer } of this.#down.values()) clearTimeout(timer);
    this.#down.clear();
    await Promise.all(this.all.map((upstream) => upstream.close()));
  }

  #probeIn(upstream: Upstream, waitMs: number): void {
    const timer = setTimeout(() => void this.#probe(upstream), waitMs);
    timer.unref();
    this.#down.set(upstream, { timer, waitMs });
  }

  /** Asks whether it is back. Any answer at all will do: the probe carries no credential. */
  async #probe(upstream: Upstream): Promise<void> {
    const down = this.#down.get(upstream);
    if (!down) return;
    const isBack = await isAnswering(upstream);
    if (!this.#down.has(upstream)) return;
    if (!isBack) return this.#probeIn(upstream, Math.min(lastProbeMs, down.waitMs * 2));
    this.#down.delete(upstream);
    this.#log(`${upstream.name} answers again`);
  }
}

const none: ReadonlySet<Upstream> = new Set();

function isAnswering(upstream: Upstream): Promise<boolean> {
  return new Promise((resolve) => {
    upstream.dispatcher.dispatch(
      {
        origin: upstream.origin,
        path: upstream.path("/models"),
        method: "GET",
        headersTimeout: probeTimeoutMs,
      },
      {
        onRequestStart: () => undefined,
        onResponseStart: (controller) => {
          resolve(true);
          controller.abort(new Error("the probe was answered"));
        },
        // undici refuses a handler without them.
        onResponseData: () => undefined,
        onResponseEnd: () => undefined,
        onResponseError: () => resolve(false),
      },
    );
  });
}
