import { describe, expect, it } from "vitest";
import { sealedBlob, WrittenLog } from "../../test/property/written-log.ts";
import { sealedText } from "../session/seal.ts";
import { applied } from "./edit.ts";
import { flag } from "./flag.ts";
import { rewrite, type Rewriting } from "./rewrite.ts";

const seal = sealedBlob(1_700_000_000, "seed");
const plain: Rewriting = { callId: "sent", role: "developer", maxPartBytes: 100, outputLimit: 1_000 };

/** The item as it is sent with these flags. */
function sent(item: object, flags: number, how: Partial<Rewriting> = {}): unknown {
  const log = new WrittenLog();
  log.addItem(item as { type: string }, { turn: 1, step: 1 });
  const bytes = new TextEncoder().encode(JSON.stringify(item));
  const edits = rewrite(bytes, log.history.items[0]!, flags, { ...plain, ...how });
  return JSON.parse(Buffer.from(applied(bytes, edits)).toString());
}

const call = {
  id: "fc_1",
  type: "function_call",
  call_id: "logged",
  name: "t",
  arguments: "{}",
  thought_signature: "s",
};
const reasoning = {
  type: "reasoning",
  id: "rs_1",
  content: [{ type: "reasoning_text", text: "hm" }],
  summary: [],
  encrypted_content: seal,
};
const without = (item: object, ...names: string[]): object =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !names.includes(name)));

describe("an item loses or changes what its flags say, and nothing else", () => {
  it.each<[string, object, number, object]>([
    ["nothing", call, 0, call],
    ["its id", call, flag.detached, without(call, "id")],
    ["its id, between others", reasoning, flag.detached, without(reasoning, "id")],
    ["its signature, at the end", call, flag.unsigned, without(call, "thought_signature")],
    ["its first and its last", call, flag.detached | flag.unsigned, without(call, "id", "thought_signature")],
    [
      "members beside each other",
      { type: "reasoning", summary: [], id: "rs_1", encrypted_content: seal },
      flag.detached | flag.unsealed,
      { type: "reasoning", summary: [] },
    ],
    ["its call id", call, flag.renamed, { ...call, call_id: "sent" }],
    ["its seal", reasoning, flag.unsealed, without(reasoning, "encrypted_content")],
    ["its words", reasoning, flag.wordless, { ...reasoning, content: [] }],
    [
      "no words, where it has none",
      without(reasoning, "content"),
      flag.wordless,
      without(reasoning, "content"),
    ],
    [
      "its role",
      { type: "message", role: "system", content: "x" },
      flag.recast,
      { type: "message", role: "developer", content: "x" },
    ],
    [
      "its id for a role",
      { id: "msg_1", type: "message", content: "x" },
      flag.detached | flag.recast,
      { role: "developer", type: "message", content: "x" },
    ],
  ])("%s", (_what, item, flags, expected) => {
    expect(sent(item, flags)).toEqual(expected);
  });
});

describe("parts become words", () => {
  const words = { type: "input_text", text: "x".repeat(200) };
  const small = { type: "input_image", image_url: "data:image/png;base64,AA==" };
  const large = { type: "input_file", file_data: "x".repeat(200) };
  const sealed = { type: "encrypted_content", encrypted_content: seal };
  const message = { type: "message", role: "user", content: [words, small, large, sealed] };
  const placeholder = (what: string, part: object): object => ({
    type: "input_text",
    text: `[${what} of ${JSON.stringify(part).length} bytes stood here. It can't be shown any more.]`,
  });
  const [image, file] = [placeholder("An image", small), placeholder("A file", large)];
  const given = { type: "input_text", text: sealedText };

  it.each<[string, number, object[]]>([
    ["none", flag.detached, [words, small, large, sealed]],
    ["all media", flag.placeheld, [words, image, file, sealed]],
    ["large media", flag.trimmed, [words, small, file, sealed]],
    ["what is sealed", flag.unsealed, [words, small, large, given]],
    ["media and what is sealed", flag.placeheld | flag.unsealed, [words, image, file, given]],
  ])("%s", (_what, flags, content) => {
    expect(sent(message, flags, { role: "user" })).toEqual({ ...message, content });
    const output = { type: "custom_tool_call_output", call_id: "c", output: message.content };
    expect(sent(output, flags, { role: "user" })).toEqual({ ...output, output: content });
  });

  it("as the model's own in a message of the model's", () => {
    const said = { type: "message", role: "assistant", content: [sealed] };
    expect(sent(said, flag.unsealed, { role: "assistant" })).toEqual({
      ...said,
      content: [{ type: "output_text", text: sealedText }],
    });
  });

  it("only in content and outputs: other lists of the item stay", () => {
    const item = { ...message, kept: [small], content: "words" };
    expect(sent(item, flag.placeheld)).toEqual(item);
  });
});
