import { describe, expect, it } from "vitest";
import {
  answer,
  blank,
  call,
  event,
  examined,
  item,
  type Line,
  output,
  prompt,
} from "../../../../test/kit/examined.ts";

const summary: Line = ["compacted", { message: "so far", replacement_history: [] }];
const reasoning = item("reasoning", { summary: [] });

describe("reasoning", () => {
  const opened = item("reasoning", { summary: [], content: [{ type: "reasoning_text", text: "so" }] });
  /** The lines of reasoning that has lost what it led to; damaged where a record is missing. */
  it.each<[string, Line[], string[]]>([
    ["that led to an answer", [reasoning, answer("a")], []],
    ["that led to a call", [reasoning, call("a"), output("a")], []],
    ["that led to a call whose output only is left", [reasoning, blank, output("a")], []],
    ["that led to a search", [reasoning, item("web_search_call", { id: "ws_1" })], []],
    ["that came in parts", [reasoning, reasoning, answer("a")], []],
    ["with an event behind it", [reasoning, event("token_count"), answer("a")], []],
    ["that the person broke off", [reasoning, prompt("two")], ["1"]],
    ["at the end", [answer("a"), reasoning], ["2"]],
    ["that the person broke off, and at the end", [reasoning, prompt("two"), reasoning], ["1", "3"]],
    ["before a blank line", [reasoning, blank, prompt("two")], ["1, damaged"]],
    ["before a blank line and the end", [reasoning, blank], ["1, damaged"]],
    ["before a blank line and more of it", [reasoning, blank, reasoning, answer("a")], ["1, damaged"]],
    ["behind a blank line", [blank, reasoning, prompt("two")], ["2"]],
    ["that a summary took the place of", [reasoning, prompt("two"), reasoning, summary], []],
    [
      "of which the last was taken back",
      [
        prompt("one"),
        reasoning,
        prompt("two"),
        reasoning,
        prompt("three"),
        reasoning,
        event("thread_rolled_back", { num_turns: 2 }),
      ],
      ["2"],
    ],
  ])("%s is alone there or isn't", async (_what, lines, found) => {
    const { lone } = (await examined(lines)).reasoning;
    expect(lone.map(({ index, isDamage }) => `${index}${isDamage ? ", damaged" : ""}`)).toEqual(found);
  });

  it("with words in plain text is told, unless a summary took its place", async () => {
    const empty = item("reasoning", { summary: [], content: [] });
    const lines = [reasoning, opened, empty, opened, answer("a")];
    expect((await examined(lines)).reasoning.plain.items.map(({ index }) => index)).toEqual([2, 4]);
    expect((await examined([...lines, summary])).reasoning.plain.items).toEqual([]);
  });
});

it("the first id that the model's items have is that of an answer or a call", async () => {
  const ids = [
    prompt("one", { id: "msg_1" }),
    item("reasoning", { id: "rs_1" }),
    answer("a"),
    answer("b", { id: 1 }),
  ];
  const before = await examined(ids);
  expect(before.reasoning.firstId).toBeUndefined();
  for (const first of [
    answer("a", { id: "msg_2" }),
    item("function_call", { id: "fc_1", call_id: "a", name: "a" }),
  ]) {
    const { reasoning: found } = await examined([...ids, first, answer("c", { id: "msg_3" })]);
    expect(found.firstId).toBe(before.bytes);
  }
});
