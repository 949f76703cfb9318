import type { Failure } from "./failure.ts";
import type { ToolDefinition } from "./session/definition.ts";
import type { Usage } from "./session/event.ts";
import type { ItemFacts } from "./session/facts.ts";

/**
 * The projected input: JSON items joined by commas, without the brackets, as stored bytes. `chunks` can be called again for another
 * try and gives the same bytes each time; `bytes` is their exact total, so that a request has a content length.
 */
export interface RequestInput {
  readonly bytes: number;
  /** How many there are. */
  readonly items: number;
  chunks(): AsyncIterable<Uint8Array>;
}

/** One request for a response, in the terms that all wires share. */
export interface ModelRequest {
  model: string;
  /** Reasoning effort; absent: the model's own. */
  effort?: string;
  instructions: string;
  tools: readonly ToolDefinition[];
  input: RequestInput;
  /** Whether sealed reasoning is asked for (`include`); rung 2 of the ladder turns it off. */
  sealed: boolean;
  /**
   * Parameters that the endpoint has refused, as it named them (`reasoning.effort`): the request goes without them. Each wire leaves out
   * what it has of them; `thinking` means that no thinking is asked for.
   */
  without?: readonly string[];
  /**
   * Set when the provider is to keep the response. `previous`: the response that stands for everything before `input`. Absent: nothing is
   * kept, and `input` is everything. Only for wires whose contract has a chain.
   */
  stored?: { previous?: string };
  /** The session's id: `prompt_cache_key`. */
  cacheKey: string;
}

/**
 * What a stream tells, in order. A stream gives any number of the first kinds and then exactly one `completed` or `failed`, its last
 * event. `item` events carry the finished item byte for byte as it was delivered.
 */
export type ProviderEvent =
  | { type: "opened"; response?: string; model?: string }
  | { type: "text-delta"; text: string }
  | { type: "reasoning-delta"; text: string }
  | { type: "item"; item: Uint8Array; facts: ItemFacts; model?: string }
  /** The upstream has said nothing for `ms`; told once when it begins and then about every 15 s. */
  | { type: "silent"; ms: number }
  | { type: "completed"; response?: string; model?: string; usage: Usage }
  | { type: "failed"; failure: Failure };

/**
 * A model behind a wire. `stream` makes one request and never throws, neither when it is called nor in mid-stream: whatever goes wrong
 * (refusal, cut, silence beyond the idle timeout, cancel through `signal`) is its last event, `failed`, with the failure's class. It
 * does not retry. When the consumer stops iterating, the connection is closed. A `parameter-unsupported` names a parameter only where the
 * request would be another one without it (`without`): for each that is named, the request is made again.
 */
export interface Provider {
  /** As the configuration calls it; a session's settings name it. */
  readonly name: string;
  /** The replay contract of this backend (`replay/contracts`). */
  readonly contract: string;
  /**
   * Who will seal what this provider answers: base URL, a hash of the credential or account, and the deployment. Two providers with the
   * same issuer can read each other's sealed items.
   */
  readonly issuer: string;
  /**
   * Whether a request with these settings carries sealed reasoning and asks for it; absent: every one does. Without, a repair that only leaves
   * out what isn't sent would make the refused request again.
   */
  takesSealed?(settings: { readonly model: string; readonly effort?: string | undefined }): boolean;
  /** One request. Nothing is sent before the first event is asked for; aborting `signal` ends it with the class `cancelled`. */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ProviderEvent>;
}
