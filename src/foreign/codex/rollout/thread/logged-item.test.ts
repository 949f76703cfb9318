import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { codexRollouts } from "../../../../../test/kit/codex-home.ts";
import { parseJson } from "../../../../lib/json.ts";
import { describeItem } from "../../../../session/item.ts";
import { loggedItem, Room } from "./logged-item.ts";
import { linesIn } from "../bytes/lines.ts";
import { readRecord } from "../record/record.ts";

const room = new Room(0);
const seal = `gAAAAABpH5nw${"A".repeat(84)}`;
const words = { type: "input_text", text: "a" };
const message = { type: "message", role: "user", content: [words] };
const own = { internal_chat_message_metadata_passthrough: { turn_id: "t" } };

test("what the header says of an item is what its bytes say, in real rollouts", () => {
  const versions = ["0.29.0", "0.36.0", "0.98.0", "0.169.0"];
  const paths = versions.flatMap((version) => codexRollouts(version).map(({ path }) => path));
  let items = 0;
  for (const line of paths.flatMap((path) => linesIn(readFileSync(path)))) {
    const record = readRecord(line);
    if (!record.readable || record.type !== "response_item") continue;
    const { facts, bytes } = loggedItem(record.payload, room);
    expect(describeItem(bytes)).toEqual(facts);
    items++;
  }
  expect(items).toBeGreaterThan(150);
});

test.each([
  ["words", message],
  ["words, and an id with what only Codex wants", { ...message, id: "m", ...own }],
  ["an id behind its words", { ...message, id: "m" }],
  ["an id with an escape", { type: "message", id: 'a"b', role: "user", content: [words] }],
  ["an id that isn't ASCII", { type: "message", id: "é", role: "user", content: [words] }],
  ["no words", { ...message, content: [{ ...words, text: "" }] }],
  ["no parts", { ...message, content: [] }],
  ["bare words", { ...message, content: "" }],
  ["a picture", { ...message, content: [words, { type: "input_image", image_url: "data:" }] }],
  ["a sealed part", { ...message, content: [words, { type: "encrypted_content", encrypted_content: seal }] }],
  ["a name", { ...message, name: "n", call_id: "c" }],
  ["something sealed", { ...message, encrypted_content: seal }],
])("a message with %s is told as its bytes tell it", (_, payload) => {
  const raw = Buffer.from(JSON.stringify(payload));
  for (const { facts, bytes } of [loggedItem(payload, room), loggedItem(payload, room, raw)]) {
    expect(describeItem(bytes)).toEqual(facts);
    expect(parseJson(Buffer.from(bytes).toString())).toMatchObject({ type: "message", role: "user" });
  }
});
