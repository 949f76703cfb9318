import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { linkedController } from "../lib/abort.ts";
import { ArmedFaults, type Target } from "./armed.ts";
import { readBody } from "./body.ts";
import type { StreamFault } from "./fault.ts";
import { answer, type ModelAnswer } from "./model.ts";
import { Requests, type RecordedRequest } from "./record.ts";
import { faultRefusal } from "./refusing-fault.ts";
import { invalidRequest, isRefusal, refuse, type Refusal } from "./refusal.ts";
import type { Scenario, ScenarioInput } from "./scenario.ts";
import { SealKeys } from "./seal.ts";
import { countPoints, sendRefusal, sendStream, sendWhole, type Sending } from "./sender.ts";
import { StoredResponses } from "./stored.ts";
import { tokens } from "./tokens.ts";
import type { SimulatedWire, StreamEvent, WireRequest } from "./wire.ts";
import { type WireName, wires } from "./wires.ts";

/** What a simulator says, and as whom; each may be left out. */
export interface SimulatorOptions {
  /** The API that it is: a key of the table in wires.ts. Absent: the Responses API. */
  wire?: WireName;
  /** What the model says and what goes wrong; absent: the built-in script and no faults. */
  scenario?: Scenario | ScenarioInput;
  /** 0 (the default) takes any free port. */
  port?: number;
  /** Seal keys are derived from it: two simulators with one seed open each other's blobs. Absent: a random one. */
  keySeed?: string;
  /** The generation of the seal key at the start; each rotation adds one. */
  keyGeneration?: number;
  /** Bearer tokens that are accepted; absent: any, and none. Each is an account with a seal key of its own. */
  apiKeys?: readonly string[];
  /** Milliseconds since 1970, for times in answers and in seals. */
  now?: () => number;
}

/**
 * What the simulator remembers between requests: records, seal keys, used-up faults, cached prefixes, and what it was asked to keep.
 * Nothing of any session.
 */
export class Conversation {
  readonly #wire: SimulatedWire;
  readonly #keys: SealKeys;
  readonly #apiKeys: readonly string[] | undefined;
  readonly #now: () => number;
  readonly #requests = new Requests();
  readonly #cached = new Map<string, number>();
  readonly #stored = new StoredResponses();
  #scenario: Scenario;
  #faults: ArmedFaults;

  constructor(scenario: Scenario, options: SimulatorOptions) {
    this.#wire = wires[options.wire ?? "responses"];
    this.#scenario = scenario;
    this.#faults = new ArmedFaults(scenario.fault);
    this.#keys = new SealKeys(options.keySeed ?? randomBytes(16).toString("hex"), {
      generation: options.keyGeneration ?? 0,
      accepted: scenario.seal.accept_previous,
    });
    this.#apiKeys = options.apiKeys;
    this.#now = options.now ?? Date.now;
  }

  get requests(): readonly RecordedRequest[] {
    return this.#requests.all;
  }

  get scenario(): Scenario {
    return this.#scenario;
  }

  get keyGeneration(): number {
    return this.#keys.generation;
  }

  rotateKey(): number {
    return this.#keys.rotate();
  }

  reset(scenario = this.#scenario): void {
    this.#scenario = scenario;
    this.#keys.accept(scenario.seal.accept_previous);
    this.#faults = new ArmedFaults(scenario.fault);
    this.#requests.reset();
    this.#cached.clear();
  }

  /** What was kept with `store: true` is gone. */
  forgetResponses(): void {
    this.#stored.forget();
  }

  /** Whether the API has this method and path (without `/v1`). */
  serves(route: string): boolean {
    return this.#wire.routes.includes(route);
  }

  models(): object {
    const created = Math.floor(this.#now() / 1000);
    const data = this.#wire.models.map((id) => ({
      id,
      object: "model",
      created,
      owned_by: "throughline-simulator",
    }));
    return { object: "list", data };
  }

  /** Headers that every answer carries. */
  headers(): Record<string, string> {
    return this.#wire.headers(this.#now());
  }

  /** Answers one request for a response and records it. */
  async respond(request: IncomingMessage, response: ServerResponse, closing: AbortSignal): Promise<void> {
    const { text, bytes } = await readBody(request);
    const record = this.#requests.open(pathOf(request), request.headers, bytes, this.#now());
    const hungUp = new AbortController();
    const { controller, dispose } = linkedController(closing, hungUp.signal);
    const sending: Sending = {
      response,
      wire: this.#wire,
      now: this.#now,
      signal: controller.signal,
      deltaEvery: this.#scenario.stream.delta_every,
    };
    response.once("close", () => {
      // When the answer is whole, `finish` has come before.
      if (!response.writableFinished) hungUp.abort(new Error("the client hung up"));
      dispose();
    });
    try {
      record.outcome = await this.#answer(sending, record, request, text);
    } catch (error) {
      if (!controller.signal.aborted && !response.destroyed) throw error;
      record.outcome = "hung up";
    } finally {
      record.status = response.headersSent ? response.statusCode : 0;
      record.endedAt = this.#now();
    }
  }

  async #answer(
    to: Sending,
    record: RecordedRequest,
    request: IncomingMessage,
    text: string | undefined,
  ): Promise<string> {
    const parsed = text === undefined ? tooLarge() : this.#wire.parse(text, pathOf(request));
    if (isRefusal(parsed)) {
      await sendRefusal(to, parsed, false, []);
      return parsed.about;
    }
    const nth = this.#requests.keep(record, parsed.body, parsed.session);
    const credential = this.#wire.credential(request.headers);
    const owner = this.#wire.sealOwner(credential);
    const whole = this.#wire.continued?.(parsed, (id) => this.#stored.conversation(owner, id)) ?? parsed;
    const planned = answer(this.#scenario, whole);
    record.turn = planned.turn;
    record.step = planned.step;
    const target: Target = {
      request: record.number,
      requestOfSession: nth,
      session: parsed.session ?? "",
      turn: planned.turn,
      step: planned.step,
    };
    if (this.#faults.changes("rotate-key", target)) this.#keys.rotate();
    if (this.#faults.changes("forget-responses", target)) this.#stored.forget();
    // After `changes`, so that a response that was just forgotten isn't found.
    const asked = this.#wire.continued?.(parsed, (id) => this.#stored.conversation(owner, id)) ?? parsed;
    const bytes = asked === parsed ? record.bytes : Buffer.byteLength(JSON.stringify(asked.input));
    const events = [...this.#events(asked, planned, bytes, credential)];
    const refusal = this.#refusal(asked, target, bytes, credential);
    if (refusal) {
      await sendRefusal(to, refusal, parsed.stream, events.slice(0, 2));
      return refusal.about;
    }
    const fault: StreamFault | undefined = this.#faults.streaming(target, countPoints(events));
    const outcome =
      asked.stream && !pathOf(request).endsWith("/compact")
        ? await sendStream(to, events, fault)
        : await sendWhole(to, this.#wire.whole(asked, events), fault);
    const kept = outcome === "completed" ? this.#wire.kept?.(asked, events) : undefined;
    if (kept) this.#stored.keep(owner, asked.input, kept, record.bytes);
    return outcome;
  }

  #refusal(
    request: WireRequest,
    target: Target,
    bytes: number,
    credential: string | undefined,
  ): Refusal | undefined {
    if (this.#apiKeys && !this.#apiKeys.includes(credential?.split(" ", 1)[0] ?? ""))
      return unauthorized(credential);
    const now = this.#now();
    const met = this.#faults.refusing(target, now);
    if (met) return faultRefusal(met.fault, request.model, now, met.until);
    const { context_tokens, overflow } = this.#scenario.limits;
    if (context_tokens !== undefined && tokens(bytes) > context_tokens) {
      const refusal = this.#wire.overflow(tokens(bytes), context_tokens);
      return overflow === "http" ? refusal : { ...refusal, as: overflow };
    }
    const owner = this.#wire.sealOwner(credential);
    return this.#wire.validate(request, {
      refusal: this.#scenario.seal.refusal,
      open: (blob) => this.#keys.open(owner, blob),
      chat: this.#scenario.chat,
      stored: {
        hasItem: (id) => this.#stored.hasItem(owner, id),
        reasoningOf: (id) => this.#stored.reasoningOf(owner, id),
      },
    });
  }

  #events(
    request: WireRequest,
    planned: ModelAnswer,
    bytes: number,
    credential: string | undefined,
  ): Iterable<StreamEvent> {
    const now = this.#now();
    const owner = this.#wire.sealOwner(credential);
    const sealedAt = now - this.#scenario.seal.age;
    return this.#wire.events(request, planned.outputs, {
      now,
      inputTokens: tokens(bytes),
      cachedTokens: this.#cache(request.session, tokens(bytes)),
      deltaSize: this.#scenario.stream.delta_size,
      seal: (text) => this.#keys.seal(owner, text, sealedAt),
      chat: this.#scenario.chat,
    });
  }

  /** The prefix that the last request of the session left in the cache, in the API's steps of 128 tokens from 1024 on. */
  #cache(session: string | undefined, inputTokens: number): number {
    if (session === undefined) return 0;
    const before = Math.min(this.#cached.get(session) ?? 0, inputTokens);
    this.#cached.set(session, inputTokens);
    return before < 1024 ? 0 : Math.floor(before / 128) * 128;
  }
}

const pathOf = (request: IncomingMessage): string => new URL(request.url ?? "/", "http://loopback").pathname;

function unauthorized(credential: string | undefined): Refusal {
  const message =
    credential === undefined
      ? "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
      : "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.";
  return invalidRequest(message, {
    status: 401,
    code: credential === undefined ? null : "invalid_api_key",
    about: "unauthorized",
  });
}

function tooLarge(): Refusal {
  return refuse(413, {
    message: "Request body is too large.",
    type: "invalid_request_error",
    param: null,
    code: "request_too_large",
  });
}
