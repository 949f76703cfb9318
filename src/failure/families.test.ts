import { describe, expect, it } from "vitest";
import type { FailureClass } from "./catalogue.ts";
import { classify } from "./classify.ts";
import { signalFromHttp } from "./signal.ts";

const context = { now: 0, sealedSent: true };
const classOf = (status: number, body: object): string =>
  classify(signalFromHttp(status, {}, JSON.stringify(body)), context).class;
const said = (message: string, more: object = {}): object => ({
  error: { message, type: "invalid_request_error", ...more },
});

/** Made up, each in words that no recorded sample has. */
const unheard: readonly [FailureClass, number, object][] = [
  ["sealed-reasoning-rejected", 400, said("rs_0a1 carries ciphertext that this key cannot open.")],
  ["sealed-reasoning-rejected", 400, said("Encrypted reasoning items are bound to the key that made them")],
  ["sealed-reasoning-rejected", 400, said("The opaque reasoning state was tampered with or is corrupted")],
  ["sealed-reasoning-rejected", 403, said("encrypted_content does not belong to the calling organization")],
  ["sealed-compaction-rejected", 400, said("The compaction item could not be decrypted")],
  ["call-without-output", 400, said("These tool calls are still awaiting results: call_a1, call_b2")],
  [
    "call-without-output",
    400,
    said("function call 'call_XY12ab34' must be followed by its function_call_output"),
  ],
  ["call-without-output", 400, said("Dangling function call call_aa11bb22: please supply its result")],
  ["output-without-call", 400, said("No call found for tool output with call_id call_9z9z9z9z")],
  ["output-without-call", 400, said("Tool response without tool request at position 4")],
  ["output-without-call", 400, said("Unexpected `tool_use_id` toolu_01 in a `tool_result` of turn 3")],
  ["output-without-call", 400, said("Got tool output for call_1a2b3c4d but that call was never made")],
  [
    "reasoning-unpaired",
    400,
    said("Reasoning rs_1 has to be directly followed by the message it belongs to"),
  ],
  ["reasoning-unpaired", 400, said("A reasoning item can't be the last item of the input")],
  ["item-not-persisted", 404, said("No item found with id 'rs_77'; items are kept only if store is enabled")],
  ["item-not-persisted", 404, said("Item rs_9 couldn't be found")],
  ["reasoning-unpaired", 400, said("The reasoning item rs_1 isn't followed by its message.")],
  ["duplicate-item", 400, said("Two input items share the id rs_5")],
  ["item-id-invalid", 400, said("tool_call_id may only contain letters, digits, underscores and hyphens")],
  ["tool-arguments-invalid", 400, said("Invalid JSON in function arguments of call_1")],
  ["thought-signature-missing", 400, said("functionCall part lacks the thought_signature")],
  ["context-overflow", 400, said("Your messages do not fit into the context window")],
  ["context-overflow", 413, said("The input is larger than this model's context window")],
  ["usage-limit", 429, said("Plan allowance consumed. Resets in 2h 10m.")],
  ["usage-limit", 429, said("Weekly cap reached, next window opens in 36 hours")],
  ["billing", 403, said("Your account has run out of prepaid credits")],
  [
    "sealed-reasoning-rejected",
    400,
    said("Unable to decrypt reasoning content supplied for item rs_12; the key used has expired.", {
      code: "reasoning_decryption_failed",
    }),
  ],
  [
    "sealed-reasoning-rejected",
    400,
    said("Encrypted reasoning item could not be decrypted by this deployment."),
  ],
  ["sealed-reasoning-rejected", 400, said("Invalid encrypted_content: signature mismatch")],
  ["sealed-reasoning-rejected", 422, { detail: "encrypted_content verification failed for reasoning item" }],
  ["sealed-compaction-rejected", 400, said("Failed to decrypt the encrypted content of cmp_7.")],
  [
    "thinking-signature-rejected",
    400,
    said("messages.5.content.0.thinking.signature: signature verification failed"),
  ],
  ["call-without-output", 400, said("function_call call_abc has no matching function_call_output in input")],
  ["call-without-output", 400, said("Missing output for tool call 'call_abc'.")],
  ["output-without-call", 400, said("The tool output for call_abc was sent without a preceding tool call.")],
  ["reasoning-unpaired", 400, said("Reasoning item rs_1 must be followed by an output item.")],
  ["duplicate-item", 400, said("Found duplicate item id msg_1 in input.")],
  ["item-id-invalid", 400, said("The call_id of input[2] must be at most 40 characters")],
  ["media-invalid", 400, said("Invalid image data in input[3].content[1]")],
  [
    "context-overflow",
    400,
    said("This request would use 512000 tokens, which is more than the 400000 supported by this model."),
  ],
  ["context-overflow", 400, said("No room.", { code: "context_window_exceeded" })],
  ["refusal", 400, said("Your request was blocked by our safety system.")],
  [
    "parameter-unsupported",
    400,
    said("The field 'store' is not permitted: unexpected property", { param: "store" }),
  ],
  [
    "sealed-reasoning-rejected",
    400,
    said("Encrypted tool output could not be decrypted.", { code: "bad_body" }),
  ],
  ["thinking-signature-rejected", 400, said("The thought signature is corrupted.")],
  [
    "thinking-missing",
    400,
    said("messages.3.content: the last assistant message must begin with a thinking block"),
  ],
  [
    "thought-signature-missing",
    400,
    said("Function call `read` in block 4 is missing a `thought_signature`."),
  ],
  [
    "reasoning-required",
    400,
    said("With thinking on, `reasoning_content` must be included in tool messages."),
  ],
  [
    "call-without-output",
    400,
    said("Expected toolResult blocks at messages.2.content for these ids: tooluse_1"),
  ],
  [
    "call-without-output",
    400,
    said("invalid params, the tool call result does not follow its tool call (2013)"),
  ],
  [
    "output-without-call",
    400,
    said("The number of toolResult blocks at messages.4 exceeds that of toolUse blocks."),
  ],
  ["output-without-call", 400, said("invalid params, tool result's tool id(call_9) was not found (2013)")],
  ["duplicate-item", 400, said("messages: tool_use ids must be unique")],
  ["item-type-unsupported", 400, said("Cannot determine type of the item at input[2]")],
  ["chain-missing", 404, said("previous response resp_7 is gone")],
  [
    "media-invalid",
    400,
    said("messages.2.content.1.image.source.base64: the image appears to be a jpeg, png was said"),
  ],
  ["context-overflow", 400, said("Context size has been exceeded.")],
  ["context-overflow", 400, said("max_tokens must be at least 1, got -120.")],
  ["context-overflow", 400, said("错误：上下文过长，请减少输入")],
  ["context-overflow", 400, said("请求的 token 数 210000 超过了模型的最大上下文 128000")],
  ["context-overflow", 413, said("输入内容太长")],
  ["context-overflow", 400, said("请压缩上下文后重试")],
  ["parameter-unsupported", 400, said("This model does not accept the effort parameter.")],
  ["parameter-unsupported", 400, said("output_config: Extra inputs are not permitted")],
  ["model-missing", 400, said("The 'gpt-9' model is not supported with this kind of account.")],
  ["model-missing", 400, said("The given model identifier is invalid.")],
  ["request-malformed", 400, said("The text of the block at messages.3.content.0 is blank.")],
  ["refusal", 400, said("Output was stopped by the content filtering policy: content filter")],
  ["refusal", 403, said("Content violates usage guidelines. Failed check: BIO")],
  ["billing", 403, { code: "permission-denied", error: "Your team has used all available credits." }],
  ["billing", 429, { code: "exhausted", error: "The team is out of credits; raise your spending limit." }],
  ["billing", 403, said("The account is not active, please recharge your account")],
  ["billing", 429, said("User u-1 is over budget.", { type: "proxy_error" })],
  ["billing", 429, { error: { code: "x", message: "余额不足，请充值" } }],
  ["usage-limit", 429, said("The weekly usage limit is reached. It will reset in 10 hours 27 minutes.")],
  ["auth-expired", 403, said("The bearer token has expired", { type: "permission_error" })],
  ["auth-expired", 401, said("Please try signing in again.", { type: "authentication_error" })],
  ["auth-denied", 400, said("API key is not valid. Pass another.")],
  ["overloaded", 400, said("Our servers are currently overloaded.", { type: "upstream_error" })],
  ["parameter-unsupported", 400, said("prompt_cache_key is not a parameter that this model supports.")],
  ["parameter-unsupported", 400, said("[prompt_cache_key] Extra inputs are not permitted")],
  ["parameter-unsupported", 400, said("parallel_tool_calls: must be false for this model")],
  ["parameter-unsupported", 422, { detail: "body.prompt_cache_key: property is not expected to be here" }],
  ["item-type-unsupported", 400, said("input.2: items of type reasoning are not supported by this model")],
  ["item-type-unsupported", 400, said("input[4]: 'reasoning' items can't be used with this model")],
  ["item-type-unsupported", 400, said("Message type reasoning is not implemented")],
  ["item-id-invalid", 400, said("call_id must match pattern ^[a-zA-Z0-9]{9}$")],
  ["item-id-invalid", 400, said("The id of input item 3 has an invalid format; ids begin with 'rs_'")],
  ["item-not-persisted", 404, said("rs_0a1b does not exist. Stored items expire after 30 days.")],
  ["call-without-output", 400, said("Every tool call needs a tool result before the next message.")],
  ["call-without-output", 400, said("call_FNkamS8n: tool call left without an answer")],
  ["output-without-call", 400, said("Orphaned tool result: call_FNkamS8n")],
  ["output-without-call", 400, said("A message with role tool has to follow a message with tool calls.")],
  ["duplicate-item", 400, said("Two items of the input share the same id.")],
  ["duplicate-item", 400, said("rs_0a1b appears several times in input")],
  ["reasoning-content-too-long", 400, said("input[2].content: array too long, at most 0 are accepted.")],
  ["sealed-reasoning-rejected", 400, said("Bad ciphertext in reasoning item rs_0a1b")],
  ["sealed-reasoning-rejected", 400, said("This reasoning was encrypted for another organization.")],
  ["reasoning-unpaired", 400, said("Reasoning item rs_0a1b has to be followed by what it led to.")],
  ["request-malformed", 400, said("input[3].output: expected a string, received null")],
  ["media-invalid", 400, said("The image in input[6] is not a valid PNG")],
];

describe("a refusal in words that nobody has recorded", () => {
  it.each(unheard)("is %s (%i)", (failureClass, status, body) => {
    expect(classOf(status, body)).toBe(failureClass);
  });

  it("names the item, the call and the place that it speaks of", () => {
    const dataOf = (message: string): unknown =>
      classify(signalFromHttp(400, {}, JSON.stringify(said(message))), context).data;
    expect(dataOf("Cannot decrypt the encrypted reasoning of input[7] (rs_9).")).toEqual({
      index: 7,
      item: "rs_9",
    });
    expect(dataOf("tool call call_x1 has no output")).toEqual({ call: "call_x1" });
    expect(dataOf("There is no response for the tool call ca96543a81e8df9d.")).toEqual({
      call: "ca96543a81e8df9d",
    });
    expect(
      dataOf("Refused: tool_calls did not have response messages: bash_7 (Request ID: 4b90-99)"),
    ).toEqual({
      call: "bash_7",
    });
    expect(dataOf("Tool call id was call_x1 but must be a-z, A-Z, 0-9, with a length of 9.")).toEqual({
      limit: 9,
    });
    expect(dataOf("Invalid 'input[3].call_id': string too long. Expected a maximum length 16.")).toEqual({
      index: 3,
      limit: 16,
    });
    const listed = "Supported values are: 'message' and 'function_call'.";
    expect(dataOf(`Invalid value: 'reasoning' at input[2].type. ${listed}`)).toEqual({
      index: 2,
      kind: "reasoning",
    });
    expect(dataOf("Input should be 'message' or 'function_call' (got 'reasoning') at input.4.type")).toEqual({
      index: 4,
      kind: "reasoning",
    });
    expect(dataOf("Unsupported parameter: 'tool_choice' can't be used here.")).toEqual({
      parameter: "tool_choice",
    });
  });

  it("says nothing of the request where the status is that of an outage or a limit", () => {
    const repaired = new Set<string>(
      unheard.flatMap(([name, status]) => (status === 403 || status === 429 ? [] : [name])),
    );
    const others = new Set([
      "billing",
      "usage-limit",
      "refusal",
      "auth-expired",
      "auth-denied",
      "overloaded",
    ]);
    for (const [name, , body] of unheard) {
      for (const status of [429, 500, 503]) {
        const told = classOf(status, {
          error: { ...(body as { error?: object }).error, type: "server_error" },
        });
        if (repaired.has(name) && !others.has(name)) expect(["rate-limit", "overloaded"]).toContain(told);
      }
    }
  });

  it("tells a rate from a bill by the seconds that it asks to wait", () => {
    const message = "You exceeded your current quota, please check your plan and billing details.";
    const body = (text: string): object => ({
      error: { code: 429, message: text, status: "RESOURCE_EXHAUSTED" },
    });
    expect(
      classOf(
        429,
        body(`${message} ${"* Quota exceeded for a metric. ".repeat(12)}\nPlease retry in 34.07s.`),
      ),
    ).toBe("rate-limit");
    expect(classOf(429, body(message))).toBe("billing");
  });

  it("is told inside an outage's status where a gateway says that its upstream refused", () => {
    for (const message of [
      "Provider error: 400 Bad Request: the reasoning could not be unsealed",
      'upstream returned 400: {"error":{"message":"failed to unseal reasoning"}}',
      "Provider error: 400-Bad Request: the reasoning could not be unsealed",
      "upstream returned 400 item rs_1: failed to unseal reasoning",
      "status 400 message: failed to unseal reasoning",
      "upstream error 400 messages.1.content.0: failed to unseal reasoning",
      "Error code: 400 - failed to unseal reasoning",
      "status_code=400, failed to unseal reasoning",
      "CC Switch local proxy failed while handling Codex endpoint /responses. Provider: P; model: m; upstream_status: HTTP 400; cause: failed to unseal reasoning",
    ])
      expect(classOf(502, said(message, { type: "server_error" }))).toBe("sealed-reasoning-rejected");
    expect(classOf(502, said("Could not unseal reasoning; upstream took 400 ms"))).toBe("overloaded");
    for (const message of [
      "Provider error 429.png could not be fetched",
      "upstream error: 404.md: no such file",
      "The model failed (code 402-a1)",
      "backend returned 450 tokens and then failed",
      "provider responded with 412 bytes of invalid JSON",
    ])
      expect(classOf(502, said(message)), message).toBe("overloaded");
    expect(classOf(502, said("Upstream returned 402."))).toBe("billing");
    expect(classOf(502, said("upstream status 401 Token has expired"))).toBe("auth-expired");
    expect(classOf(502, said('Could not process "upstream returned 400: failed to unseal reasoning"'))).toBe(
      "overloaded",
    );
  });

  it("tells a rate, and a bill, from a plan's limit that was reached", () => {
    expect(classOf(429, said("You've reached your rate limit. Please try again in 20s."))).toBe("rate-limit");
    expect(classOf(429, said("You've reached your spending limit."))).toBe("billing");
    expect(classOf(429, said("You've reached your weekly limit."))).toBe("usage-limit");
  });

  it("reads how long a plan asks to wait", () => {
    const wait = (message: string): unknown =>
      classify(signalFromHttp(429, {}, JSON.stringify(said(message))), context).data;
    expect(wait("Weekly usage limit reached. It will reset in 10 hours 27 minutes.")).toEqual({
      resetsAt: 37_620_000,
    });
    expect(wait("You've hit a rate limit. Please try again in 51 hours.")).toEqual({
      retryAfterMs: 183_600_000,
    });
    expect(wait("Rate-limited. Please wait 463 hours 23 minutes.")).toEqual({ retryAfterMs: 1_668_180_000 });
  });

  it("is never told by what it quotes, nor by an outage's or a limit's words", () => {
    const marks = [
      ['"', '"'],
      ["'", "'"],
      ["`", "`"],
      ["“", "”"],
    ] as const;
    const texts = [
      "encrypted content could not be decrypted",
      `a "quote" and 'more' tool call without output`,
      "your account is out of credits; the API key has expired; https://a.b/billing",
      ...unheard.map(([, , body]) => (body as { error?: { message?: string } }).error?.message ?? ""),
    ];
    for (const [open, close] of marks) {
      for (const text of texts) {
        expect(classOf(400, said(`Could not process the value ${open}${text}${close}.`))).toBe(
          "unknown-provider-failure",
        );
      }
    }
    expect(classOf(500, said("Failed to decrypt the encrypted content."))).toBe("overloaded");
    expect(classOf(429, said("Too many tokens in the prompt for this minute, exceeded."))).toBe("rate-limit");
    expect(
      classOf(400, said("max_output_tokens is more than the tokens that this model gives for an input.")),
    ).toBe("unknown-provider-failure");
    // A rate, which no shorter history mends.
    expect(classOf(400, said("令牌总数超过每分钟限制"))).toBe("unknown-provider-failure");
    // A setting's name, which is then left out for a try.
    expect(classOf(400, said("参数 prompt_cache_key 长度超过 64"))).toBe("unknown-provider-failure");
  });
});
