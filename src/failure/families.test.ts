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
  });

  it("is never told by what it quotes, nor by an outage's or a limit's words", () => {
    for (const text of [
      "encrypted content could not be decrypted",
      `a "quote" and 'more' tool call without output`,
    ]) {
      expect(classOf(400, said(`Could not process the value "${text}".`))).toBe("unknown-provider-failure");
    }
    expect(classOf(500, said("Failed to decrypt the encrypted content."))).toBe("overloaded");
    expect(classOf(429, said("Too many tokens in the prompt for this minute, exceeded."))).toBe("rate-limit");
    expect(
      classOf(400, said("max_output_tokens is more than the tokens that this model gives for an input.")),
    ).toBe("unknown-provider-failure");
  });
});
