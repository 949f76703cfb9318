import { fc } from "../../../test/kit/property.ts";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { type Message, messagesOf } from "./messages.ts";

const user = (text: string): JsonObject => ({
  type: "message",
  role: "user",
  content: [{ type: "input_text", text }],
});
const assistant = (text: string): JsonObject => ({
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text }],
});
const call = (id: string, args = '{"command":"ls"}'): JsonObject => ({
  type: "function_call",
  call_id: id,
  name: "shell_command",
  arguments: args,
});
const output = (id: string, text: string): JsonObject => ({
  type: "function_call_output",
  call_id: id,
  output: text,
});
const thinking = (text: string, signature: string): JsonObject => ({
  type: "reasoning",
  id: "rs_1",
  summary: [],
  content: [{ type: "reasoning_text", text }],
  encrypted_content: signature,
  format: "anthropic-thinking-v1",
});

const text = (value: string): JsonObject => ({ type: "text", text: value });
const result = (id: string, value: string): JsonObject => ({
  type: "tool_result",
  tool_use_id: id,
  content: [text(value)],
});
const use = (id: string, input: object = { command: "ls" }): JsonObject => ({
  type: "tool_use",
  id,
  name: "shell_command",
  input,
});

const messages = (items: JsonObject[], thinks = true): unknown => messagesOf(items, thinks).messages;

describe("a history", () => {
  it("becomes turns that alternate, with the thinking verbatim before what it led to", () => {
    const items = [
      user("a"),
      user("b"),
      thinking("hm", "SIG+/="),
      assistant("c"),
      call("toolu_1"),
      output("toolu_1", "x"),
      assistant("d"),
      user("e"),
    ];
    expect(messages(items)).toEqual([
      { role: "user", content: [text("a"), text("b")] },
      {
        role: "assistant",
        content: [{ type: "thinking", thinking: "hm", signature: "SIG+/=" }, text("c"), use("toolu_1")],
      },
      { role: "user", content: [result("toolu_1", "x")] },
      { role: "assistant", content: [text("d")] },
      { role: "user", content: [text("e")] },
    ]);
  });

  it("has all results of a response in the one message after it, before anything that was said meanwhile", () => {
    const items = [user("a"), call("1"), call("2"), output("2", "y"), user("steer"), output("1", "x")];
    expect(messages(items)).toEqual([
      { role: "user", content: [text("a")] },
      { role: "assistant", content: [use("1"), use("2")] },
      { role: "user", content: [result("1", "x"), result("2", "y"), text("steer")] },
    ]);
  });

  it("answers a call without a result, and tells a result without a call in words", () => {
    const [, , answered] = messagesOf([user("a"), call("1")], true).messages;
    expect(answered?.content).toEqual([
      { ...result("1", "outcome unknown; verify before repeating"), is_error: true },
    ]);
    expect(messages([user("a"), output("9", "late")])).toEqual([
      {
        role: "user",
        content: [text("a"), text("[The output of a tool call that is not shown:]"), text("late")],
      },
    ]);
  });

  it("leaves out the reasoning of other wires, blocks without a signature, and thinking that nothing follows", () => {
    const foreign = { type: "reasoning", id: "rs_2", summary: [], encrypted_content: "gAAAAA" };
    const unsigned = { ...thinking("hm", ""), encrypted_content: null };
    const redacted = {
      type: "reasoning",
      summary: [],
      encrypted_content: "DATA",
      format: "anthropic-redacted-v1",
    };
    const items = [
      user("a"),
      foreign,
      unsigned,
      redacted,
      assistant("b"),
      thinking("left over", "S"),
      user("c"),
    ];
    expect(messages(items)).toEqual([
      { role: "user", content: [text("a")] },
      { role: "assistant", content: [{ type: "redacted_thinking", data: "DATA" }, text("b")] },
      { role: "user", content: [text("c")] },
    ]);
    expect(messages(items, false)).toMatchObject([{}, { content: [text("b")] }, {}]);
  });

  it("keeps arguments that are no JSON object under a member that says so, and a custom call's text as its input", () => {
    const custom = { type: "custom_tool_call", call_id: "2", name: "apply_patch", input: "*** Begin" };
    const items = [user("a"), call("1", '{"command":'), custom];
    expect(messages(items)).toMatchObject([
      {},
      {
        content: [
          { input: { arguments_that_are_not_a_json_object: '{"command":' } },
          { name: "apply_patch", input: { input: "*** Begin" } },
        ],
      },
      {},
    ]);
  });

  it("has no half characters and NULs in arguments, whose strings are strings in a string", () => {
    const sent = JSON.stringify(
      messages([user("a"), call("1", '{"command":"a\\ud800b","\\udc00":["\\u0000"]}')]),
    );
    expect(sent).toContain('"input":{"command":"a\ufffdb","\ufffd":["\ufffd"]}');
    expect(sent).not.toMatch(/\\ud800|\\udc00|\\u0000/u);
  });

  it("sends numbers as the model wrote them, which no double holds, also beside an escape", () => {
    const written = '{"id":12345678901234567890,"x":[1e400,0.10000000000000000555],"n":1}';
    const escaped = written.replace("}", ',"\\u0061":"\\u0000"}');
    const sent = JSON.stringify(messages([user("a"), call("1", written), call("2", escaped)]));
    expect(sent).toContain(`"input":${written}`);
    expect(sent).toContain(`"input":${written.replace("}", ',"a":"\ufffd"}')}`);
  });

  it("sends ids and names that the wire takes, each call under one of its own, and knows whose they are", () => {
    const long = `functions.shell:${"x".repeat(80)}`;
    const items = [
      user("a"),
      call("1"),
      output("1", "x"),
      call("1"),
      output("1", "y"),
      call(long),
      output(long, "z"),
    ];
    const { messages: sent, calls } = messagesOf(items, true);
    const ids = sent.flatMap(({ content }) =>
      content.flatMap((block) => (block.type === "tool_use" ? [block.id] : [])),
    );
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[\w-]{1,64}$/u);
    expect(ids.map((id) => calls.get(id))).toEqual(["1", "1", long]);
    expect(sent.at(-1)).toMatchObject({ content: [{ tool_use_id: ids[2], content: [text("z")] }] });
  });

  it("begins and ends with the user, and puts what stands before it all into the system", () => {
    const developer = { type: "message", role: "developer", content: "rules" };
    const { system, messages: sent } = messagesOf(
      [developer, assistant("b"), developer, assistant("c")],
      true,
    );
    expect(system).toEqual([text("rules")]);
    expect(sent.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant", "user"]);
    expect(sent[2]?.content).toEqual([text("rules")]);
    expect(messagesOf([], true).messages).toHaveLength(1);
  });

  it("carries images and files, and names those that the wire doesn't take", () => {
    const content = [
      { type: "input_image", image_url: "data:image/png;base64,iVBORw==" },
      { type: "input_image", image_url: "https://example.org/a.jpg" },
      { type: "input_image", file_id: "file_1" },
      { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERi0=" },
      { type: "input_text", text: " \n" },
    ];
    const shot = { ...output("1", ""), output: content.slice(0, 1) };
    expect(messages([{ type: "message", role: "user", content }, call("1"), shot])).toMatchObject([
      {
        content: [
          { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw==" } },
          { type: "image", source: { type: "url", url: "https://example.org/a.jpg" } },
          text("[Left out here: an image.]"),
          { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" } },
        ],
      },
      {},
      { content: [{ type: "tool_result", content: [{ type: "image" }] }] },
    ]);
  });

  it("is always one that the wire takes, whatever the log holds", () => {
    const id = fc.constantFrom("1", "2", "a.b", "");
    const item = fc.oneof(
      fc.string().map(user),
      fc.string().map(assistant),
      fc.tuple(id, fc.string()).map(([of, args]) => call(of, args)),
      fc.tuple(id, fc.string()).map(([of, value]) => output(of, value)),
      fc.string().map((value) => thinking(value, "SIG")),
      fc.constantFrom<JsonObject>(
        { type: "message", role: "developer", content: "d" },
        { type: "web_search_call", id: "ws_1" },
        { type: "compaction", encrypted_content: "gAAAAA" },
        { type: "message", role: "user", content: [] },
        { role: "user", content: "short" },
      ),
    );
    fc.assert(
      fc.property(fc.array(item, { maxLength: 14 }), fc.boolean(), (items, thinks) => {
        const { messages: sent } = messagesOf(items, thinks);
        expect(violation(sent)).toBeUndefined();
        expect(JSON.stringify(messagesOf(items, thinks).messages)).toBe(JSON.stringify(sent));
      }),
    );
  });
});

/** What the API would refuse of these messages, written from its documentation and not from the code. */
function violation(sent: readonly Message[]): string | undefined {
  const seen = new Set<string>();
  for (const [at, { role, content }] of sent.entries()) {
    if (role !== (at % 2 === 0 ? "user" : "assistant")) return `${at}: ${role}`;
    if (content.length === 0) return `${at}: empty`;
    const last = content.at(-1)!.type;
    if (role === "assistant" && last.endsWith("thinking")) return `${at}: ends with thinking`;
    const uses = (sent[at - 1]?.content ?? []).flatMap((block) =>
      block.type === "tool_use" ? [block.id] : [],
    );
    const results = content.flatMap((block) => (block.type === "tool_result" ? [block.tool_use_id] : []));
    if (uses.join() !== results.join()) return `${at}: ${uses.join()} answered by ${results.join()}`;
    if (content.findLastIndex(({ type }) => type === "tool_result") >= results.length)
      return `${at}: a result after text`;
    for (const block of content) {
      if (block.type === "text" && block.text.trim() === "") return `${at}: empty text`;
      if (block.type !== "tool_use") continue;
      if (role !== "assistant" || seen.has(block.id) || !/^[\w-]+$/u.test(block.id))
        return `${at}: id ${block.id}`;
      seen.add(block.id);
    }
  }
  return sent.at(-1)?.role === "user" ? undefined : "ends with the assistant";
}
