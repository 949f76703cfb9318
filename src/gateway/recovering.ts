import { classify } from "../failure/classify.ts";
import { signalFromTransport } from "../failure/signal.ts";
import type { Failure, FailureSignal } from "../failure.ts";
import { sleep } from "../lib/abort.ts";
import { systemClock } from "../lib/clock.ts";
import { secondsWords } from "../lib/words.ts";
import { errorCode } from "../provider/wire/connection.ts";
import { failureHeader } from "./answer/answer.ts";
import { discreet } from "./discreet.ts";
import { type Asked, readAsked } from "./asked.ts";
import { type Judged, judge, responseOf } from "./answer/fetch-answer.ts";
import { ofOneBody } from "./answer/headers.ts";
import { Healing } from "./healing/heal.ts";
import { Ledger } from "./memory/ledger.ts";
import type { Refusal } from "./answer/attempt-host.ts";

/** Options of `recovering`; each may be left out. */
export interface RecoveringOptions {
  /** What was healed before: of `openLedger`, or the path of its file. Absent: for as long as the wrapper lives. */
  ledger?: Ledger | string;
  /** Whether a request that meets a usage limit is held until that ends. */
  waitForLimits?: boolean;
  /** One line for each heal and each retry. */
  log?(line: string): void;
  /** Milliseconds since 1970. */
  now?(): number;
  /** Evenly distributed over [0, 1), for jitter. */
  random?(): number;
}

/**
 * A ledger in a file (without a path: in memory), to be shared by wrappers; `close` it at the end. Nobody but its owner can read the file.
 */
export function openLedger(
  path?: string,
  { log = () => undefined, now = systemClock.now }: Pick<RecoveringOptions, "log" | "now"> = {},
): Ledger {
  return new Ledger(path, { log, now });
}

const maxBytes = 256 * 1024 * 1024;

/**
 * A `fetch` with the gateway's healing: `new OpenAI({ fetch: recovering(fetch, { ledger }) })`. Requests for a response (`POST
 * …/responses` whose body is text, bytes, a blob or a stream, that of a `Request` too) are tried again and healed as long as nothing of
 * their answer was handed out; everything else goes to `fetch` as it is, once. It rejects as `fetch` does: when nothing came at all, or
 * when the request's signal aborts. Switch the client's own retries off (`maxRetries: 0`; only for requests for a response, where the
 * client asks for other things too), or they multiply.
 */
export function recovering(
  fetch: typeof globalThis.fetch,
  options: RecoveringOptions = {},
): typeof globalThis.fetch {
  const { now = systemClock.now, random = Math.random, waitForLimits = false } = options;
  const log = (line: string): void => options.log?.(discreet(line));
  const ledger = options.ledger instanceof Ledger ? options.ledger : openLedger(options.ledger, { log, now });
  return async (input, init) => {
    const asked = await readAsked(input, init);
    if (!asked) return fetch(input, init);
    const { issuer } = asked;
    const encoding = asked.headers.get("content-encoding") ?? undefined;
    const healing = await Healing.begin(
      { whole: () => asked.body },
      {
        issuer,
        memory: ledger,
        encoding,
        maxBytes,
        wait: waitForLimits,
        now,
        random,
      },
    );
    if (healing.prevented !== undefined) log(`healed before it was sent: ${healing.prevented}`);
    const signal = asked.init.signal ?? undefined;
    const failureOf = (said: FailureSignal, sealedSent = false): Failure =>
      classify(said, { now: now(), sealedSent });
    for (;;) {
      const sent = await send(fetch, asked, healing);
      const judged: Judged =
        // Another package's fetch answers with a Response of its own class.
        "kind" in sent
          ? sent
          : await judge(sent, {
              ...(signal && { signal }),
              sealed: (blobs) => ledger.noteSealed(issuer, blobs),
              classified: failureOf,
            });
      if (judged.kind === "passed") {
        if (judged.isGood) healing.accepted();
        return judged.response;
      }
      const { refusal } = judged;
      const failure = failureOf(refusal.signal, healing.mayMeanSeals(refusal.signal));
      const verdict = await healing.refused(failure);
      if (verdict.do === "pass") return passedOn(refusal, failure, "kind" in sent ? undefined : sent);
      if (verdict.do === "heal") log(`healed: ${verdict.notice}`);
      else {
        log(`${failure.class}; asking again in ${secondsWords(verdict.delayMs)}`);
        await sleep(verdict.delayMs, signal);
      }
    }
  };
}

/** Asks once. A connection that could not be made, or broke, is given as a refusal, to be judged like one; a cancel is thrown. */
async function send(
  fetch: typeof globalThis.fetch,
  { url, init, headers, body }: Asked,
  healing: Healing,
): Promise<Response | Extract<Judged, { kind: "refused" }>> {
  const own = new Headers(headers);
  own.delete("content-length");
  if (healing.body) for (const name of ofOneBody) own.delete(name);
  try {
    return await fetch(url, { ...init, headers: own, body: healing.body ?? body });
  } catch (error) {
    if (init.signal?.aborted === true || !(error instanceof Error)) throw error;
    const signal = signalFromTransport(errorCode(error), error.message);
    return { kind: "refused", refusal: { signal, held: [], cause: error } };
  }
}

/** The failed answer as it came; where none came, what `fetch` threw is thrown. */
function passedOn(
  { head, held, signal, cause, ending }: Refusal,
  failure: Failure,
  answer: Response | undefined,
): Response {
  if (!head) throw cause ?? new TypeError(signal.message, { cause: failure });
  const body = Buffer.concat([...held, Buffer.from(ending?.(failure) ?? "")]);
  const headers = { ...head.headers, [failureHeader]: failure.class };
  return responseOf(head.status, headers, body.length > 0 ? body : null, answer);
}
