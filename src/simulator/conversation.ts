import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { linkedController } from "../lib/abort.ts";
import type { JsonObject } from "../lib/json.ts";
import { ArmedFaults, type Target } from "./armed.ts";
import { readBody } from "./body.ts";
import type { StreamFault } from "./fault.ts";
import { answer, isMessage, type ModelAnswer } from "./model.ts";
import { Requests, type RecordedRequest } from "./record.ts";
import { contextOverflow, faultRefusal } from "./refusing-fault.ts";
import { invalidRequest, isRefusal, refuse, type Refusal } from "./refusal.ts";
import { parseRequest, type ResponsesRequest } from "./request.ts";
import type { Scenario } from "./scenario.ts";
import { accountOf, SealKeys } from "./seal.ts";
import { countPoints, sendRefusal, sendStream, sendWhole, type Sending } from "./sender.ts";
import { responseEvents, tokens, type StreamEvent } from "./stream.ts";
import { validateInput } from "./validate.ts";

export interface ConversationOptions {
  keySeed?: string;
  keyGeneration?: number;
  apiKeys?: readonly string[];
  now?: () => number;
}

/** What the simulator remembers between requests: records, seal keys, used-up faults and cached prefixes. Nothing of any session. */
export class Conversation {
  readonly #keys: SealKeys;
  readonly #apiKeys: readonly string[] | undefined;
  readonly #now: () => number;
  readonly #requests = new Requests();
  readonly #cached = new Map<string, number>();
  #scenario: Scenario;
  #faults: ArmedFaults;

  constructor(scenario: Scenario, options: ConversationOptions) {
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

  models(): object {
    const created = Math.floor(this.#now() / 1000);
    const ids = ["gpt-6-sol", "gpt-5.5", "gpt-5.2-codex", "simulator"];
    return {
      object: "list",
      data: ids.map((id) => ({ id, object: "model", created, owned_by: "throughline-simulator" })),
    };
  }

  /** Answers one `POST /v1/responses` and records it. */
  async respond(request: IncomingMessage, response: ServerResponse, closing: AbortSignal): Promise<void> {
    const { text, bytes } = await readBody(request);
    const record = this.#requests.open(pathOf(request), request.headers, bytes, this.#now());
    const hungUp = new AbortController();
    const { controller, dispose } = linkedController(closing, hungUp.signal);
    const sending: Sending = {
      response,
      signal: controller.signal,
      deltaEvery: this.#scenario.stream.delta_every,
    };
    response.once("close", () => {
      // `finish` has come first when the answer is whole.
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
    const compact = pathOf(request).endsWith("/compact");
    const parsed = text === undefined ? tooLarge() : parseRequest(text, compact);
    if (isRefusal(parsed)) {
      await sendRefusal(to, parsed, false, []);
      return parsed.about;
    }
    const nth = this.#requests.keep(record, parsed.body, parsed.session);
    const planned = answer(this.#scenario, parsed);
    record.turn = planned.turn;
    record.step = planned.step;
    const target: Target = {
      request: record.number,
      requestOfSession: nth,
      session: parsed.session ?? "",
      turn: planned.turn,
      step: planned.step,
    };
    const credential = credentialOf(request);
    if (this.#faults.rotates(target)) this.#keys.rotate();
    const events = [...this.#events(parsed, planned, record.bytes, credential)];
    const refusal = this.#refusal(parsed, target, record.bytes, credential);
    if (refusal) {
      await sendRefusal(to, refusal, parsed.stream, events.slice(0, 2));
      return refusal.about;
    }
    const fault: StreamFault | undefined = this.#faults.streaming(target, countPoints(events));
    if (compact) return sendWhole(to, [compaction(parsed, events)], fault);
    return parsed.stream ? sendStream(to, events, fault) : sendWhole(to, events, fault);
  }

  #refusal(
    request: ResponsesRequest,
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
      return overflow === "http" ? contextOverflow() : { ...contextOverflow(), as: overflow };
    }
    const account = accountOf(credential);
    return validateInput(request, {
      refusal: this.#scenario.seal.refusal,
      opens: (blob) => this.#keys.open(account, blob) !== undefined,
    });
  }

  #events(
    request: ResponsesRequest,
    planned: ModelAnswer,
    bytes: number,
    credential: string | undefined,
  ): Iterable<StreamEvent> {
    const now = this.#now();
    const account = accountOf(credential);
    const sealedAt = now - this.#scenario.seal.age;
    const { instructions } = request.body;
    return responseEvents(
      {
        createdAt: Math.floor(now / 1000),
        model: snapshotOf(request.model),
        instructions: typeof instructions === "string" ? instructions : null,
        tools: request.tools,
        store: request.store,
        inputTokens: tokens(bytes),
        cachedTokens: this.#cache(request.session, tokens(bytes)),
        deltaSize: this.#scenario.stream.delta_size,
        summaries: request.summaries,
        sealed: request.sealed,
        seal: (text) => this.#keys.seal(account, text, sealedAt),
      },
      planned.outputs,
    );
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

/** What `/responses/compact` answers: what people said, and all else in one sealed item (Codex 0.73 to 0.130). */
function compaction(request: ResponsesRequest, events: readonly StreamEvent[]): StreamEvent {
  const { id, created_at, output, usage } = events.at(-1)!.data["response"] as JsonObject;
  const said = request.input.filter((item) => isMessage(item) && item["role"] === "user");
  const whole = {
    id,
    object: "response.compaction",
    created_at,
    output: [...said, ...(output as JsonObject[])],
    usage,
  };
  return { type: "response.completed", data: { response: whole }, points: [] };
}

/** The API key, and the account beside it when the client names one. */
function credentialOf({ headers }: IncomingMessage): string | undefined {
  const key = headers.authorization?.replace(/^Bearer /i, "") ?? headers["api-key"];
  if (key === undefined) return undefined;
  const account = headers["chatgpt-account-id"];
  return account === undefined ? String(key) : `${String(key)} ${String(account)}`;
}

/** Responses name the snapshot that answered, not the alias that was asked for. */
function snapshotOf(model: string): string {
  return /-\d{4}-\d{2}-\d{2}$/.test(model) ? model : `${model}-2026-10-01`;
}

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
