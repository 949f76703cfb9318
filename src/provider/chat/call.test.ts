import { afterEach, describe, expect, it, vi } from "vitest";
import { ask, input, kinds, reasonOf, items } from "../../../test/wire/ask.ts";
import { callDelta, callIds, chunk, done, stop, told } from "../../../test/wire/chat-answers.ts";
import { bodyOf, closeServers, serve } from "../../../test/wire/upstream.ts";
import type { Said } from "../wire/wire.ts";
import { chatProvider } from "./provider.ts";
import { ChatReader } from "./reader.ts";

afterEach(closeServers);

const patch = {
  change: { tools: [{ type: "custom" as const, name: "apply_patch", description: "patches" }] },
};

describe("a call", () => {
  it("is told before the answer ends, and only when its arguments are whole", async () => {
    let held = true;
    const url = await serve(async (incoming, response) => {
      await bodyOf(incoming);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(callDelta(0, '{"a":1}', "a", "one") + callDelta(1, '{"b', "b", "two"));
      // Waits until the first call was told.
      const timer = setInterval(() => {
        if (held) return;
        clearInterval(timer);
        response.end(callDelta(1, '":2}') + chunk({ delta: {}, finish_reason: "tool_calls" }) + done);
      }, 5);
    });
    const events = await ask(url, {
      make: chatProvider,
      each: (event) => void (event.type === "item" && (held = false)),
    });
    expect(callIds(events)).toEqual(["a", "b"]);
  });

  it("that is whole is told even when the stream is cut after it", async () => {
    const events = await told(callDelta(0, "", "a", "one") + callDelta(0, '{"a":{}') + callDelta(0, "}"));
    expect(kinds(events)).toEqual(["opened", "item", "failed"]);
    expect(items(events)).toMatchObject([{ arguments: '{"a":{}}' }]);
  });

  it("that begins with an empty object, as some gateways do, waits for what follows", async () => {
    const events = await told(
      callDelta(0, "{}", "a", "one") + chunk({ delta: {}, finish_reason: "tool_calls" }) + done,
    );
    expect(items(events)).toMatchObject([{ arguments: "{}" }]);
    expect(items(await told(callDelta(0, "{}", "a", "one")))).toEqual([]);
    const then = await told(
      callDelta(0, "{}", "a", "one") + callDelta(0, '{"x":') + callDelta(0, "1}") + stop,
    );
    expect(items(then)).toMatchObject([{ arguments: '{"x":1}' }]);
  });

  it("whose end repeats its id and name is one call", async () => {
    const events = await told(
      callDelta(0, '{"a":1}', "a", "one") + callDelta(0, "", "a", "one") + stop + done,
    );
    expect(items(events)).toHaveLength(1);
  });

  it("whose fragments come between another's stays whole", async () => {
    const events = await told(
      callDelta(0, '{"a":', "a", "one") +
        callDelta(1, '{"b":', "b", "two") +
        callDelta(0, "1}") +
        callDelta(1, "2}") +
        callDelta(0, "") +
        chunk({ delta: {}, finish_reason: "tool_calls" }) +
        done,
    );
    expect(items(events)).toMatchObject([{ arguments: '{"a":1}' }, { arguments: '{"b":2}' }]);
  });

  it("is read as JSON when its last bracket closes, not with each fragment", () => {
    const reader = new ChatReader([], new Set());
    const fragment = (call: object): Said[] =>
      reader.event("", { choices: [{ delta: { tool_calls: [call] } }] }, "");
    fragment({ index: 0, id: "a", function: { name: "write", arguments: '{"text":"' } });
    const parse = vi.spyOn(JSON, "parse");
    try {
      for (let line = 0; line < 1_000; line++)
        fragment({ index: 0, function: { arguments: "if (x) { y(); }" } });
      expect(parse).not.toHaveBeenCalled();
    } finally {
      parse.mockRestore();
    }
    expect(fragment({ index: 0, function: { arguments: '"}' } })).toMatchObject([{ type: "item" }]);
  });

  it("without arguments gets an empty object", async () => {
    const events = await told(
      callDelta(0, "", "a", "one") + chunk({ delta: {}, finish_reason: "tool_calls" }) + done,
    );
    expect(items(events)).toMatchObject([{ arguments: "{}" }]);
  });

  it("keeps what the model wrote in place of JSON", async () => {
    const events = await told(
      callDelta(0, '{"a": oops', "a", "one") + chunk({ delta: {}, finish_reason: "tool_calls" }) + done,
    );
    expect(items(events)).toMatchObject([{ type: "function_call", arguments: '{"a": oops' }]);
  });

  it.each([
    ["its text under another name", '{"patch":"*** Begin"}', "*** Begin"],
    ["bare text", "*** Begin", "*** Begin"],
    ["a JSON string", '"*** Begin"', "*** Begin"],
  ])("of a custom tool is read from %s", async (_what, args, text) => {
    const events = await told(callDelta(0, args, "a", "apply_patch") + stop + done, patch);
    expect(items(events)).toEqual([
      { type: "custom_tool_call", call_id: "a", name: "apply_patch", input: text },
    ]);
  });

  it("without an id, or with one that the history has, gets the same free one each time", async () => {
    const history = input(
      '{"type":"function_call","call_id":"call_0","name":"one","arguments":"{}"}',
      '{"type":"function_call_output","call_id":"call_0","output":"x"}',
    );
    const body =
      callDelta(0, "{}", "call_0", "one") +
      callDelta(1, "{}", undefined, "two") +
      callDelta(2, "{}", "", "three") +
      stop +
      done;
    const first = callIds(await told(body, { change: { input: history } }));
    expect(first).toEqual(["call_0_2", "call_3", "call_4"]);
    expect(callIds(await told(body, { change: { input: history } }))).toEqual(first);
  });

  it("whose every fragment has an id of its own is one call", async () => {
    const events = await told(callDelta(0, '{"a"', "x1", "one") + callDelta(0, ":1}", "x2") + stop + done);
    expect(items(events)).toEqual([
      { type: "function_call", call_id: "x1", name: "one", arguments: '{"a":1}' },
    ]);
  });

  it("without a name is no call: the answer is damaged", async () => {
    expect(reasonOf(await told(callDelta(0, '{"a":1}', "x") + stop + done))).toBe("incomplete");
  });
});
describe("an answer with thousands of calls", () => {
  const deltas = Array.from({ length: 20_000 }, (_, index) => ({
    index,
    function: { name: "look", arguments: '{"a":1}' },
  }));

  it.each([
    ["without numbers and ids", deltas.map(({ index: _index, ...delta }) => delta)],
    ["under one id", deltas.map((delta) => ({ ...delta, id: "call_0" }))],
  ])("is read as fast as it comes %s", (_name, calls) => {
    const reader = new ChatReader([], new Set());
    const ids = new Set(
      calls.flatMap((call) => {
        const event = { choices: [{ delta: { tool_calls: [call] } }] };
        return reader.event("", event, "").flatMap((said) => (said.type === "item" ? [said.facts.call] : []));
      }),
    );
    expect(ids.size).toBe(calls.length);
  });
});
