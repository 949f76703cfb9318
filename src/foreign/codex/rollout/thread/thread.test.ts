import { fc } from "../../../../../test/kit/property.ts";
import { expect, test } from "vitest";
import { linesIn } from "../bytes/lines.ts";
import { changes, event, header, history, line, said, turn } from "../../../../../test/kit/thread-lines.ts";
import type { ThreadChange } from "./thread-change.ts";
import { ThreadFold } from "./thread.ts";

test("only the first header counts: it is repeated in mid-file, and a fork has its parent's behind its own", () => {
  const own = { id: "aaaa", forked_from_id: "bbbb" };
  const begun = changes([
    header("aaaa", own),
    header("bbbb"),
    ...turn("one"),
    header("aaaa", { memory_mode: "on" }),
  ]).filter((change) => change.do === "begin");
  expect(begun).toMatchObject([{ header: { id: "aaaa", forkedFrom: "bbbb" } }]);
});

test("a rollback drops the person's last messages with what follows them, not what Codex wrote in their name", () => {
  const lines = [
    header("a"),
    said("user", "<environment_context>\n<cwd>/w</cwd></environment_context>"),
    ...turn("one"),
    ...turn("two"),
    said("user", "<turn_aborted>\nThe user interrupted the previous turn.\n</turn_aborted>"),
    ...turn("three"),
  ];
  const cut = (turns: number): string[] =>
    history([...lines, event("thread_rolled_back", { num_turns: turns })]);
  expect(cut(1).at(-1)).toBe("answer to two");
  expect(cut(2).at(-1)).toBe("answer to one");
  expect(cut(9)).toHaveLength(1);
  expect(cut(0)).toEqual(history(lines));
});

test("with a turn goes what Codex told the model right before it, as in 0.169", () => {
  const left = (...before: string[]): string[] =>
    history([
      header("a"),
      said("developer", "<permissions instructions>p</permissions instructions>"),
      said("user", "<environment_context>\n<cwd>/w</cwd></environment_context>"),
      ...turn("one"),
      ...before,
      ...turn("two"),
      event("thread_rolled_back", { num_turns: 1 }),
    ]).slice(2);
  const plan = said("developer", " <COLLABORATION_MODE>plan</collaboration_mode>");
  const both = line("response_item", {
    type: "message",
    role: "developer",
    content: [{ text: "ours" }, { text: "<model_switch>m" }].map((part) => ({ type: "input_text", ...part })),
  });
  const saved = said("developer", "Approved command prefix saved:\n- ls");
  const moved = said("user", "<environment_context>\n<cwd>/x</cwd></environment_context>");
  expect(left(plan, both, saved, moved)).toEqual(["one", "answer to one"]);
  expect(left(plan, said("developer", "ours"), moved).slice(2)).toEqual([
    " <COLLABORATION_MODE>plan</collaboration_mode>",
    "ours",
  ]);
  expect(left(said("developer", "<of_ours>x</of_ours>")).at(-1)).toBe("<of_ours>x</of_ours>");
});

test("a turn without a last message was cut off where an answer was owed, and only there", () => {
  const end = event("task_complete", { turn_id: "t", last_agent_message: null });
  const ended = (lines: readonly string[], known: (string | undefined)[] = []): string[] => {
    const fold = new ThreadFold(known);
    const all = linesIn(Buffer.from(lines.join("\n"))).flatMap((each) => fold.take(each));
    return all.flatMap(({ change }) => (change.do === "end" ? [change.outcome.kind] : []));
  };
  const begun = event("task_started", { turn_id: "t" });
  const call = line("response_item", { type: "function_call", name: "f", arguments: "{}", call_id: "c" });
  const said1 = said("user", "one");
  const remark = line("response_item", {
    type: "message",
    role: "assistant",
    phase: "commentary",
    content: [{ type: "output_text", text: "I look." }],
  });
  const compacted = line("compacted", { message: "", replacement_history: [] });
  const command = said("user", "<user_shell_command>\n<command>ls</command>\n</user_shell_command>");
  const review = said("user", "<user_action>\n<action>review</action>\n</user_action>");
  for (const fine of [[compacted], [command], [review, said("assistant", "Looks good.")]])
    expect(ended([header("a"), ...turn("one"), begun, ...fine, end])).toEqual(["completed", "completed"]);
  for (const cut of [[said1], [said1, remark], [said1, call], [call], [said1, compacted]])
    expect(ended([header("a"), ...turn("one"), begun, ...cut, end])).toEqual(["completed", "interrupted"]);
  // What was asked was taken over before.
  expect(ended([end], ["one"])).toEqual(["interrupted"]);
});

test("what is only Codex's own is not part of the history, and outputs that are lists are", () => {
  const found = changes([
    header("a"),
    line("response_item", { type: "ghost_snapshot", ghost_commit: {} }),
    line("response_item", {
      type: "custom_tool_call_output",
      call_id: "c",
      output: [{ type: "input_text", text: "x" }],
    }),
    line("novelty", { x: 1 }),
    "{torn",
  ]);
  expect(found.map((change) => change.do)).toEqual(["begin", "skip", "add", "skip", "skip"]);
});

test("model, effort and folder are told when they change", () => {
  const context = (more: object): string => line("turn_context", { cwd: "/w", model: "m", ...more });
  expect(
    changes([header("a"), context({}), context({}), context({ effort: "high" }), context({ model: "n" })]),
  ).toMatchObject([{}, { do: "set", model: "m" }, { effort: "high" }, { model: "n" }]);
});

test("a bare rollout names its folder in what Codex told the model", () => {
  const bare = [
    '{"id":"a","timestamp":"2025-05-01T00:00:00Z","instructions":null,"git":{}}',
    '{"type":"message","id":null,"role":"user","content":[{"type":"input_text","text":"<environment_context>\\n  <cwd>/there</cwd>\\n</environment_context>"}]}',
  ];
  expect(changes(bare)).toMatchObject([{ do: "begin" }, { do: "set", cwd: "/there" }, { do: "add" }]);
});

test("an item's own bytes are its payload's, whatever stands around it, and are not given where that isn't certain", () => {
  const output = { type: "function_call_output", call_id: "c", output: 'a "quoted" \\ back\n'.repeat(200) };
  const payload = JSON.stringify(output);
  const envelope = (behind: string): string =>
    `{"timestamp":"2026-01-02T03:04:05.000Z","ordinal":3,"type":"response_item","payload":${payload}${behind}}`;
  const bytesOf = (text: string): string | undefined => {
    const [change] = changes([text]);
    if (change?.do !== "add") throw new Error(`${text.slice(-40)} is no item`);
    const { bytes, skimmed } = change.item;
    // The last byte of one that was skimmed is given when it is copied.
    return skimmed ? `${skimmed.bytes.toString().slice(0, -1)}}` : bytes?.toString();
  };
  expect(bytesOf(payload)).toBe(payload);
  expect(bytesOf(envelope(""))).toBe(payload);
  expect(bytesOf(envelope(',"metadata":{"x":{"y":1}}'))).toBe(payload);
  expect(bytesOf(envelope(',"metadata":{"x":1,"metadata":{"y":1}}'))).toBe(payload);
  expect(bytesOf(envelope(',"metadata":null'))).toBeUndefined();
  expect(bytesOf(envelope(',"novelty":1'))).toBeUndefined();
  for (const behind of ["\r", " "]) expect(bytesOf(`${payload}${behind}`)).toBeUndefined();
});

test("an output whose text is no JSON is no item, and neither is one that is torn", () => {
  const broken = (text: string): string =>
    `{"type":"function_call_output","call_id":"c","output":"${"x".repeat(2_000)}${text}"}`;
  for (const text of ["\u0001", "\\x", "\\u12g4", "\\"])
    expect(changes([broken(text)]).map((change) => change.do)).toEqual(["skip"]);
  expect(changes([broken("").slice(0, -2)]).map((change) => change.do)).toEqual(["skip"]);
  for (const text of ['\\"', "\\u12a4", "\\\\", "é"])
    expect(changes([broken(text)]).map((change) => change.do)).toEqual(["add"]);
});

test("no lines make it throw, and its history never goes wrong", () => {
  const some = fc.constantFrom(
    header("a"),
    ...turn("one"),
    said("user", ""),
    line("compacted", { message: 5 }),
    line("compacted", { replacement_history: [1, {}, { type: "message", role: "user" }] }),
    event("thread_rolled_back", { num_turns: 1e9 }),
    event("thread_rolled_back", { num_turns: "x" }),
    line("turn_context", { model: 3, collaboration_mode: [] }),
    line("response_item", {}),
    "",
    "[]",
    "\0\0",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(some, fc.json())), (lines) => {
      expect(history(lines).every((text) => text !== undefined)).toBe(true);
    }),
  );
});

test("a rollback counts what one agent said to another, also where it was stored as an answer, and nothing of a program's", () => {
  const letter = {
    author: "/root",
    recipient: "/root/pond",
    other_recipients: [],
    content: "count",
    trigger_turn: true,
  };
  const lines = [
    header("a"),
    ...turn("one"),
    said("user", "<external_page>{}</external_page>"),
    said("assistant", "It is empty."),
    said("assistant", JSON.stringify(letter)),
    said("assistant", "Two ponds."),
    event("thread_rolled_back", { num_turns: 1 }),
  ];
  expect(history(lines)).toEqual([
    "one",
    "answer to one",
    "<external_page>{}</external_page>",
    "It is empty.",
  ]);
});

test("words stand in the place of what is too long, so that calls are answered and rollbacks count as before", () => {
  const fold = new ThreadFold();
  const long = (payload: object): ThreadChange[] => {
    const bytes = Buffer.from(line("response_item", payload).slice(0, 150));
    const given = { index: 0, offset: 0, length: 70_000_000, bytes, ending: "\n", whole: false } as const;
    return fold.take(given).map(({ change }) => change);
  };
  const words = expect.stringContaining("70 MB") as string;
  const skip = { do: "skip", why: "too-long" };
  const filler = "x".repeat(200);
  const call = { call_id: "call_1", name: "shell", arguments: filler };
  expect(long({ type: "message", role: "user", content: [{ type: "input_text", text: filler }] })).toEqual([
    { do: "add", item: expect.objectContaining({ prompt: words }) as object },
    skip,
  ]);
  expect(long({ type: "function_call", ...call })).toMatchObject([
    { item: { payload: { type: "function_call", call_id: "call_1", name: "shell", arguments: words } } },
    skip,
  ]);
  expect(long({ type: "function_call_output", call_id: "call_1", output: filler })).toMatchObject([
    { item: { payload: { call_id: "call_1", output: words } } },
    skip,
  ]);
  expect(long({ type: "reasoning", summary: [], encrypted_content: filler })).toEqual([skip]);
  const back = linesIn(Buffer.from(event("thread_rolled_back", { num_turns: 1 })))[0]!;
  expect(fold.take(back)).toMatchObject([{ change: { do: "cut", keep: 0 } }]);
});

test("a prompt that only an event tells counts where Codex has written nothing of its own before it, and once", () => {
  const told = (message: string): string => event("user_message", { message });
  expect(
    history([header("a"), told("go on"), said("assistant", "one"), told("go on"), said("user", "go on")]),
  ).toEqual(["go on", "one", "go on"]);
  expect(history([header("a"), said("user", "first"), told("first"), told("second")])).toEqual([
    "first",
    "second",
  ]);
  expect(history([header("a"), said("user", "[TEXT 7]"), told("[MESSAGE 7]")])).toEqual(["[TEXT 7]"]);
  const prompts = ["first", "second"];
  const [records, events] = [prompts.map((text) => said("user", text)), prompts.map(told)];
  expect(history([header("a"), ...records, ...events])).toEqual(prompts);
  expect(history([header("a"), ...events])).toEqual(prompts);
  const context = said("user", "<environment_context>\n<cwd>/w</cwd></environment_context>");
  expect(history([header("a"), context, told("first"), said("user", "first"), told("second")])).toHaveLength(
    2,
  );
});

test("the record of a prompt takes the place of the event before it, which tells no pictures and no files", () => {
  const more = [
    { type: "input_text", text: "look\n<file>a</file>" },
    { type: "input_image", image_url: "data:image/png;base64,AAAA" },
  ];
  const added = changes([
    header("a"),
    event("user_message", { message: "look" }),
    line("response_item", { type: "message", role: "user", content: more }),
    said("assistant", "one"),
  ]).flatMap((change) => (change.do === "add" ? [change.item.payload["content"]] : []));
  expect(added).toEqual([more, [{ type: "output_text", text: "one" }]]);
});

test("what only events tell counts where no message has a record, whatever marks of turns stand around it", () => {
  const told = (message: string): string => event("user_message", { message });
  const says = (message: string): string => event("agent_message", { message });
  const start = event("task_started", {});
  const ended = event("task_complete", {});
  expect(
    history([header("a"), start, told("one"), says("a"), ended, start, told("two"), says("b"), ended]),
  ).toEqual(["one", "a", "two", "b"]);
  expect(
    history([header("a"), told("one"), says("a"), said("assistant", "a"), says("b"), said("assistant", "b")]),
  ).toEqual(["one", "a", "b"]);
  expect(history([header("a"), said("user", "one"), told("one"), says("a")])).toEqual(["one"]);
  const review = [
    event("entered_review_mode"),
    start,
    told("check"),
    said("user", "<user_action>"),
    says("a"),
  ];
  expect(history([header("a"), ...review])).toEqual(["<user_action>"]);
  const later = event("item_completed", { item: { type: "EnteredReviewMode" } });
  expect(history([header("a"), later, ...review.slice(1)])).toEqual(["<user_action>"]);
});

test("parts of another API become items in order", () => {
  const content = [
    { type: "text", text: "Looking." },
    { type: "tool_use", id: "toolu_1", name: "Bash", input: { command: "ls" } },
  ];
  const answer = [{ type: "tool_result", tool_use_id: "toolu_1", content: "a.ts" }];
  const added = changes([
    header("a"),
    line("response_item", { type: "message", role: "assistant", content }),
    line("response_item", { type: "message", role: "user", content: answer }),
  ]).flatMap((change) => (change.do === "add" ? [change.item.payload] : []));
  expect(added).toEqual([
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "Looking." }] },
    { type: "function_call", name: "Bash", arguments: '{"command":"ls"}', call_id: "toolu_1" },
    { type: "function_call_output", call_id: "toolu_1", output: "a.ts" },
  ]);
});
