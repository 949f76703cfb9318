import { describe, expect, it } from "vitest";
import { answer, blank, event, examined, gone, type Line, prompt } from "../../../../test/kit/examined.ts";

const says = (message: string): Line => event("agent_message", { message });
const asks = (message: string): Line => event("user_message", { message });
const told = (type: "AgentMessage" | "UserMessage", text: string, id?: string): Line =>
  event("item_completed", { item: { type, id, content: [{ type: "Text", text }] } });
const [began, ended] = [event("task_started"), event("task_complete")];
/** Stands before the first prompt of every session of Codex's own. */
const begun: Line = prompt("<environment_context></environment_context>");
const back = event("thread_rolled_back", { num_turns: 1 });
const summary: Line = ["compacted", { message: "so far", replacement_history: [] }];

/** Messages whose record is gone: whose, at which line the event is and at which the record was. */
async function lost(lines: readonly Line[], has?: "ordinals"): Promise<string[]> {
  const { lostMessages } = await examined(lines, has);
  return lostMessages.map(({ role, event: its, hole }) => {
    const ordinal = hole.ordinal === undefined ? "" : ` (${hole.ordinal})`;
    return `${role} ${its.index}, ${hole.bytes === 0 ? "before" : "in"} ${hole.index}${ordinal}`;
  });
}

describe("an answer is lost", () => {
  it("though a later turn was taken back", async () => {
    const turn = [prompt("one"), asks("one"), says("a"), blank, ended];
    expect(await lost([...turn, prompt("two"), back])).toEqual(["assistant 3, in 4"]);
  });

  it("though other events stand between", async () => {
    expect(await lost([says("a"), event("token_count"), blank, ended])).toEqual(["assistant 1, in 3"]);
  });

  it.each<[string, Line[], string[]]>([
    ["where a line behind its event is blank", [says("a"), blank, ended], ["assistant 1, in 2"]],
    ["where its event is the last line", [begun, asks("one"), says("a")], ["assistant 3, before 4"]],
    ["though its turn has not ended", [says("a"), blank, event("token_count")], ["assistant 1, in 2"]],
    [
      "when the turn was aborted",
      [says("a"), blank, event("turn_aborted"), answer("a")],
      ["assistant 1, in 2"],
    ],
    [
      "when another turn begins",
      [says("a"), blank, event("task_started"), answer("a")],
      ["assistant 1, in 2"],
    ],
    [
      "when the person goes on",
      [prompt("b"), says("a"), blank, asks("b"), answer("a")],
      ["assistant 2, in 3"],
    ],
    [
      "with another one, each at a place of its own",
      [says("a"), says("b"), blank, blank, ended],
      ["assistant 1, in 3", "assistant 2, in 4"],
    ],
    [
      "and not the one before it, whose record is there",
      [says("a"), says("b"), answer("a"), blank, ended],
      ["assistant 2, in 4"],
    ],
    [
      "and not the one behind it, whose record is there",
      [says("a"), says("b"), blank, answer("b"), ended],
      ["assistant 1, in 3"],
    ],
    [
      "that says the same as one whose record came first",
      [answer("a"), says("a"), says("a"), blank, ended],
      ["assistant 3, in 4"],
    ],
    [
      "that says the same as an answer of an earlier turn",
      [answer("a"), ended, says("a"), blank, ended],
      ["assistant 3, in 4"],
    ],
    ["that an item's event tells", [told("AgentMessage", "a", "msg_a"), blank, ended], ["assistant 1, in 2"]],
    [
      "whose event has another id than the answer behind it",
      [told("AgentMessage", "a", "msg_a"), answer("b", { id: "msg_b" }), blank, ended],
      ["assistant 1, in 3"],
    ],
    [
      "though lines of other types follow",
      [says("a"), blank, ended, ["turn_context", {}]],
      ["assistant 1, in 2"],
    ],
    [
      "once, where its event is there twice",
      [told("AgentMessage", "a", "msg_a"), told("AgentMessage", "a", "msg_a"), blank, blank, ended],
      ["assistant 1, in 3"],
    ],
  ])("%s", async (_what, lines, found) => {
    expect(await lost(lines)).toEqual(found);
  });

  it.each<[string, Line[]]>([
    ["where its record comes", [says("a"), blank, answer("a"), ended]],
    ["where its record came before", [answer("a"), says("a"), blank, ended]],
    [
      "where its record came before, by its id",
      [answer("a", { id: "msg_a" }), told("AgentMessage", "b", "msg_a"), blank, ended],
    ],
    [
      "where its record comes with other words and its id",
      [told("AgentMessage", "a", "msg_a"), answer("b", { id: "msg_a" }), blank, ended],
    ],
    ["where no line is missing", [says("a"), ended]],
    ["where no line is missing and the turn goes on", [says("a"), event("token_count")]],
    ["where only an empty line stands", [says("a"), "", ended]],
    ["where the blank line is before its event", [blank, says("a"), ended]],
    ["where the turn ended before the blank line", [says("a"), ended, blank]],
    [
      "where it never had one, as that of a later one shows",
      [says("a"), says("b"), answer("b"), blank, ended],
    ],
    ["where it says nothing", [says(""), blank, ended]],
    ["where Codex says that it compacted", [says("Compact task completed"), blank, ended]],
    ["where Codex says what it imported", [says("<EXTERNAL SESSION IMPORTED>"), blank, ended]],
    [
      "where its event is a copy behind the record",
      [
        told("AgentMessage", "a", "msg_a"),
        answer("a", { id: "msg_a" }),
        told("AgentMessage", "a", "msg_a"),
        blank,
        ended,
      ],
    ],
    ["where a summary took its place before the blank line", [says("a"), summary, blank, ended]],
    ["where a summary took its place behind it", [says("a"), blank, ended, summary]],
    ["where a rollback took it back", [prompt("one"), asks("one"), says("a"), blank, ended, back]],
    [
      "where a rollback took it back before the turn ended",
      [prompt("one"), asks("one"), says("a"), blank, back],
    ],
  ])("not %s", async (_what, lines) => {
    expect(await lost(lines)).toEqual([]);
  });
});

describe("a prompt is lost", () => {
  const far = Array.from({ length: 4 }, () => event("token_count"));
  it.each<[string, Line[], string[]]>([
    ["where a line before its event is blank", [blank, asks("one")], ["user 2, in 1"]],
    ["at the nearest of the blank lines", [blank, blank, asks("one")], ["user 3, in 2"]],
    ["where a few lines stand between", [blank, ...far.slice(1), asks("one")], ["user 5, in 1"]],
    ["that an item's event tells", [blank, told("UserMessage", "one")], ["user 2, in 1"]],
    [
      "that says the same as the one before",
      [prompt("go on"), asks("go on"), blank, asks("go on")],
      ["user 4, in 3"],
    ],
    ["that says something else than the one before", [prompt("one"), blank, asks("two")], ["user 3, in 2"]],
    [
      "where Codex has written nothing of its own before it, as in what another program converted",
      [asks("one"), answer("a"), asks("two"), begun, asks("three")],
      ["user 1, before 1", "user 3, before 3"],
    ],
    [
      "with the answers where no message has a record, and the program marked turns as Codex does",
      [began, ["turn_context", {}], asks("one"), says("a"), ended, began, asks("two"), says("b"), ended],
      ["user 3, before 3", "assistant 4, before 4", "user 7, before 7", "assistant 8, before 8"],
    ],
    [
      "alone where the answers have records",
      [asks("one"), says("a"), answer("a"), ended, asks("two"), says("b"), ended],
      ["user 1, before 1", "user 5, before 5"],
    ],
    [
      "though a rollback took it back, which counts it",
      [prompt("one"), asks("one"), blank, asks("two"), back],
      ["user 4, in 3"],
    ],
  ])("%s", async (_what, lines, found) => {
    expect(await lost(lines)).toEqual(found);
  });

  it.each<[string, Line[]]>([
    ["where its record is there", [prompt("one"), blank, asks("one")]],
    [
      "where its record is there before that of another",
      [prompt("one"), prompt("two"), blank, asks("one"), asks("two")],
    ],
    ["where its record says more", [prompt("<image a.png> one"), blank, asks("one")]],
    [
      "where its record says more, before what Codex says of the workspace",
      [
        prompt("<image a.png> one"),
        prompt("<environment_context></environment_context>"),
        blank,
        asks("one"),
      ],
    ],
    ["where the blank line is far away", [begun, blank, ...far, event("token_count"), asks("one")]],
    ["where no line is missing", [begun, prompt("one"), asks("two")]],
    [
      "where the environment was told before it",
      [prompt("<environment_context></environment_context>"), asks("one")],
    ],
    [
      "of a review that a session begins with",
      [event("entered_review_mode"), began, asks("one"), asks("one")],
    ],
    [
      "of a review that a session of 0.155 or later begins with",
      [
        event("item_completed", { item: { type: "EnteredReviewMode" } }),
        began,
        told("UserMessage", "one", "m"),
      ],
    ],
    ["where its record has other words, as redacted ones have", [prompt("[TEXT 7]"), asks("[MESSAGE 7]")]],
    ["where its record comes after it, before anything of Codex's", [asks("one"), prompt("one")]],
    ["where it says nothing", [blank, asks("")]],
    ["where a summary took its place", [blank, asks("one"), summary]],
  ])("not %s", async (_what, lines) => {
    expect(await lost(lines)).toEqual([]);
  });
});

it.each<[string, Line[], string[]]>([
  ["a line is gone", [says("a"), gone, ended], ["assistant 1, before 2 (2)"]],
  ["a line is blank", [says("a"), blank, ended], ["assistant 1, in 2 (2)"]],
  [
    "two lines are blank",
    [blank, asks("one"), says("a"), blank, blank, ended],
    ["user 2, in 1 (1)", "assistant 3, in 4 (4)"],
  ],
  [
    "a line is blank and one behind it is gone",
    [says("a"), says("b"), blank, gone, ended],
    ["assistant 1, in 3 (3)", "assistant 2, before 4 (4)"],
  ],
  [
    "a hundred lines are blank, the prompt's the last of them",
    [...Array.from({ length: 100 }, () => blank), asks("one")],
    ["user 101, in 100 (100)"],
  ],
  ["a prompt's line is gone", [gone, asks("one")], ["user 1, before 1 (1)"]],
  ["the rest of the file is gone", [says("a")], ["assistant 1, before 2 (2)"]],
])("the record has an ordinal again where %s", async (_what, lines, found) => {
  expect(await lost(lines, "ordinals")).toEqual(found);
});

it("a blank line that never had an ordinal gives none", async () => {
  const next = JSON.stringify({ ordinal: 2, type: "event_msg", payload: { type: "task_complete" } });
  expect(await lost([says("a"), blank, next], "ordinals")).toEqual(["assistant 1, in 2"]);
});

it("what is lost behind the last line goes to the end of the file", async () => {
  const { lostMessages, bytes } = await examined([says("a")]);
  expect(lostMessages[0]?.hole).toEqual({ index: 2, at: bytes, bytes: 0 });
});

describe("an event is lost", () => {
  const of = (id: string): object => ({ id, internal_chat_message_metadata_passthrough: { turn_id: "a" } });
  const asked = prompt("one", of("msg_one"));
  const said = answer("a", of("msg_a"));
  const late = told("AgentMessage", "a", "msg_a");
  const makes = (message: string): Line => ["compacted", { message, replacement_history: [] }];

  it.each<[string, Line[], string[]]>([
    ["where the line behind a prompt is blank", [asked, blank, answer("a")], ["user 1, in 2 (2)"]],
    ["where the line behind a prompt is gone", [asked, gone, answer("a")], ["user 1, in 2 (2)"]],
    [
      "at the first of two blank lines behind a prompt",
      [asked, blank, blank, answer("a")],
      ["user 1, in 2 (2)"],
    ],
    ["where another prompt follows", [asked, blank, prompt("two")], ["user 1, in 2 (2)"]],
    ["where an answer's event follows", [asked, blank, late], ["user 1, in 2 (2)"]],
    [
      "where an answer's event without an id follows",
      [asked, blank, says("a"), answer("a")],
      ["user 1, in 2 (2)"],
    ],
    ["of a prompt alone where an answer follows", [asked, blank, said], ["user 1, in 2 (2)"]],
    ["where the line before an answer is blank", [blank, said], ["assistant 2, in 1 (1)"]],
    ["where the line before an answer is gone", [gone, said], ["assistant 1, in 1 (1)"]],
    ["of one of two answers", [blank, said, answer("b", of("msg_b"))], ["assistant 2, in 1 (1)"]],
    [
      "of an answer that a sealed summary took the place of",
      [blank, said, makes("")],
      ["assistant 2, in 1 (1)"],
    ],
    [
      "of an answer before the one that is a summary, whatever summaries follow",
      [blank, said, blank, answer("so far", of("msg_b")), makes("so far"), makes("so far")],
      ["assistant 2, in 1 (1)"],
    ],
    [
      "of the answers beside one whose event comes late, however often that one is told",
      [
        blank,
        said,
        blank,
        answer("b", of("msg_b")),
        blank,
        answer("c", of("msg_c")),
        ...["msg_b", "x", "msg_b"].map((id) => told("AgentMessage", "b", id)),
      ],
      ["assistant 2, in 1 (1)", "assistant 6, in 5 (5)"],
    ],
  ])("%s", async (_what, lines, found) => {
    const { untold } = await examined(lines, "ordinals");
    expect(
      untold.map(({ role, record, hole }) => `${role} ${record.index}, in ${hole.index} (${hole.ordinal})`),
    ).toEqual(found);
  });

  it.each<[string, Line[], "no ordinals"?]>([
    ["where it is there", [asked, asks("one"), blank, answer("a")]],
    ["where the item's event is there", [asked, told("UserMessage", "one"), blank, answer("a")]],
    ["where it comes behind the blank line", [asked, blank, asks("one"), answer("a")]],
    ["where the blank line is further off", [asked, event("token_count"), blank, answer("a")]],
    ["of a prompt that doesn't tell its turn", [prompt("one", { id: "msg_1" }), blank, answer("a")]],
    ["of a prompt that has no id", [prompt("one", { ...of(""), id: null }), blank, answer("a")]],
    [
      "of a prompt that names no turn",
      [prompt("one", { ...of("msg_1"), internal_chat_message_metadata_passthrough: {} }), blank, answer("a")],
    ],
    [
      "where the blank line has no ordinal",
      [asked, blank, JSON.stringify({ ordinal: 2, type: "response_item", payload: prompt("two")[1] })],
    ],
    ["of a prompt without words", [prompt("", of("msg_1")), blank, answer("a")]],
    ["before there were ordinals", [asked, blank, blank, said], "no ordinals"],
    ["of an answer whose event is there", [late, blank, said]],
    ["of an answer whose event comes late", [blank, said, late]],
    ["of an answer that doesn't tell its turn", [blank, answer("a", { id: "msg_a" })]],
    ["of an answer that has no id", [blank, answer("a", { ...of(""), id: 1 })]],
    ["where a line stands between it and the answer", [blank, event("token_count"), said]],
    ["where a line stands between a place and the answer", [gone, event("token_count"), said]],
    ["of a summary", [blank, said, makes("so far")]],
  ])("not %s", async (_what, lines, has: "ordinals" | "no ordinals" = "ordinals") => {
    expect((await examined(lines, has)).untold).toEqual([]);
  });
});
