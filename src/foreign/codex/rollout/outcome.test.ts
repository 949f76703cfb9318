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
