import { describe, expect, it } from "vitest";
import { sealedBlob } from "../../test/property/written-log.ts";
import { callInput, describeItem, replayableItem } from "./item.ts";
import { isSealedPart } from "./seal.ts";

const facts = (item: object): ReturnType<typeof describeItem> =>
  describeItem(new TextEncoder().encode(JSON.stringify(item)));

describe("what a log's header says of an item", () => {
  it("tells a seal's time, and a blob that was cut from one that is whole", () => {
    const blob = sealedBlob(1_700_000_000, "seed");
    const shape = (encrypted_content: unknown): unknown =>
      facts({ type: "reasoning", encrypted_content })?.sealed?.shape;
    expect(facts({ type: "reasoning", encrypted_content: blob })?.sealed).toMatchObject({
      at: 1_700_000_000,
      shape: "fernet",
    });
    expect(shape(blob.slice(0, 41))).toBe("malformed");
    expect(shape(`${blob.slice(0, 42)}=`)).toBe("malformed");
    expect(shape("some-other-seal_1")).toBe("opaque");
    expect(shape("gAAAAAB…")).toBe("malformed");
    for (let length = 6; length < 12; length++) expect(shape(blob.slice(0, length))).toBe("malformed");
    expect(shape({})).toBe("malformed");
  });

  it("tells whether reasoning carries words, and a call a signature", () => {
    expect(facts({ type: "reasoning", content: [{ type: "reasoning_text", text: "x" }] })?.text).toBe(true);
    for (const content of [[], null, undefined, "x"])
      expect(facts({ type: "reasoning", content })?.text).toBeUndefined();
    expect(facts({ type: "function_call", call_id: "a", thought_signature: "s" })?.signed).toBe(true);
    expect(facts({ type: "function_call", call_id: "a" })?.signed).toBeUndefined();
  });

  it("knows that a part is sealed only where something is: beside null there are words", () => {
    const words = { type: "input_text", text: "x", encrypted_content: null };
    const seal = { type: "encrypted_content", encrypted_content: sealedBlob(1_700_000_000, "seed") };
    const said = facts({ type: "agent_message", content: [words, seal] });
    expect([said?.sealed?.shape, said?.text]).toEqual(["fernet", true]);
    const bytes = (part: object): Uint8Array => new TextEncoder().encode(JSON.stringify(part));
    expect([words, seal].map((part) => isSealedPart(bytes(part)))).toEqual([false, true]);
  });

  it("knows what a call seals in its arguments, and what only looks like it", () => {
    const token = Buffer.from("80000000006553f100".padEnd(242, "07"), "hex");
    const blob = token.toString("base64url");
    const call = (message: unknown, more = {}): unknown =>
      facts({ type: "function_call", call_id: "a", arguments: JSON.stringify({ message }), ...more })?.sealed;
    expect(call(blob)).toMatchObject({ at: 1_700_000_000, shape: "fernet", tail: blob.slice(-16) });
    for (const words of [`${blob.slice(0, 60)}…`, `see ${blob}`, blob.slice(0, -4), "gAAAAA", { blob }])
      expect(call(words)).toBeUndefined();
    expect(call(blob, { encrypted_function_args: ["message"] })).toBeDefined();
    expect(call(blob, { encrypted_function_args: [] })).toBeUndefined();
    expect(
      facts({ type: "function_call", call_id: "a", arguments: `{"message":"${blob}` })?.sealed,
    ).toBeUndefined();
  });

  it("counts images and files of messages and outputs, with their bytes", () => {
    const image = { type: "input_image", image_url: "x".repeat(100) };
    const file = { type: "input_file", file_data: "y" };
    const bytes = [image, file].map((part) => JSON.stringify(part).length);
    const media = { count: 2, largest: Math.max(...bytes), total: bytes[0]! + bytes[1]! };
    const parts = [image, { type: "input_text", text: '"input_image"' }, file];
    expect(facts({ type: "message", role: "user", content: parts })?.media).toEqual(media);
    expect(facts({ type: "function_call_output", call_id: "a", output: parts })?.media).toEqual(media);
    const many = Array.from({ length: 150_000 }, () => ({ type: "input_image" }));
    expect(facts({ type: "message", role: "user", content: many })?.media?.count).toBe(150_000);
    expect(facts({ type: "message", role: "user", content: "input_image" })?.media).toBeUndefined();
  });
});

describe("what a call was given, for people", () => {
  it("is its arguments, its input or its action, and no ciphertext", () => {
    const token = Buffer.from("80000000006553f100".padEnd(242, "07"), "hex").toString("base64url");
    expect(callInput({ arguments: JSON.stringify({ task_name: "a", message: token }) })).toBe(
      '{"task_name":"a","message":"[sealed]"}',
    );
    expect(callInput({ input: "*** Begin Patch" })).toBe("*** Begin Patch");
    expect(callInput({ action: { type: "exec", command: ["ls"] } })).toBe('{"type":"exec","command":["ls"]}');
    expect([callInput({}), callInput(undefined)]).toEqual(["", ""]);
  });
});

describe("an item that no provider takes back as it is", () => {
  it("changes in what can't be sent and in nothing else, however deep it is nested", () => {
    const deep = `${"[".repeat(50_000)}"a\\ud800b\\u0000\\\\ud800"${"]".repeat(50_000)}`;
    const item = `{"type":"message", "n":12345678901234567890,"m":{"x":[0.1,1e400]},"\\uDC00":"\\ud83d\\ude00","deep":${deep}}`;
    const clean = Buffer.from(replayableItem(Buffer.from(item))).toString();
    expect(clean).toBe(
      item.replace("a\\ud800b", "a\\ufffdb").replace("\\u0000", "\\ufffd").replace("\\uDC00", "\\ufffd"),
    );
    const whole = Buffer.from('{"type":"message","text":"\\ud83d\\ude00 \\\\u0000"}');
    expect(replayableItem(whole)).toBe(whole);
  });
});
