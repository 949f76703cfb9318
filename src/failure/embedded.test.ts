import { describe, expect, it } from "vitest";
import { classify } from "./classify.ts";
import { embeddedObject } from "./embedded.ts";
import { signalFromHttp } from "./signal.ts";

const refusal = {
  error: { message: "The encrypted content gAAA...x1Q= could not be verified.", code: null },
};
const json = JSON.stringify(refusal);

describe("an upstream's body inside a gateway's words", () => {
  it.each([
    ["as a whole", json],
    ["behind the gateway's words", `Upstream request failed: ${json}`],
    [
      "behind an exception, with the gateway's words behind it",
      `litellm.BadRequestError: AzureException - ${json}\nmodel=a. fallbacks=None.`,
    ],
    ["as Python bytes", `litellm.BadRequestError: VertexAIException BadRequestError - b'${json}'`],
    [
      "as Python writes a dict",
      `Error code: 400 - {'error': {'message': 'The encrypted content gAAA...x1Q= could not be verified.', 'code': None}}`,
    ],
  ])("is read %s", (_where, text) => {
    expect(embeddedObject(text)).toEqual(refusal);
  });

  it("keeps both kinds of quotes that Python puts around a text", () => {
    expect(embeddedObject(`Error: {'message': "it's \\"so\\"", 'done': True}`)).toEqual({
      message: `it's "so"`,
      done: true,
    });
  });

  it("is read where a terminal has broken a line inside a string", () => {
    expect(embeddedObject('ProxyException: {"error": {"message": "not\n  verified"}}')).toEqual({
      error: { message: "not verified" },
    });
  });

  it.each([
    `Could not process the value ${json} of the field.`,
    `Invalid value: '${json}'`,
    `Error: the tool printed ${json} before it ended`,
    `Error: ${json} is no tool output`,
    "Error: {not json}",
    "Error: {",
  ])("is not seen in a sentence that quotes it: %s", (text) => {
    expect(embeddedObject(text)).toBeUndefined();
  });

  it("decides, whatever status and words stand around it", () => {
    const around = (status: number, body: object | string): string =>
      classify(signalFromHttp(status, {}, typeof body === "string" ? body : JSON.stringify(body)), { now: 0 })
        .class;
    expect(around(502, { error: { message: `Error code: 400 - ${json}`, type: "upstream_error" } })).toBe(
      "sealed-reasoning-rejected",
    );
    expect(
      around(400, {
        message: `litellm.ContentPolicyViolationError: AzureException - ${json}. Received Model Group=a`,
      }),
    ).toBe("sealed-reasoning-rejected");
    expect(around(429, `No account is left. Last error: HTTP 400: ${json}`)).toBe(
      "sealed-reasoning-rejected",
    );
  });
});
