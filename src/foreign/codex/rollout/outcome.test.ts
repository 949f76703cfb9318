import { expect, test } from "vitest";
import { outcomeOf } from "./outcome.ts";

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
