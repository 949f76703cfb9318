import { expect, it } from "vitest";
import {
  answer,
  blank,
  call,
  event,
  examined,
  gone,
  item,
  type Line,
  output,
  prompt,
  sealed,
} from "../../../../test/kit/examined.ts";
import { longestExamined } from "../examine/examine.ts";
import { judge } from "./judge.ts";

const ran = (id: string): Line => event("exec_command_end", { call_id: id, command: ["ls"] });
const tool = (name: string): Line => item("function_call", { call_id: name, name, arguments: "{}" });
const says = event("agent_message", { message: "a" });
const ended = event("task_complete", { last_agent_message: "a" });
const refused = (message: string): Line => event("task_complete", { error: { message } });
const reasoning = item("reasoning", { summary: [] });
const idOnly = item("reasoning", { id: "rs_1", summary: [], encrypted_content: null });
const cutOff = item("reasoning", { id: "rs_1", summary: [] });
const notKept = "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false.";
const plain = item("reasoning", { summary: [], content: [{ type: "reasoning_text", text: "so" }] });
const named = answer("a", { id: "msg_1" });
const parted = "Item 'msg_1' of type 'message' was provided without its required 'reasoning' item: 'rs_1'.";
const alone = "Item 'rs_1' of type 'reasoning' was provided without its required following item.";
const long = "Invalid 'input[1].content': array too long. Expected an array with maximum length 0.";

const review = prompt("one", { id: "review_rollout_user" });
const odd = answer("a", { id: "x_1" });
const leftOut = "019f629b-43ee-7a82-acb1-3071dbffbdad";

const now = Date.parse("2026-11-21T12:00:00Z");
const [hour, day] = [3_600_000, 86_400_000];
const sealedAgo = (age: number): Line =>
  item("reasoning", { summary: [], encrypted_content: sealed(now - age) });
const opaque = item("reasoning", { summary: [], encrypted_content: "b3BhcXVlb3BhcXVl" });
const cut = item("reasoning", { summary: [], encrypted_content: "gAAAAA…" });
const summary: Line = [
  "compacted",
  { message: "", replacement_history: [{ type: "compaction", encrypted_content: sealed(now - 3 * hour) }] },
];
const unverified = "The encrypted content gAAA...c90= could not be verified.";
const withoutOrdinal =
  '{"timestamp":"2026-11-20T20:48:01.000Z","type":"event_msg","payload":{"type":"token_count"}}';
const injected = item("function_call_output", { name: "goal", namespace: "agent", output: "x" });

/** What a person is told: each kind with its lines, its count where there is one, and its detail. */
it.each<[string, Line[], string[], "ordinals"?]>([
  [
    "a call in the middle",
    [prompt("one"), call("a"), prompt("two"), answer("b")],
    ["call-without-output at 3, 1: shell"],
  ],
  [
    "a call where the session ends",
    [prompt("one"), call("a")],
    ["note: call-without-output at 3, 1: shell, where the session ends, or was begun from another"],
  ],
  [
    "a call where the session ends, which ran",
    [prompt("one"), call("a"), ran("a")],
    ["call-without-output at 3, 1: shell"],
  ],
  [
    "calls in the middle and at the end",
    [call("a"), prompt("two"), call("b")],
    ["call-without-output at 2 4, 2: shell"],
  ],
  [
    "calls of many tools",
    [...[..."abcdef"].map(tool), prompt("two")],
    ["call-without-output at 2 3 4 5 6 7, 6: a, b, c, d, e"],
  ],
  [
    "a call without a name",
    [item("function_call", { call_id: "a" }), prompt("two")],
    ["call-without-output at 2, 1: call", "unread-item at 2, 1"],
  ],
  [
    "garbage and half of a character",
    [
      "#",
      String.raw`{"timestamp":"2026-11-20T20:48:01.000Z","type":"event_msg","payload":{"type":"error","message":"\ud83d"}}`,
      "[1]",
    ],
    ["lone-surrogate at 3, 1", "unparsable-line at 2 4, 2"],
  ],
  [
    "records whose timestamp is no text, beside some whose timestamp is no time",
    [
      '{"timestamp":1772621481.875,"type":"event_msg","payload":{"type":"error"}}',
      '{"timestamp":"","type":"event_msg","payload":{"type":"error"}}',
      '{"type":"event_msg","payload":{"type":"error"},"timestamp":null}',
      '{"type":"event_msg","payload":{"type":"error"}}',
    ],
    ["untimed-record at 2 4 5, 3"],
  ],
  [
    "lines that end as on Windows",
    ['{"timestamp":"2026-11-20T20:48:00.000Z","type":"event_msg","payload":{"type":"error"}}\r'],
    ["note: carriage-returns at , 1"],
  ],
  ["outputs", [output("a"), output("b")], ["output-without-call at 2 3, 2"]],
  [
    "an answer, a call and reasoning that are gone",
    [reasoning, says, blank, ended, blank, ran("a"), blank, ended],
    ["lone-reasoning at 2, 1", "lost-message at 4, 1", "lost-call at 6, 1"],
  ],
  ["reasoning that was broken off", [reasoning, prompt("two")], []],
  ["reasoning that was refused", [reasoning, prompt("two"), refused(alone)], ["lone-reasoning at 2, 1"]],
  ["an id that Codex gave to a review", [review, answer("a")], ["invalid-id at 2, 1: review_rollout_user"]],
  [
    "an id of another kind, in numbered lines, which was answered",
    [
      item("function_call", { id: "ctc_1", call_id: "a", name: "b", arguments: "{}" }),
      output("a"),
      answer("a"),
    ],
    ["note: invalid-id at 2, 1: ctc_1"],
    "ordinals",
  ],
  ["an id that was sent with nothing yet", [odd, answer("b")], ["invalid-id at 2, 1: x_1"], "ordinals"],
  [
    "an id of a session that was not answered since",
    [odd, prompt("two"), item("message", { role: "developer", content: [] })],
    ["invalid-id at 2, 1: x_1"],
    "ordinals",
  ],
  ...[
    [call("b"), output("b")],
    [reasoning, prompt("three")],
    [answer("b"), prompt("three")],
  ].map((answered): [string, Line[], string[], "ordinals"] => [
    "an id of a session that was answered since",
    [odd, prompt("two"), ...answered],
    ["note: invalid-id at 2, 1: x_1"],
    "ordinals",
  ]),
  [
    "an id beyond ASCII, as a program leaves it that hides parts of ids",
    [answer("a", { id: "msg_01…fd" })],
    ["invalid-id at 2, 1: msg_01…fd"],
  ],
  ["an id that Codex leaves out", [prompt("one", { id: leftOut }), answer("a")], []],
  [
    "an id that was refused, whoever leaves it out",
    [
      prompt("one", { id: leftOut }),
      refused(`Invalid 'input[1].id': '${leftOut}'. Expected an ID that begins with 'msg'.`),
    ],
    [`invalid-id at 2, 1: ${leftOut}`],
  ],
  [
    "ids that are in a summary, and one that it replaced",
    [
      review,
      ["compacted", { message: "", replacement_history: [{ type: "message", role: "user", id: "x_1" }] }],
    ],
    ["invalid-id at 3, 1: x_1"],
  ],
  [
    "an id in a turn that was taken back",
    [event("user_message", { message: "one" }), review, event("thread_rolled_back", { num_turns: 1 })],
    [],
  ],
  [
    "messages in the forms of other APIs",
    [
      item("message", { role: "user", content: "one" }),
      item("message", { role: "assistant", content: [{ type: "text", text: "two" }] }),
      item("message", { content: [{ type: "output_text", text: "three" }] }),
      item("message", { role: "user", id: 4, content: [{ type: "input_text", text: "four" }] }),
      item("message", { role: "user", content: [{ type: "input_text", text: null }] }),
      answer("six", { id: null }),
      item("message", { role: "user", content: [{ type: "input_hologram", of: "seven" }] }),
      item("message", { role: "user", content: [] }),
      item("message", { content: "whose?" }),
      item("message", { content: [{ type: "text", text: "whose?" }] }),
      item("message", { content: [{ type: "image" }, { type: "input_text", text: "five" }] }),
    ],
    ["unread-item at 2 3 4 5 6 12, 6"],
  ],
  [
    "a message in the form of another API that a rollback took back, behind one",
    [
      item("message", { role: "user", content: "one" }),
      prompt("two"),
      item("message", { role: "assistant", content: "two" }),
      event("thread_rolled_back", { num_turns: 1 }),
    ],
    ["unread-item at 2, 1"],
  ],
  [
    "calls in the forms of other APIs",
    [
      item("function_call", { name: "a", arguments: {}, call_id: "1" }),
      item("function_call", { name: "a", call_id: "2" }),
      item("function_call", { name: "a", arguments: "{}", call_id: 3 }),
      item("function_call", { arguments: "{}", call_id: "4" }),
      item("function_call", { id: 5, name: "a", arguments: "{}", call_id: "5" }),
      item("custom_tool_call", { name: "a", input: { patch: "x" }, call_id: "6" }),
      item("function_call", { id: null, name: "a", namespace: "b", arguments: "{}", call_id: "7" }),
      ...["1", "2", "4", "5", "6", "7"].map(output),
    ],
    ["unread-item at 2 3 4 5 6 7, 6"],
  ],
  [
    "outputs in the forms of other APIs",
    ["1", "2", "3", "4", "5", "6", "7", "8"].flatMap((id, nth) => {
      const text = "one";
      const forms = [
        { text },
        null,
        [{ type: "text", text }],
        [{ type: "input_text", text }],
        [],
        [{ type: "input_hologram" }],
        text,
        "",
      ];
      return [call(id), item("function_call_output", { call_id: id, output: forms[nth] })];
    }),
    ["unread-item at 3 5 7, 3"],
  ],
  ["words in reasoning", [plain, answer("a")], ["note: plain-reasoning at 2, 1"]],
  [
    "words in reasoning that a rollback took back",
    [prompt("one"), plain, answer("a"), event("thread_rolled_back", { num_turns: 1 })],
    [],
  ],
  ["words in reasoning that were refused", [plain, answer("a"), refused(long)], ["plain-reasoning at 2, 1"]],
  ["reasoning with nothing but an id", [idOnly, answer("a")], ["unsealed-reasoning at 2, 1"]],
  [
    "reasoning with nothing but an id, and an empty list of words",
    [item("reasoning", { id: "rs_1", summary: [], content: [] }), answer("a")],
    ["unsealed-reasoning at 2, 1"],
  ],
  [
    "reasoning with nothing but an id, to which what is called OpenAI has answered: a relay's",
    [idOnly, call("a"), output("a"), answer("a")],
    [],
    "ordinals",
  ],
  [
    "the same where no ids are sent",
    [idOnly, call("a"), output("a"), answer("a")],
    ["unsealed-reasoning at 2, 1"],
  ],
  [
    "the same without the member of a seal",
    [cutOff, call("a"), output("a"), answer("a")],
    ["unsealed-reasoning at 2, 1"],
    "ordinals",
  ],
  [
    "the same where it was refused",
    [idOnly, call("a"), output("a"), answer("a"), prompt("two"), refused(notKept)],
    ["unsealed-reasoning at 2, 1"],
    "ordinals",
  ],
  [
    "reasoning with words and an id",
    [item("reasoning", { id: "rs_1", summary: [], content: [{ type: "text", text: "so" }] })],
    ["note: plain-reasoning at 2, 1"],
  ],
  [
    "reasoning with an id that isn't OpenAI's",
    [item("reasoning", { id: "r1", summary: [] }), answer("a")],
    [],
  ],
  [
    "reasoning with nothing but an id, before a summary",
    [idOnly, answer("a"), ["compacted", { message: "so", replacement_history: [] }]],
    [],
  ],
  ["an item whose reasoning was missed", [named, prompt("two"), refused(parted)], ["dependent-id at 4, 1"]],
  ["an item, where another was refused", [named, prompt("two"), refused(alone)], []],
  ["an item behind the refusal", [prompt("two"), refused(parted), named], []],
  [
    "a line that is gone",
    [
      prompt("one", { id: "msg_1", internal_chat_message_metadata_passthrough: { turn_id: "a" } }),
      gone,
      answer("b"),
    ],
    ["lost-event at 3, 1"],
    "ordinals",
  ],
  ["a line without an ordinal at the end", [withoutOrdinal], ["missing-ordinal at 2, 1"], "ordinals"],
  [
    "an ordinal that goes back",
    [
      prompt("one"),
      '{"timestamp":"2026-11-20T20:48:01.000Z","ordinal":0,"type":"event_msg","payload":{"type":"token_count"}}',
    ],
    ["ordinal-regressed at 3, 1"],
    "ordinals",
  ],
  [
    "what was put in",
    [injected, prompt("two"), refused("Rate limit reached")],
    ["note: injected-output at 2, 1"],
  ],
  [
    "what was put in, and a provider refused",
    [injected, prompt("two"), refused("input[1]: missing field `call_id`")],
    ["injected-output at 2, 1"],
  ],
  [
    "sealed reasoning",
    [sealedAgo(3 * hour), sealedAgo(2 * day), opaque, sealedAgo(hour)],
    ["note: sealed-reasoning at 2 3 4 5, 4: sealed 1 h to 2 days ago"],
  ],
  ["reasoning sealed once", [sealedAgo(3 * hour)], ["note: sealed-reasoning at 2, 1: sealed 3 h ago"]],
  [
    "reasoning that doesn't tell when it was sealed",
    [opaque],
    ["note: sealed-reasoning at 2, 1: their age can't be told"],
  ],
  [
    "more sealed reasoning than is named, a sealed summary and a blob that was cut",
    [...Array.from({ length: 25 }, () => sealedAgo(hour)), cut, summary],
    [
      "seal-malformed at 27, 1",
      `note: sealed-reasoning at ${Array.from({ length: 20 }, (_none, nth) => nth + 2).join(" ")}, 25: sealed 1 h ago`,
      "note: sealed-compaction at 28, 1: sealed 3 h ago",
    ],
  ],
  [
    "seals that were refused",
    [sealedAgo(hour), prompt("two"), refused(unverified)],
    [`seal-refused at 4, 1: ${unverified}`, "note: sealed-reasoning at 2, 1: sealed 1 h ago"],
  ],
  [
    "seals whose refusal Codex wrote down as the provider sent it",
    [sealedAgo(hour), prompt("two"), refused(JSON.stringify({ error: { message: unverified, type: "t" } }))],
    [`seal-refused at 4, 1: ${unverified}`, "note: sealed-reasoning at 2, 1: sealed 1 h ago"],
  ],
  [
    "seals of a turn that failed otherwise",
    [sealedAgo(hour), prompt("two"), refused("Rate limit reached")],
    ["note: sealed-reasoning at 2, 1: sealed 1 h ago"],
  ],
  [
    "seals behind a refusal",
    [prompt("two"), refused(unverified), sealedAgo(hour)],
    ["note: sealed-reasoning at 4, 1: sealed 1 h ago"],
  ],
])("%s: told with the lines and how many they are", async (_what, lines, told, has) => {
  const found = await examined(lines, has);
  const words = judge(found, { path: found.path, now }).map(
    ({ kind, severity, places, count, detail }) =>
      `${severity === "note" ? "note: " : ""}${kind} at ${places.map(({ line }) => line).join(" ")}, ${count}${detail === undefined ? "" : `: ${detail}`}`,
  );
  expect(words).toEqual(told);
});

it("of a message that is too long to be parsed its form isn't told", async () => {
  const image = { type: "input_image", image_url: "x".repeat(longestExamined) };
  const found = await examined([item("message", { role: "user", content: [image] }), answer("a")]);
  expect(judge(found, { path: found.path, now }).map(({ kind }) => kind)).toEqual(["long-line"]);
});

it("an output without its call is told in a file that goes on from another, too, which is cut off between turns", async () => {
  const found = await examined([prompt("two"), output("a"), answer("b")], "ordinals");
  const header = { ...found.header!, historyBase: { rollout: "01a1fab7-43af-7111-ab7c-b4a4c49da1a4" } };
  const kinds = judge({ ...found, header }, { path: found.path, now }).map(({ kind }) => kind);
  expect(kinds).toEqual(["output-without-call"]);
});

it("lines without their ordinals are told where the first line is lost, too, and of those that never had any nothing is", async () => {
  const numbered = await examined([prompt("two"), withoutOrdinal], "ordinals");
  const bare = await examined([prompt("two"), withoutOrdinal]);
  const kinds = (found: typeof bare): string[] =>
    judge({ ...found, header: undefined, head: "broken" }, { path: found.path, now }).map(({ kind }) => kind);
  expect(kinds(numbered)).toEqual(["header-broken", "missing-ordinal"]);
  expect(kinds(bare)).toEqual(["header-broken"]);
});
