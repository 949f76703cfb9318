import { describe, expect, it } from "vitest";
import { call, event, examined, item, type Line, output, prompt } from "../../../../test/kit/examined.ts";

const custom = (id: string): Line => item("custom_tool_call", { call_id: id, name: "exec", input: "ls()" });
const of = (id: string, more: object = {}): Line =>
  item("custom_tool_call_output", { call_id: id, output: "a", ...more });
const told = (id: string): Line => event("exec_command_end", { call_id: id, command: ["ls"] });
const back: Line = event("thread_rolled_back", { num_turns: 1 });
const summary = (...items: unknown[]): Line => ["compacted", { message: "", replacement_history: items }];
const payload = (line: Line): unknown => line[1];

/** Each call without output and output without call: its id, its line and that of the event which tells how it went. */
async function alone(lines: readonly Line[]): Promise<string[]> {
  const { open, orphans, leavesIdsOut } = await examined(lines);
  expect(leavesIdsOut).toBe(false);
  const words = (
    what: string,
    { call: id, index, event: its }: { call: string; index: number; event?: { index: number } },
  ): string => `${what} ${id} at ${index}${its ? `, told at ${its.index}` : ""}`;
  return [...[...open].map((one) => words("call", one)), ...orphans.items.map((one) => words("output", one))];
}

it.each<[string, Line[], string[]]>([
  ["a call and its output", [call("a"), output("a"), custom("b"), of("b")], []],
  ["a call alone", [call("a"), call("b"), output("b")], ["call a at 1"]],
  ["a call with lines of other types behind it", [call("a"), ["turn_context", {}]], ["call a at 1"]],
  ["an output alone", [output("a"), call("b"), output("b")], ["output a at 1"]],
  ["an output that is there again", [call("a"), output("a"), output("a")], ["output a at 3"]],
  [
    "items without an id, which nothing pairs",
    [item("function_call", { call_id: "", name: "a" }), item("function_call_output", { call_id: "" })],
    [],
  ],
  ["a call that an event tells", [call("a"), told("a")], ["call a at 1, told at 2"]],
  ["an output whose call an event tells", [told("a"), told("b"), output("a")], ["output a at 3, told at 1"]],
  // A script of the model's (code mode) goes on to tell what it prints under its call.
  [
    "further outputs of a script",
    [custom("a"), of("a"), of("a", { name: "exec" }), of("a", { name: "exec" })],
    [],
  ],
  ["a second output of a script that is no further one", [custom("a"), of("a"), of("a")], ["output a at 3"]],
  ["further outputs of a script whose call is gone", [of("a"), of("a", { name: "exec" })], ["output a at 1"]],
  ["a first output that has the name of a further one", [of("a", { name: "exec" })], ["output a at 1"]],
  [
    "a further output of what is no script",
    [call("a"), output("a"), of("a", { name: "exec" })],
    ["output a at 3"],
  ],
  [
    "a search for tools, which is paired elsewhere",
    [item("tool_search_output", { call_id: "a" }), item("web_search_call", { call_id: "b" })],
    [],
  ],
])("of %s, what has no partner is told", async (_what, lines, found) => {
  expect(await alone(lines)).toEqual(found);
});

describe("a summary", () => {
  it.each<[string, Line[], string[]]>([
    ["takes the place of what is alone before it", [call("a"), output("b"), summary()], []],
    ["brings calls along whose outputs come", [summary(payload(call("a"))), output("a")], []],
    [
      "brings calls along for one output each",
      [summary(payload(call("a"))), output("a"), output("a")],
      ["output a at 3"],
    ],
    [
      "brings pairs along",
      [summary(payload(call("a")), payload(output("a"))), output("a")],
      ["output a at 2"],
    ],
    [
      "brings scripts along, which go on",
      [summary(payload(custom("a")), payload(of("a"))), of("a", { name: "exec" })],
      [],
    ],
    [
      "brings calls along and the next one doesn't",
      [summary(payload(call("a"))), summary(), output("a")],
      ["output a at 3"],
    ],
    [
      "takes the place of scripts, which don't go on",
      [custom("a"), of("a"), summary(), of("a", { name: "exec" })],
      ["output a at 4"],
    ],
    [
      "may hold what is no item",
      [summary(null, "a", { type: 1, call_id: "a" }, { type: "message" }, payload(call("b"))), output("b")],
      [],
    ],
    ["of early versions has no items", [call("a"), ["compacted", { message: "so far" }]], []],
  ])("%s", async (_what, lines, found) => {
    expect(await alone(lines)).toEqual(found);
  });
});

it.each<[string, Line[], string[]]>([
  ["a call", [prompt("one"), call("a"), prompt("two"), call("b"), back], ["call a at 2"]],
  ["an output", [prompt("one"), output("a"), prompt("two"), output("b"), back], ["output a at 2"]],
  [
    "a script",
    [
      prompt("one"),
      custom("a"),
      of("a"),
      prompt("two"),
      custom("b"),
      of("b"),
      back,
      of("a", { name: "exec" }),
      of("b", { name: "exec" }),
    ],
    ["output b at 9"],
  ],
  [
    "a further output",
    [custom("a"), of("a"), prompt("two"), of("a", { name: "exec" }), back, of("a", { name: "exec" })],
    [],
  ],
])("a rollback takes %s back that is of its turns, and no other", async (_what, lines, found) => {
  expect(await alone(lines)).toEqual(found);
});

it("a call is told with the name of its tool", async () => {
  const { open } = await examined([call("a")]);
  expect([...open].map(({ name, kind }) => [name, kind])).toEqual([["shell", "function_call"]]);
});
