import { describe, expect, it } from "vitest";
import { classify } from "./classify.ts";
import { canonicalPlace, placeInDetails } from "./place.ts";
import { signalFromHttp } from "./signal.ts";

const refused = (error: object, status = 400): { class: string; data: object } => {
  const { class: failureClass, data } = classify(signalFromHttp(status, {}, JSON.stringify(error)), {
    now: 0,
  });
  return { class: failureClass, data };
};
const unverified = "The encrypted content could not be verified.";

describe("the place that a refusal names", () => {
  it.each([
    ["input[5].encrypted_content", "input[5].encrypted_content"],
    ["input.5.encrypted_content", "input[5].encrypted_content"],
    ["/input/5/encrypted_content", "input[5].encrypted_content"],
    ["#/input/5", "input[5]"],
    ["$.input[5].content[0]", "input[5].content[0]"],
    ["tools.1.type", "tools[1].type"],
    ["body.tools.1.type", "tools[1].type"],
    ["reasoning.effort", "reasoning.effort"],
    ["/audio/voice", "/audio/voice"],
    ["input.a b", "input.a b"],
    ["", ""],
  ])("%j is %j", (given, place) => {
    expect(canonicalPlace(given)).toBe(place);
  });

  it.each([
    { message: unverified, code: "invalid_encrypted_content", param: "input.7.encrypted_content" },
    { message: unverified, code: "invalid_encrypted_content", param: "/input/7" },
    { message: `$.input[7].encrypted_content: ${unverified}`, code: "invalid_encrypted_content" },
    {
      message: "Invalid payload",
      code: "invalid_payload",
      details: [
        { message: 'type: Value is "array" but should be "string"', param: "/input" },
        { message: unverified, param: "/input/7/encrypted_content" },
      ],
    },
    {
      message:
        "[{'type': 'value_error', 'loc': ('body', 'input', 7, 'encrypted_content'), 'msg': 'Value error, invalid encrypted_content', 'input': 'gAAA'}]",
    },
  ])("is found however it is written: %j", (error) => {
    expect(refused({ error: { type: "invalid_request_error", ...error } })).toEqual({
      class: "sealed-reasoning-rejected",
      data: { index: 7 },
    });
  });

  it("is the first of the deepest that details name", () => {
    const details = [{ param: "/input" }, { param: "/input/7/content" }, { param: "/input/9/content" }];
    expect(placeInDetails(details)).toBe("input[7].content");
  });

  it("is found in the branch of a union that has one, as OpenRouter's own check tells it", () => {
    const issue = { code: "invalid_union", path: ["input"] };
    const errors = [[{ code: "invalid_type", path: [] }], [{ code: "invalid_value", path: [7, "type"] }]];
    const raw = JSON.stringify([{ ...issue, errors }]);
    expect(
      signalFromHttp(400, {}, JSON.stringify({ error: { message: "m", metadata: { raw } } })).param,
    ).toBe("input[7]");
  });

  it.each([
    ["input", 1, "ResponseOutputMessage", "phase"],
    ["input", "list[union[Message,ResponseOutputMessage]]", 1, "phase"],
  ])("has no names of models in it: %j, %j, %j, %j", (...loc) => {
    const detail = [
      { type: "extra_forbidden", loc: ["body", ...loc], msg: "Extra inputs are not permitted" },
    ];
    expect(refused({ detail }, 422)).toEqual({
      class: "request-malformed",
      data: { index: 1, member: "phase" },
    });
  });

  it("may be an id in a member of its own, or a whole blob", () => {
    const error = { message: unverified, code: "invalid_encrypted_content" };
    expect(refused({ error: { ...error, item_id: "rs_1" } }).data).toEqual({ item: "rs_1" });
    expect(refused({ error: { ...error, param: "rs_1" } }).data).toEqual({ item: "rs_1" });
    const blob = `gAAAA${"x".repeat(200)}end-of-this-blob`;
    const message = `Invalid encrypted_content: ${blob}`;
    expect(refused({ error: { ...error, message } }).data).toEqual({ tail: "end-of-this-blob" });
  });

  it("is told by relays that say status and body in one line", () => {
    const inner = {
      error: { message: 'unknown input item type: "mcp_call"', type: "invalid_request_error" },
    };
    const message = `Upstream error: 400 ${JSON.stringify(inner)}`;
    expect(refused({ error: { message, type: "server_error" } }, 500)).toEqual({
      class: "item-type-unsupported",
      data: { kind: "mcp_call" },
    });
  });

  it("is no outage for a server that calls each refusal an error of the API", () => {
    const message = "Invalid tool usage: mismatch between tool calls and tool results";
    expect(refused({ error: { message, type: "api_error" } }).class).not.toBe("overloaded");
    expect(refused({ error: { message: "Internal server error", type: "api_error" } }, 500).class).toBe(
      "overloaded",
    );
  });
});
