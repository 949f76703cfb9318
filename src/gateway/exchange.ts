import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Failure, FailureSignal } from "../failure.ts";
import { classify } from "../failure/classify.ts";
import { plainHeaders, signalFromHttp } from "../failure/signal.ts";
import { answerError } from "./answer/answer.ts";
import { answerRefusal, answerUnseen } from "./answer/answer-refusal.ts";
import { Attempt } from "./answer/attempt.ts";
import type { AttemptHost, Refusal } from "./answer/attempt-host.ts";
import { breakReason } from "./answer/broken-stream.ts";
import { askOptions } from "./ask-options.ts";
import { ClientAnswer } from "./answer/client-answer.ts";
import type { GatewayContext } from "./context.ts";
import { Healing } from "./healing/heal.ts";
import type { HeldBody } from "./body/held-body.ts";
import { isPacked } from "./body/plain-body.ts";
import { lackOf } from "./lack.ts";
import type { OpenRequest } from "./open-requests.ts";
import { asksForStream } from "./request/asks-for-stream.ts";
import { readBody } from "./request-body.ts";
import { dispatchOver, Sending } from "./sending.ts";
import type { Upstream } from "./upstream.ts";
import { waitLine } from "./wait-line.ts";
import type { Watch } from "./watchdog.ts";

/** After its last event an upstream may leave a connection open. */
const lingerMs = 2_000;

/** One request for a response: its body is held until the answer goes out, so that it can be sent again. */
export class Exchange implements AttemptHost, OpenRequest {
  readonly #context: GatewayContext;
  /** Who is asked. */
  #upstream: Upstream;
  /** Who was asked so far, the present one included. */
  readonly #tried = new Set<Upstream>();
  /** The upstream that was busy, or couldn't serve this request, and was left for another. */
  #busy: Upstream | undefined;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #watch: Watch;
  /** What the client sent, until the answer goes out. */
  #body: HeldBody | undefined;
  /** Its dispatches, which tell when the body's memory is free. */
  readonly #sendings: Sending[] = [];
  #healing: Healing | undefined;
  #release: ((isFree: boolean) => void) | undefined;
  #attempt: Attempt | undefined;
  /** What goes to the client, from the commit on. */
  #answer: ClientAnswer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempts = 0;
  /** Whether the silence of this attempt was found to be no fault. */
  #isPatient = false;
  /** The gateway's own time before the first attempt, in milliseconds. */
  #prepared = 0;
  /** The failure after which the upstream is to be asked again, while that is waited for. */
  #waiting: { refusal: Refusal; failure: Failure; isForLimit: boolean } | undefined;
  #isOver = false;

  constructor(context: GatewayContext, request: IncomingMessage, response: ServerResponse) {
    this.#context = context;
    [this.#upstream] = context.upstreams.all as [Upstream];
    this.#request = request;
    this.#response = response;
    this.#watch = context.watchdog.watch(context.bodyIdleMs, () => this.#expired());
    context.open.add(this);
  }

  run(): void {
    this.#run().catch((error: unknown) => this.#failed(error));
  }

  drain(): void {
    if (this.#waiting?.isForLimit === true) this.#stopWaiting(this.#waiting);
  }

  cut(): void {
    if (this.#isOver) return;
    if (this.#answer) return this.#attempt?.giveUp("ENDED", "the gateway was ended");
    if (this.#waiting) return this.#stopWaiting(this.#waiting);
    this.#context.metrics.count("requests", "503");
    this.#end();
    const headers = { connection: "close", "retry-after": "1" };
    answerError(this.#response, {
      status: 503,
      code: "overloaded",
      message: "The gateway was ended.",
      headers,
    });
  }

  async #run(): Promise<void> {
    const { limits } = this.#context;
    this.#response.once("close", () => this.#closed());
    const { body, release } = readBody(this.#request, this.#context, () => this.#watch.touch());
    this.#release = release;
    const read = await body;
    if (this.#isOver) return release(true);
    switch (read.kind) {
      case "gone":
        return;
      case "too-large":
        return this.#refuseBody(413, "request-malformed", `The body is larger than ${limits.one} bytes.`);
      case "full":
        return this.#refuseBody(503, "overloaded", "The gateway holds as many bytes as it may just now.");
      case "whole":
        break;
    }
    const readAt = performance.now();
    this.#body = read.body;
    await this.#begin(this.#context.upstreams.for(this.#request.headers, read.body));
    this.#send();
    this.#prepared = performance.now() - readAt;
  }

  /** Takes this upstream for the request, which is healed of what is known of earlier requests to it. */
  async #begin(upstream: Upstream): Promise<void> {
    this.#upstream = upstream;
    this.#tried.add(upstream);
    const { ledger, limits, wait, now, random, metrics } = this.#context;
    const body = this.#body;
    if (!body) return;
    const healing = await Healing.begin(body, {
      issuer: upstream.issuer(this.#request.headers),
      memory: ledger,
      encoding: this.#request.headers["content-encoding"],
      maxBytes: limits.one,
      wait,
      now,
      random,
    });
    if (this.#isOver) return;
    this.#healing = healing;
    if (healing.prevented === undefined) return;
    metrics.count("prevented");
    this.#context.log(`healed before it was sent to ${upstream.name}: ${healing.prevented}`);
  }

  #send(): void {
    const [sent, healing] = [this.#body, this.#healing];
    if (!sent || !healing || this.#isOver) return;
    const { body } = healing;
    this.#attempts++;
    this.#isPatient = false;
    this.#waiting = undefined;
    const { metrics, idleMs } = this.#context;
    metrics.count("upstream_requests", this.#upstream.name);
    this.#watch.allow(idleMs);
    const attempt = new Attempt(this, this.#context.bodyMemory, this.#context.rests);
    this.#attempt = attempt;
    const { token } = this.#context;
    const options = askOptions(this.#upstream, this.#request, { sent, healed: body, token });
    try {
      const sending = new Sending();
      if (!body) this.#sendings.push(sending);
      dispatchOver(sending, this.#upstream.dispatcher, options, attempt);
    } catch (error) {
      attempt.onResponseError(undefined, error instanceof Error ? error : new Error(String(error)));
    }
  }

  alive(): void {
    this.#watch.touch();
  }

  sealed(blobs: readonly string[]): void {
    this.#context.ledger.noteSealed(this.#upstream.issuer(this.#request.headers), blobs);
  }

  began(response: string): void {
    this.#context.upstreams.noteKept(response, this.#upstream);
  }

  commit(status: number, headers: IncomingHttpHeaders, arrivedAt: number, isGood: boolean): void {
    const { metrics } = this.#context;
    if (isGood) this.#healing?.accepted();
    this.#letGo();
    if (this.#response.destroyed) return;
    metrics.count("requests", String(status));
    const secret = status >= 300 ? this.#upstream.secret : undefined;
    if (secret !== undefined && isPacked(headers["content-encoding"])) {
      this.#end();
      const { class: code } = this.classified(signalFromHttp(status, plainHeaders(headers), ""));
      const asked = { upstream: this.#upstream.name, secret, code };
      return void answerUnseen(this.#response, { status, headers }, asked);
    }
    this.#answer = new ClientAnswer(this.#response, this.#context.bodyMemory, { status, headers, secret });
    metrics.openStreams++;
    if (this.#attempts === 1) metrics.addedLatency(this.#prepared + performance.now() - arrivedAt);
  }

  write(bytes: Buffer): void {
    this.#answer?.write(bytes);
  }

  flush(): boolean {
    if (this.#answer?.flush() !== false) {
      if (this.#attempt?.isDone === true) this.#watch.allow(lingerMs);
      return true;
    }
    // The client reads more slowly than the model writes: from now on it is the client that mustn't stand still.
    this.#watch.allow(this.#context.idleMs);
    this.#answer.drained(() => {
      this.#watch.touch();
      this.#attempt?.resume();
    });
    return false;
  }

  finished(): void {
    this.#end();
    this.#answer?.end();
  }

  classified(signal: FailureSignal, sealedSent = false): Failure {
    return classify(signal, { now: this.#context.now(), provider: this.#upstream.name, sealedSent });
  }

  broken(failure: Failure, ending: string | undefined): void {
    this.#context.metrics.count("failures", failure.class);
    this.#end();
    this.#answer?.endBroken(ending);
    if (ending === undefined || this.#response.destroyed) return;
    const told = ending === "" ? "it ends after its call" : "the client was told";
    this.#context.log(
      `a stream of ${this.#upstream.name} was cut after output (${breakReason(failure)}); ${told}`,
    );
  }

  refused(refusal: Refusal): void {
    this.#refused(refusal).catch((error: unknown) => this.#failed(error));
  }

  async #refused(refusal: Refusal): Promise<void> {
    const healing = this.#healing;
    if (!healing || this.#isOver) return;
    this.#watch.allow(undefined);
    const failure = this.classified(refusal.signal, healing.mayMeanSeals(refusal.signal));
    if (await this.#turnedElsewhere(failure, healing)) return;
    const verdict = await healing.refused(failure);
    if (this.#isOver) return;
    const { metrics, log } = this.#context;
    switch (verdict.do) {
      case "pass":
        return this.#passOn(refusal, failure);
      case "heal":
        metrics.count("heals", failure.class);
        log(`healed a request to ${this.#upstream.name}: ${verdict.notice}`);
        return this.#send();
      case "hold":
        metrics.count("holds");
        break;
      case "retry":
        metrics.count("retries", failure.class);
        break;
    }
    log(waitLine(this.#upstream.name, verdict, failure.class, refusal.signal));
    this.#waiting = { refusal, failure, isForLimit: verdict.do === "hold" };
    this.#timer = setTimeout(() => this.#send(), verdict.delayMs);
    if (this.#context.open.isDraining) this.drain();
  }

  #stopWaiting({ refusal, failure }: { refusal: Refusal; failure: Failure }): void {
    this.#waiting = undefined;
    this.#passOn(refusal, failure);
  }

  /**
   * Asks another upstream at once where this one lacks what the request needs (`lackOf`). One that is away, or whose own key is at its limit
   * or refused, is left out for a while. One that is busy is left for this request alone, and not left at all where it sealed what the
   * request carries, which no other can open. Once every other is away or left out, the busy one is asked again. Resolves to whether
   * another was asked.
   */
  async #turnedElsewhere(failure: Failure, healing: Healing): Promise<boolean> {
    const { upstreams, log, metrics } = this.#context;
    const body = this.#body;
    if (!body || upstreams.all.length === 1) return false;
    const lack = lackOf(failure, {
      hasKey: this.#upstream.key !== undefined,
      holdsSeals: () => healing.holdsSeals(),
    });
    if (lack === undefined) return false;
    if (lack === "away") upstreams.leaveOut(this.#upstream);
    if (lack === "spent") upstreams.rest(this.#upstream, failure);
    const isBusy = lack === "busy";
    const last = isBusy ? undefined : this.#busy;
    const other = upstreams.hasOther(this.#tried) ? upstreams.next(this.#tried) : last;
    if (!other) return false;
    const before = this.#upstream;
    const { headers } = this.#request;
    if (isBusy && upstreams.holderOf(headers, body) === before) return false;
    if (isBusy) this.#busy = before;
    else if (other === last) this.#busy = undefined;
    upstreams.noteAsked(headers, body, other);
    await this.#begin(other);
    if (this.#isOver) return true;
    metrics.count("retries", failure.class);
    log(`${before.name}: ${failure.class}; asking ${this.#upstream.name} instead`);
    this.#send();
    return true;
  }

  /** A mistake of the gateway's own costs one request, and is told. */
  #failed(error: unknown): void {
    const what = error instanceof Error ? error.message : String(error);
    this.#context.log(`the gateway itself failed: ${what}`);
    this.#context.metrics.count("requests", "500");
    this.#end();
    answerError(this.#response, {
      status: 500,
      code: "gateway_failed",
      message: `The gateway itself failed: ${what}`,
    });
  }

  #passOn(refusal: Refusal, failure: Failure): void {
    const { metrics } = this.#context;
    metrics.count("failures", failure.class);
    this.#end();
    const { name: upstream, secret } = this.#upstream;
    const asked = { upstream, attempts: this.#attempts, secret };
    metrics.count("requests", String(answerRefusal(this.#response, refusal, failure, asked)));
  }

  #refuseBody(status: number, code: string, message: string): void {
    this.#end();
    this.#context.metrics.count("requests", String(status));
    answerError(this.#response, { status, code, message, headers: { connection: "close" } });
    // The rest of the body isn't read.
    this.#response.once("finish", () => this.#request.destroy());
  }

  #expired(): void {
    if (this.#isOver) return;
    if (this.#attempts === 0)
      return this.#refuseBody(408, "transport-interrupted", "The body came too slowly.");
    // While the client's socket is full, it is the client that has stopped: nothing else is waited for then.
    if (this.#answer?.isFull === true) return void this.#response.destroy();
    if (!this.#isPatient && this.#isThinking()) {
      this.#isPatient = true;
      const { idleMs, wholeIdleMs } = this.#context;
      return this.#watch.allow(wholeIdleMs - idleMs);
    }
    this.#attempt?.giveUp("IDLE", "nothing was received for too long");
  }

  /** Whether the answer will come whole, as soon as the model has written all of it. Only looked at when it is silent. */
  #isThinking(): boolean {
    if (this.#answer || !this.#body || this.#attempt?.isStream === true) return false;
    return !asksForStream(this.#body, this.#request.headers["content-encoding"], this.#context.limits.one);
  }

  #closed(): void {
    if (this.#isOver) return;
    if (!this.#response.writableFinished) this.#context.metrics.count("cancelled");
    this.#end();
  }

  /** Frees the body, which isn't needed any more; its memory is used again only when every dispatch of it has left the process. */
  #letGo(): void {
    this.#healing = undefined;
    this.#body = undefined;
    this.#release?.(this.#sendings.every(({ hasLeft }) => hasLeft));
    this.#release = undefined;
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#context.open.delete(this);
    clearTimeout(this.#timer);
    this.#watch.stop();
    this.#letGo();
    if (this.#answer) this.#context.metrics.openStreams--;
    this.#attempt?.cancel();
    this.#attempt = undefined;
  }
}
