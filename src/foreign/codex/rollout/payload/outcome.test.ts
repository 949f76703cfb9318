import { expect, test } from "vitest";
import { failureOf, outcomeOf } from "./outcome.ts";

const unverified = "The encrypted content gAAA...Rg== could not be verified.";
const answer = JSON.stringify({ error: { message: unverified, code: "invalid_encrypted_content" } });

test.each([
  ["the words of a refusal", unverified],
  ["the provider's whole answer", answer],
  ["the answer behind words of Codex's", `unexpected status 400 Bad Request: ${answer}`],
])("of an error that is %s a person is told the words", (_what, message) => {
  const payload = { error: { message, codex_error_info: "bad_request" } };
  expect(outcomeOf("task_complete", payload, true)).toEqual({
    kind: "failed",
    class: "sealed-reasoning-rejected",
    message: unverified,
  });
});

test("of a usage limit a list knows when it ends, by this machine's clock", () => {
  const ended = new Date(2026, 10, 23, 7, 38, 17).getTime();
  const told = (time: string): unknown =>
    failureOf("task_complete", {
      completed_at: ended / 1000,
      error: {
        message: `You\u{2019}ve hit your usage limit. Upgrade to Pro or try again at ${time}.`,
        codex_error_info: "usage_limit_exceeded",
      },
    });
  const limit = { kind: "limited", class: "usage-limit" };
  expect(told("10:38 AM")).toEqual({ ...limit, until: new Date(2026, 10, 23, 10, 38).getTime() });
  expect(told("7:38 AM"), "a few seconds later").toEqual({
    ...limit,
    until: new Date(2026, 10, 23, 7, 38).getTime(),
  });
  expect(told("Nov 29th, 2026 1:02 PM")).toEqual({
    ...limit,
    until: new Date(2026, 10, 29, 13, 2).getTime(),
  });
  expect(told("some day")).toEqual(limit);
});

test.each([
  [429, "rate-limit"],
  [503, "overloaded"],
  [401, "auth-denied"],
])("of an error that names no more than a status (%s) that tells the class", (status, found) => {
  const message = `exceeded retry limit, last status: ${status} Some Reason`;
  const info = { response_too_many_failed_attempts: { http_status_code: status } };
  expect(failureOf("task_complete", { error: { message, codex_error_info: info } })).toEqual({
    kind: "failed",
    class: found,
  });
});
