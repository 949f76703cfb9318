import { expect, it } from "vitest";
import { classify } from "./classify.ts";
import { namedBy, ofInput } from "./named.ts";
import { signalFromHttp } from "./signal.ts";

/** What `ofInput` leaves of the index that a refusal of the Responses API, or of a relay behind it, names. */
const indexOf = (error: object): number | undefined =>
  namedBy(ofInput(classify(signalFromHttp(422, {}, JSON.stringify({ error })), { now: 0, sealedSent: true })))
    .index;

it.each<[string, object, number | undefined]>([
  [
    "input",
    { message: "Invalid 'input[3].content': bad.", param: "input[3].content", code: "invalid_value" },
    3,
  ],
  [
    "the messages that a relay made of it (farion1231/cc-switch#7536)",
    {
      message: "Error from provider (OpenCode Go): Input should be a valid string",
      param: "messages.903.user.content.str",
    },
    undefined,
  ],
  ["such messages, in words", { message: "messages[9]: content must not be empty" }, undefined],
  ["input, which quotes messages", { message: "input[2]: messages[9] is no item" }, 2],
])("an index into %s", (_what, error, index) => {
  expect(indexOf(error)).toBe(index);
});
