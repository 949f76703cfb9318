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
    [
      "behind the status that the upstream answered with, said twice and with a stack behind it",
      `Error from provider(openai,gpt-5: 400): ${json}Error: Error from provider(openai,gpt-5: 400): ${json}\n    at nt (cli.js:1:2)`,
    ],
    [
      "behind the request, as Go clients print it (coddy-project/coddy-agent#322)",
      `provider "neuraldeep" (https://api.neuraldeep.ru/v1): POST "https://api.neuraldeep.ru/v1/chat/completions": 400 Bad Request ${json}`,
    ],
    [
      "behind several lines, with others behind it",
      `Upstream provider X returned HTTP 400.\n  Category: invalid_request_error\n\n  Upstream error:\n  ${json}\n\n  Request ID: req_1\n`,
    ],
    [
      "behind what a proxy tells of itself",
      `X local proxy failed while handling endpoint /responses. Provider: Some API; model: models/some-3.5; upstream_status: HTTP 400; cause: ${json}`,
    ],
    ["as the one event of a stream", `event: error\r\ndata: ${json}\r\n\r\ndata: [DONE]\n\n`],
    ["as an event without a name", `data: ${json}\n\n`],
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
    `Error in line 12: ${json} is no tool output`,
    `Failed to parse the arguments of a call at column 412: ${json} has a member too many`,
    `Output of call 3 rejected: exit status 1, 500 lines: ${json} is no text`,
    `The data: ${json}`,
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
    expect(
      around(429, `Upstream returned HTTP 400.\n\n  Upstream error:\n  ${json}\n\n  Request ID: r`),
    ).toBe("sealed-reasoning-rejected");
    expect(around(429, `No account is left. Last error: HTTP 400: ${json}`)).toBe(
      "sealed-reasoning-rejected",
    );
  });

  it("is a refusal of the request behind an outage of the gateway's, also in words that nobody knows", () => {
    const refused = JSON.stringify({ error: { message: "No such thing.", type: "invalid_request_error" } });
    const body = JSON.stringify({ error: `All variants failed: Error from the server: ${refused}` });
    for (const text of [body, `Error from the server: ${refused}`])
      expect(signalFromHttp(502, {}, text)).toMatchObject({ status: 400, message: "No such thing." });
    expect(signalFromHttp(502, {}, refused)).toMatchObject({ status: 502 });
  });

  it("is a bill also behind a gateway's 429", () => {
    const bill = JSON.stringify({ error: { message: "No more.", code: "insufficient_quota" } });
    const text = `Upstream returned HTTP 429.\n\n  Upstream error:\n  ${bill}\n\n  Request ID: r`;
    expect(classify(signalFromHttp(429, {}, text), { now: 0 }).class).toBe("billing");
  });

  it.each([
    [
      "JSON",
      String.raw`{"error":{"message":"Unexpected } or \"}\" in it's {."}}`,
      `Unexpected } or "}" in it's {.`,
    ],
    [
      "Python",
      String.raw`{'error': {'message': 'Unexpected } or "}" in it\'s {.'}}`,
      `Unexpected } or "}" in it's {.`,
    ],
    ["Python with both", String.raw`{'error': {'message': "it's {", 'code': 'a}'}}`, "it's {"],
  ])("ends with its object, not with a brace or a quote that it names: %s", (_what, body, message) => {
    for (const behind of ["", " Request ID: req_1 {x}"])
      expect(embeddedObject(`litellm.BadRequestError: ${body}${behind}`)).toMatchObject({
        error: { message },
      });
  });
});

it("of a page without a title nobody is shown the source", () => {
  const page = '<html> <head> <meta name="viewport" /> <style>body{color:#fff}</style> </head></html>';
  expect(signalFromHttp(403, {}, page).message).toBe("a page in place of an answer");
  const proxys =
    "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>";
  expect(signalFromHttp(503, {}, proxys).message).toBe("503 Service Unavailable");
});

it.each([
  [400, `The 'gpt-5.5' model requires a newer version of Codex. Please upgrade.`, "model-missing"],
  [401, "无法刷新您的访问令牌。请重新登录。", "auth-expired"],
])("a refusal that no other try mends ends the turn at once: %s %s", (status, message, failureClass) => {
  const signal = signalFromHttp(status, {}, JSON.stringify({ detail: message }));
  expect(classify(signal, { now: 0 }).class).toBe(failureClass);
});
