import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { bodyLimit, plainHeaders, signalFromHttp, signalFromTransport } from "../../failure/signal.ts";
import type { Failure, FailureSignal } from "../../failure.ts";
import { ContentDecoder } from "../../lib/content-decoder.ts";
import { beginningBytes, looksLikeStream } from "../../lib/event-stream.ts";
import { connectionWords, errorCode } from "../../provider/wire/connection.ts";
import { blobsIn } from "../memory/blob-hash.ts";
import { errorInstead, failureIn, failureInWhole, splitAtFailure } from "./answer-failure.ts";
import { type BegunStream, begunWith, brokenEnding, holdsCall } from "./broken-stream.ts";
import type { AttemptHost, Refusal } from "./attempt-host.ts";
import { Gathering, type Rests } from "../body/gathering.ts";
import { HeldAnswer, wholeLimit } from "./held-answer.ts";
import type { BodyMemory } from "../body/held-body.ts";
import { isPacked, plainBody } from "../body/plain-body.ts";
import { StreamDecoder } from "../body/stream-decoder.ts";
import { failureEvents, isTelling, terminalEvents } from "./event-kinds.ts";
import { eventsIn, StreamScanner, withoutDone, words } from "../body/stream-scan.ts";

/**
 * What becomes of the bytes: `waiting` for the head; `whole`: held to the end and judged then; `stream`: held until an event shows
 * something, and passed on from there; `opaque`: passed on without being judged; `over`: dropped.
 */
type Mode = "waiting" | "whole" | "stream" | "opaque" | "over";

/** How an attempt holds up or ends what it is told of: undici's controller, as far as it is used. */
export type Controller = Pick<Dispatcher.DispatchController, "abort" | "pause" | "resume">;

/** One request to an upstream, and what its answer is: held until it is known to be good, then passed on as it comes. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly #host: AttemptHost;
  #controller: Controller | undefined;
  #mode: Mode = "waiting";
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  readonly #held = new HeldAnswer();
  #isCommitted = false;
  /** Whether an event has come after which no more of the response comes. */
  #hasEnded = false;
  /** What an `error` event said behind output, as long as no terminal event has followed. */
  #error: FailureSignal | undefined;
  readonly #gathering: Gathering;
  #decoder: StreamDecoder | undefined;
  /** How the connection broke, while what came before is still being decoded. */
  #wasBroken: Error | undefined;
  readonly #scanner = new StreamScanner();
  #begun: BegunStream | undefined;
  #hasCall = false;

  /** With `rests`, what comes in a burst goes out in a few writes. */
  constructor(host: AttemptHost, memory: BodyMemory, rests?: Rests) {
    this.#host = host;
    this.#gathering = new Gathering(
      memory,
      rests,
      (run) => this.#arrived(run),
      () => this.#send(),
    );
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#mode === "over") controller.abort(new Error("cancelled"));
  }

  onResponseStart(_controller: Controller, status: number, headers: IncomingHttpHeaders): void {
    if (this.#mode === "over") return;
    this.#host.alive();
    // Early hints: the answer is still to come.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    const isGood = status >= 200 && status < 300;
    // A header that comes twice is given as a list.
    const encoding = String(headers["content-encoding"] ?? "")
      .trim()
      .toLowerCase();
    const isStream = /^(?:text\/event-stream\b|$)/iu.test(headers["content-type"] ?? "");
    if (isGood && isStream && ContentDecoder.knows(encoding)) this.#decode(encoding);
    // It was asked for without an encoding; a stream in one that nobody here knows can't be looked into.
    const isUnseen = !this.#decoder && isPacked(headers["content-encoding"]);
    if (status < 400 && (!isGood || (isStream && isUnseen))) this.#commit("opaque", performance.now(), false);
    else this.#mode = isGood && isStream && headers["content-type"] ? "stream" : "whole";
  }

  /** A stream that is compressed, though it was asked for plain, is judged and passed on decoded. */
  #decode(encoding: string): void {
    const { "content-encoding": _encoding, "content-length": _length, ...headers } = this.#headers;
    this.#headers = headers;
    this.#decoder = new StreamDecoder(encoding, {
      decoded: (bytes) => this.#gathering.add(bytes),
      ended: () => this.#ended(),
      failed: (error) => {
        this.#broke(error);
        this.#controller?.abort(error);
      },
      pause: () => this.#controller?.pause(),
      resume: () => this.#controller?.resume(),
    });
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    if (this.#decoder) this.#decoder.write(chunk);
    else this.#gathering.add(chunk);
  }

  /** Takes what was gathered. The chunk's memory is used for others afterwards. */
  #arrived(chunk: Buffer): void {
    if (this.#mode === "over") return;
    const arrivedAt = performance.now();
    this.#host.alive();
    if (this.#mode === "opaque") return this.#host.write(chunk);
    if (this.#mode === "whole") {
      const isBeginning = this.#held.length < beginningBytes;
      this.#held.add(chunk);
      if (isBeginning && this.#isStreamAfterAll())
        return this.#feed(Buffer.concat(this.#held.take()), arrivedAt);
      if (this.#held.isTooLong) this.#commit("opaque", arrivedAt, false);
      return;
    }
    this.#feed(chunk, arrivedAt);
  }

  #feed(chunk: Buffer, arrivedAt: number): void {
    this.#scanner.feed(chunk, (bytes, names) => this.#take(bytes, names, arrivedAt));
  }

  /** Whether what is held begins like a stream, whatever its headers say; from then on it is treated as one. */
  #isStreamAfterAll(): boolean {
    if (this.#status >= 300) return false;
    if (!looksLikeStream(this.#held.whole())) return false;
    this.#mode = "stream";
    this.#headers = { ...this.#headers, "content-type": "text/event-stream; charset=utf-8" };
    return true;
  }

  onResponseEnd(): void {
    if (this.#decoder) this.#decoder.end();
    else this.#ended();
  }

  #ended(): void {
    if (this.#wasBroken) return this.#broke(this.#wasBroken);
    // What is still gathered goes out together with the end.
    this.#gathering.drain();
    if (this.#isOver()) return;
    if (this.#mode === "opaque") this.#finish();
    else if (this.#mode === "whole") this.#judgeWhole();
    else this.#endStream();
  }

  #endStream(): void {
    const last = this.#hasEnded ? undefined : this.#scanner.last();
    if (last) this.#take(last.bytes, [last.name], performance.now());
    if (this.#isOver()) return;
    if (this.#hasEnded) this.#finish();
    else this.#cut(signalFromTransport("CUT", "the stream closed before response.completed"));
  }

  onResponseError(_controller: Controller | undefined, error: Error): void {
    if (!this.#decoder) return this.#broke(error);
    // What came before it broke is decoded first.
    this.#wasBroken = error;
    this.#decoder.end();
  }

  #broke(error: Error): void {
    this.#gathering.drain();
    if (this.#isOver()) return;
    if (this.#hasEnded) return this.#finish();
    if (this.#mode === "whole" && this.#held.isWholeJson) {
      const { "content-length": _length, ...headers } = this.#headers;
      this.#headers = headers;
      return this.#judgeWhole();
    }
    this.#cut(signalFromTransport(errorCode(error), connectionWords(error)));
  }

  resume(): void {
    this.#decoder?.resume();
    this.#controller?.resume();
  }

  /** Whether what has come of the answer is a stream. */
  get isStream(): boolean {
    return this.#mode === "stream";
  }

  /** Whether the whole answer has gone out, and only the connection's end is missing. */
  get isDone(): boolean {
    return this.#hasEnded;
  }

  /** A method, since `#mode` may be changed by a flush or an event that was handled meanwhile, which the type checker can't see. */
  #isOver(): boolean {
    return this.#mode === "over";
  }

  /** Ends the attempt as if its connection had broken with this code and for this reason. */
  giveUp(code: string, why: string): void {
    if (this.#mode === "over") return;
    if (this.#hasEnded) this.#finish();
    else this.#cut(signalFromTransport(code, why));
    this.#controller?.abort(new Error(why));
  }

  /** Nobody wants the answer any more. */
  cancel(): void {
    if (this.#mode === "over") return;
    this.#mode = "over";
    this.#held.take();
    this.#decoder?.destroy();
    this.#controller?.abort(new Error("cancelled"));
  }

  /** Takes whole events. Before the commit they are held as long as none of them shows anything. */
  #take(bytes: Buffer, names: readonly string[], arrivedAt: number): void {
    if (this.#isOver()) return;
    const isFailing = names.some((name) => failureEvents.has(name));
    const isTerminal = names.some((name) => terminalEvents.has(name));
    if (isFailing && this.#failsBehindCall(bytes, arrivedAt)) return;
    this.#hasEnded ||= isTerminal || isFailing;
    // This is how chat endpoints end a stream. Before the response's own end it is a cut, and not passed on: a client might take it for an
    // end.
    if (!this.#hasEnded && names.includes("[DONE]")) {
      this.#take(
        withoutDone(bytes),
        names.filter((name) => name !== "[DONE]"),
        arrivedAt,
      );
      if (this.#mode !== "over")
        this.#cut(signalFromTransport("CUT", "the stream ended before response.completed"));
      return this.#controller?.abort(new Error("cut"));
    }
    if (isTerminal) this.#error = undefined;
    else if (isFailing) this.#error = failureIn([bytes], this.#headers);
    if (names[0] !== words) this.#spot(bytes);
    this.#hasCall ||= names.includes("response.output_item.done") && holdsCall(bytes);
    if (this.#isCommitted) return this.#host.write(bytes);
    if (this.#begun === undefined) this.#begin(bytes);
    const telling = names.find(isTelling);
    const isHeldOn = this.#held.holdsOn(bytes, arrivedAt);
    if (telling === undefined && isHeldOn) return;
    if (telling !== undefined && failureEvents.has(telling)) {
      const [events, begun] = [this.#scanner.count, this.#begun];
      const ending = (failure: Failure): string | undefined => brokenEnding(failure, events, begun);
      return this.#refuse(failureIn(this.#held.pieces, this.#headers), isTerminal ? {} : { ending });
    }
    this.#commit("stream", arrivedAt, telling !== undefined);
  }

  /** Whether the events end, behind a whole call, with a failure that isn't told there: then what comes before it goes out, and the end. */
  #failsBehindCall(events: Buffer, arrivedAt: number): boolean {
    const split = splitAtFailure(events);
    if (!split || !(this.#hasCall || holdsCall(split.before))) return false;
    const signal = failureIn([split.failing], this.#headers);
    const begun = { ...(this.#begun ?? begunWith(split.before)), hasCall: true };
    if (brokenEnding(this.#host.classified(signal), this.#scanner.count, begun) !== "") return false;
    if (split.before.length > 0)
      this.#take(
        split.before,
        [...eventsIn(split.before)].map(({ name }) => name),
        arrivedAt,
      );
    this.#cut(signal);
    this.#controller?.abort(new Error("failed"));
    return true;
  }

  #begin(first: Buffer): void {
    this.#begun = begunWith(first);
    if (this.#begun.response !== undefined) this.#host.began?.(this.#begun.response);
  }

  #spot(bytes: Buffer): void {
    const blobs = blobsIn(bytes);
    if (blobs.length > 0) this.#host.sealed(blobs);
  }

  #commit(mode: "stream" | "opaque", arrivedAt: number, isGood: boolean): void {
    this.#mode = mode;
    this.#isCommitted = true;
    this.#host.commit(this.#status, this.#headers, arrivedAt, isGood);
    for (const bytes of this.#held.take()) this.#host.write(bytes);
  }

  #send(): void {
    if (!this.#isCommitted || this.#mode === "over") return;
    if (this.#host.flush()) return this.#gathering.rest();
    this.#decoder?.pause();
    this.#controller?.pause();
  }

  #judgeWhole(): void {
    const bytes = this.#held.whole();
    const headers = plainHeaders(this.#headers);
    // What can't be read is passed on, and has proved nothing.
    const body = plainBody(bytes, headers["content-encoding"], wholeLimit);
    if (!body && this.#status < 400) {
      this.#commit("opaque", performance.now(), false);
      return this.#finish();
    }
    if (!body || this.#status >= 400)
      return this.#refuse(
        signalFromHttp(this.#status, headers, (body ?? bytes).toString("utf8", 0, bodyLimit)),
      );
    const signal = failureInWhole(body, headers);
    if (signal) return this.#refuse(signal);
    this.#spot(body);
    this.#begin(body);
    this.#commit("opaque", performance.now(), true);
    this.#finish();
  }

  #cut(signal: FailureSignal): void {
    // A response in the background goes on without the stream, and asking again would begin another: the client is given what has come, so
    // that it knows the id.
    if (!this.#isCommitted && this.#begun?.isBackground === true && signal.source === "transport") {
      this.#commit("stream", performance.now(), false);
      this.#host.flush();
    }
    if (this.#isCommitted) {
      this.#mode = "over";
      const failure = this.#host.classified(signal);
      const begun = this.#begun && { ...this.#begun, hasCall: this.#hasCall };
      const stream = this.#scanner.isTorn ? undefined : begun;
      return this.#host.broken(failure, brokenEnding(failure, this.#scanner.count, stream));
    }
    const rest = this.#scanner.rest;
    if (rest) this.#held.add(rest);
    // Some gateways send an error body, or a page, under the name of a stream.
    const said =
      this.#mode === "stream" && this.#begun === undefined ? errorInstead(this.#held.pieces) : undefined;
    this.#refuse(said ?? signal, { isTorn: said === undefined });
  }

  #refuse(signal: FailureSignal, how: Pick<Refusal, "ending"> & { isTorn?: boolean } = {}): void {
    const { isTorn = false, ...ending } = how;
    const head =
      this.#status === 0 || isTorn ? {} : { head: { status: this.#status, headers: this.#headers } };
    const held = this.#held.take();
    this.#mode = "over";
    this.#controller?.abort(new Error("refused"));
    this.#host.refused({ signal, held, ...head, ...ending });
  }

  #finish(): void {
    if (this.#error) return this.#cut(this.#error);
    this.#mode = "over";
    this.#host.finished();
  }
}
