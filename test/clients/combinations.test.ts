// Sessions that several things are wrong with at once, combined at random (with fixed seeds): an endpoint that keeps refusing until the
// request is as it wants it, in words that no sample of `src/failure` has, as gateways wrap them.
import { array, constantFrom, nat, record, sample, uniqueArray } from "fast-check";
import { describe, it } from "vitest";
import { type Desk, openDesk } from "./desk.ts";
import type { Item, Refusal, SealWording } from "./requirements.ts";
import type { Upstream } from "./upstream.ts";

/** How an endpoint, or what stands before it, says a sentence. */
type Wrap = (message: string, more?: { code?: string; param?: string }) => Refusal;

const inner = (message: string, more: object = {}): object => ({
  error: { message, type: "invalid_request_error", param: null, code: null, ...more },
});

const wraps: Readonly<Record<string, Wrap>> = {
  plain: (message, more) => ({ status: 400, body: inner(message, more) }),
  "without a code": (message) => ({ status: 400, body: { error: { message } } }),
  "a detail": (message) => ({ status: 422, body: { detail: message } }),
  "a python client": (message, more) => ({
    status: 400,
    body: {
      error: {
        message: `GatewayError: BadRequestError: upstream said no. Error code: 400 - ${JSON.stringify(inner(message, more))}`,
        type: null,
        param: null,
        code: "400",
      },
    },
  }),
  "a raw member": (message, more) => ({
    status: 400,
    body: {
      error: {
        message: "The provider gave back an error",
        code: 400,
        metadata: { raw: JSON.stringify(inner(message, more)), provider_name: "Somebody" },
      },
    },
  }),
  "a bad gateway": (message, more) => ({
    status: 502,
    body: { error: { message: `upstream request failed: ${JSON.stringify(inner(message, more))}` } },
  }),
  "an event": (message, more) => ({
    status: 200,
    body: { type: "error", sequence_number: 1, error: { message, type: "invalid_request_error", ...more } },
  }),
  "a failed response": (message, { code = "invalid_prompt" } = {}) => ({
    status: 200,
    body: {
      type: "response.failed",
      response: { id: "resp_0", object: "response", status: "failed", error: { code, message }, output: [] },
    },
  }),
};

const is = (item: Item, type: string): boolean => item["type"] === type;

interface Told {
  readonly words: number;
  readonly wrap: Wrap;
}

/** One trouble: sets the endpoint up so that the next request meets it. */
type Ill = (at: { upstream: Upstream; met: () => void }, told: Told) => void;

const pick = <T>(from: readonly T[], at: number): T => from[at % from.length] as T;

/** Refuses every request that is `wrong`, with the words for where it is. */
const until =
  (
    wrong: (body: Item, input: readonly Item[]) => string | number | undefined,
    words: readonly ((where: string | number) => string)[],
    more: (where: string | number) => { code?: string; param?: string } = () => ({}),
  ): Ill =>
  ({ upstream, met }, told) => {
    upstream.demands.push((body, input) => {
      const where = wrong(body, input);
      if (where === undefined) return undefined;
      met();
      return told.wrap(pick(words, told.words)(where), more(where));
    });
  };

/** Refuses one request for something that it claims to see in it. */
const once =
  (words: readonly ((input: readonly Item[]) => string | undefined)[]): Ill =>
  ({ upstream, met }, told) => {
    let isTold = false;
    upstream.demands.push((_, input) => {
      const message = isTold ? undefined : pick(words, told.words)(input);
      if (message === undefined) return undefined;
      isTold = true;
      met();
      return told.wrap(message);
    });
  };

/** Refuses every request that has a certain call as such, whatever else is in it. */
const call =
  (words: readonly ((id: string) => string)[]): Ill =>
  ({ upstream, met }, told) => {
    let meant: string | undefined;
    upstream.demands.push((_, input) => {
      const ids = input.flatMap((item) => (is(item, "function_call") ? [String(item["call_id"])] : []));
      meant ??= ids[0];
      if (meant === undefined || !ids.includes(meant)) return undefined;
      met();
      return told.wrap(pick(words, told.words)(meant));
    });
  };

const parameter = (name: string): Ill =>
  until(
    (body) => (name in body ? name : undefined),
    [
      (at) => `${at} is not a parameter that this model supports.`,
      (at) => `Unrecognized request argument supplied: ${at}`,
      (at) => `[${at}] Extra inputs are not permitted`,
      (at) => `Unsupported parameter: '${at}' cannot be used with this deployment.`,
    ],
    (at) => ({ param: String(at) }),
  );

const sealWordings: readonly SealWording[] = [
  "coded",
  "uncoded",
  "plain-text",
  "xai",
  "failed-event",
  "wrapped-502",
];

const ills: Readonly<Record<string, Ill>> = {
  "another key": ({ upstream }, { words }) => {
    upstream.wording = pick(sealWordings, words);
    upstream.rotate();
  },
  "a damaged blob": ({ upstream }) => {
    const blobs = upstream.requests.at(-1)?.input.flatMap((item) => item["encrypted_content"] ?? []) ?? [];
    upstream.wording = "coded";
    upstream.spoiled.add(String(blobs[2]));
  },
  "no cache key": parameter("prompt_cache_key"),
  "no parallel calls": parameter("parallel_tool_calls"),
  "short call ids": until(
    (_, input) => {
      const at = input.findIndex((item) => String(item["call_id"] ?? "").length > 16);
      return at < 0 ? undefined : at;
    },
    [
      (at) => `input[${at}].call_id is too long: expected at most 16 characters, got 21.`,
      (at) =>
        `Invalid 'input[${at}].call_id': string too long. Expected a string with maximum length 16, but got a string with length 21 instead.`,
      () => "tool_call_id must be no longer than 16 characters",
    ],
    (at) => ({ param: `input[${at}].call_id` }),
  ),
  "no reasoning items": until(
    (_, input) => {
      const at = input.findIndex((item) => is(item, "reasoning"));
      return at < 0 ? undefined : at;
    },
    [
      (at) =>
        `Invalid value: 'reasoning' at input[${at}].type. Supported values are: 'message', 'function_call' and 'function_call_output'.`,
      (at) => `input.${at}: items of type reasoning are not supported by this model`,
      () => "unknown input item type: reasoning",
    ],
  ),
  "a call that nothing answers": call([
    (id) => `There is no output for tool call ${id} in the conversation.`,
    (id) =>
      `An assistant message with tool calls must be followed by a response to each: no response for ${id}`,
    (id) => `${id}: tool call left without an answer`,
  ]),
  "an output that nothing asked for": call([
    (id) => `Tool output refers to call ${id}, but no tool call with this id came before it.`,
    (id) => `unexpected tool result: no matching call for id ${id}`,
    (id) => `Orphaned tool result: ${id}`,
  ]),
  "an item twice": once([
    () => "Duplicate item found in the input. Remove the duplicates and try again.",
    () => "Two items of the input share the same id.",
  ]),
  "overlong reasoning": once([
    (input) => {
      const at = input.findIndex((item) => is(item, "reasoning"));
      return at < 0 ? undefined : `input[${at}].content: array too long, at most 0 elements are accepted.`;
    },
  ]),
  "an outage": ({ upstream, met }) => {
    let isTold = false;
    upstream.demands.push(() => {
      if (isTold) return undefined;
      isTold = true;
      met();
      return {
        status: 503,
        headers: { "content-type": "text/html" },
        body: "<html><head><title>503 Service Temporarily Unavailable</title></head><body><center><h1>503</h1></center></body></html>",
      };
    });
  },
};

interface Case {
  kinds: string[];
  told: { words: number; wrap: string }[];
}

const cases = sample(
  record({
    kinds: uniqueArray(constantFrom(...Object.keys(ills)), { minLength: 2, maxLength: 4 }),
    told: array(record({ words: nat(11), wrap: constantFrom(...Object.keys(wraps)) }), {
      minLength: 4,
      maxLength: 4,
    }),
  }),
  { seed: Number(process.env["SEED"] ?? 20_261_121), numRuns: Number(process.env["RUNS"] ?? 12) },
);

/** Two turns with a tool each: four sealed reasoning items, two calls. */
async function talked(desk: Desk): Promise<void> {
  desk.upstream.script("look", [{ run: "echo ran >> ran.txt; echo seen" }], [{ say: "Looked." }]);
  await desk.run(["exec", "look", "--approval", "all"]);
  await desk.run(["exec", "resume", "--last", "look", "--approval", "all"]);
}

const title = ({ kinds, told }: Case): string =>
  kinds.map((kind, at) => `${kind} (${told[at]?.wrap} ${told[at]?.words})`).join(", ");

describe.concurrent("several things wrong at once, combined at random", () => {
  it.for(cases.map((one, at): [string, Case, number] => [title(one), one, at === 0 ? 20 : 3]))(
    "%s: healed within 6 repairs, one request a turn from then on",
    async ([, { kinds, told }, turns], { expect, onTestFinished }) => {
      const desk = await openDesk(onTestFinished);
      const { upstream } = desk;
      await talked(desk);
      const met = new Set<string>();
      for (const [at, kind] of kinds.entries()) {
        const { words, wrap } = told[at]!;
        ills[kind]?.({ upstream, met: () => void met.add(kind) }, { words, wrap: wraps[wrap]! });
      }
      const before = upstream.requests.length;
      const healed = await desk.run(["exec", "resume", "--last", "hello"]);
      const outcomes = (): string =>
        upstream.requests
          .slice(before)
          .map(({ outcome }) => outcome)
          .join("\n");
      expect(healed.status, `${healed.err}\n${outcomes()}`).toBe(0);
      const repairs = desk.log().filter(({ type }) => type === "items-quarantined").length;
      expect(repairs, outcomes()).toBeLessThanOrEqual(6);
      // A refusal each, and one more where a repair had to be a guess.
      expect(upstream.requests.length - before, outcomes()).toBeLessThanOrEqual(kinds.length + 2);
      expect(desk.lines("ran.txt")).toHaveLength(2);

      for (let turn = 1; turn <= turns; turn++) {
        const next = upstream.requests.length;
        const known = met.size;
        expect((await desk.run(["exec", "resume", "--last", `again ${turn}`])).status).toBe(0);
        // What a repair of something else had hidden is met when new reasoning comes.
        expect(upstream.requests.length - next, `turn ${turn}\n${outcomes()}`).toBe(1 + met.size - known);
      }
      const input = upstream.requests.at(-1)?.input ?? [];
      const texts = JSON.stringify(input);
      for (const kept of ["look", "Looked.", "seen", "hello", "again 2"]) expect(texts).toContain(kept);
      const has = (kind: string): boolean => kinds.includes(kind);
      expect(
        texts.split("seen").length - 1,
        "every tool output is kept, as an item or in words",
      ).toBeGreaterThanOrEqual(4);
      // Without a false claim among the troubles, nothing beyond them may have been changed.
      if (["an item twice", "overlong reasoning"].some(has)) return;
      const inWords = new Set(["a call that nothing answers", "an output that nothing asked for"].filter(has))
        .size;
      for (const type of ["function_call", "function_call_output"])
        expect(
          input.filter((item) => is(item, type)).length,
          `${type}\n${outcomes()}`,
        ).toBeGreaterThanOrEqual(2 - inWords);
      const sealed = input.filter((item) => "encrypted_content" in item).length;
      const lost = (has("another key") ? 4 : has("a damaged blob") ? 1 : 0) + inWords;
      if (!has("no reasoning items")) expect(sealed, outcomes()).toBeGreaterThanOrEqual(4 + turns - lost);
    },
  );
});
