import { describe, expect, it } from "vitest";
import { answer, call, event, examined, item, type Line, prompt } from "../../../../test/kit/examined.ts";

const failed = event("task_complete", { turn_id: "a", error: { message: "refused" } });

it.each<[string, Line[], { id: string; index: number } | undefined]>([
  ["is open until it ends", [event("task_started", { turn_id: "a" }), prompt("one")], { id: "a", index: 1 }],
  [
    "is over when it is complete",
    [event("task_started", { turn_id: "a" }), event("task_complete")],
    undefined,
  ],
  [
    "is known by its other names",
    [
      event("turn_started", { turn_id: "a" }),
      event("turn_complete"),
      event("turn_started", { turn_id: "b" }),
    ],
    { id: "b", index: 3 },
  ],
  [
    "is over when it was aborted",
    [event("task_started", { turn_id: "a" }), event("turn_aborted")],
    undefined,
  ],
  [
    "is the last one that began",
    [
      event("task_started", { turn_id: "a" }),
      event("task_complete"),
      event("task_started", { turn_id: "b" }),
    ],
    { id: "b", index: 3 },
  ],
])("a turn %s", async (_what, lines, open) => {
  const { turns } = await examined(lines);
  expect(turns.open && { id: turns.open.id, index: turns.open.index }).toEqual(open);
});

it.each<[string, Line[], string | undefined]>([
  ["what its end says", [prompt("one"), failed], "refused"],
  [
    "what its end says under its other name",
    [prompt("one"), event("turn_complete", { error: { message: "refused" } })],
    "refused",
  ],
  [
    "nothing once a turn was answered under that name",
    [failed, prompt("two"), event("turn_complete")],
    undefined,
  ],
  ["what an event of its own says", [prompt("one"), event("error", { message: "refused" })], "refused"],
  ["nothing once a turn was answered", [failed, prompt("two"), event("task_complete")], undefined],
  [
    "the same after a turn that ended without an answer",
    [failed, prompt("two"), event("task_complete", { last_agent_message: null })],
    "refused",
  ],
  ["the same after a turn that was aborted", [failed, prompt("two"), event("turn_aborted")], "refused"],
  ["the same after an error without words", [failed, event("error", {})], "refused"],
])("a session failed with %s", async (_what, lines, message) => {
  const { turns } = await examined(lines);
  expect(turns.error?.message).toBe(message);
});

it("an error has the place of the line that tells it", async () => {
  const { turns, bytes } = await examined([prompt("one"), failed]);
  const line = JSON.stringify({ timestamp: "2026-11-20T20:48:02.000Z", type: failed[0], payload: failed[1] });
  expect(turns.error).toEqual({
    index: 2,
    at: bytes - line.length - 1,
    bytes: line.length,
    message: "refused",
  });
});

/** Where the last turn begins: a call behind it may just have been cut off. */
it.each<[string, Line[], number]>([
  ["its prompt, where nothing else tells", [prompt("one"), answer("1"), prompt("two"), answer("2")], 3],
  [
    "its own event, and not at what the person adds to it",
    [event("task_started"), prompt("one"), prompt("more")],
    1,
  ],
  [
    "its prompt's event, where the record is gone",
    [prompt("one"), event("user_message"), answer("1"), event("user_message")],
    4,
  ],
  [
    "what another agent says",
    [prompt("one"), answer("1"), ["inter_agent_communication", { content: "do" }]],
    3,
  ],
])("the last turn begins at %s", async (_what, lines, began) => {
  expect((await examined(lines)).turns.lastBegan).toBe(began);
});

/** Each prompt has a call without output behind it; those that remain were not taken back. */
describe("a rollback", () => {
  const turn = (name: string): Line[] => [prompt(name), event("user_message", { message: name }), call(name)];
  const back = (turns: unknown): Line => event("thread_rolled_back", { num_turns: turns });
  const summary = (more: object): Line => ["compacted", { message: "so far", ...more }];
  const mine = { type: "message", role: "user", content: [{ type: "input_text", text: "kept" }] };
  const three = ["one", "two", "three"].flatMap(turn);

  it.each<[string, Line[], string[]]>([
    ["the last turn", [...three, back(1)], ["one", "two"]],
    ["as many as it says", [...three, back(2)], ["one"]],
    ["all where it says more than there are", [...three, back(9)], []],
    ["and the next one what is left", [...three, back(1), back(1)], ["one"]],
    ["and the next one those from behind it", [...three, back(2), ...turn("four"), back(1)], ["one"]],
    [
      "nothing where it names no number of turns",
      [...three, back(0), back("2"), back(1.5), back(-1)],
      ["one", "two", "three"],
    ],
    [
      "a turn whose prompt only its event tells",
      [...turn("one"), event("user_message", { message: "two" }), call("two"), back(1)],
      ["one"],
    ],
    [
      "a turn whose prompt only its item's event tells",
      [...turn("one"), event("item_completed", { item: { type: "UserMessage" } }), call("two"), back(1)],
      ["one"],
    ],
    [
      "a first turn whose prompt only its event tells",
      [event("user_message"), call("one"), ...turn("two"), back(2)],
      [],
    ],
    [
      "no answer's event for a prompt",
      [...turn("one"), event("item_completed", { item: { type: "AgentMessage" } }), back(1)],
      [],
    ],
    [
      "a turn that another agent began",
      [...turn("one"), item("agent_message", { author: "/root" }), call("two"), back(1)],
      ["one"],
    ],
    // What a summary brought along stands at its place, as one thing.
    [
      "only what stands behind a summary",
      [
        ...turn("one"),
        summary({ replacement_history: [mine, { type: "compaction" }] }),
        call("kept"),
        ...turn("two"),
        back(1),
      ],
      ["kept"],
    ],
    [
      "a summary with the prompts in it",
      [...turn("one"), summary({ replacement_history: [mine] }), call("kept"), ...turn("two"), back(2)],
      [],
    ],
    [
      "as many as a summary brought along, and no more",
      [
        ...turn("one"),
        summary({ replacement_history: [mine, mine] }),
        call("kept"),
        ...turn("two"),
        back(2),
        call("left"),
        back(1),
      ],
      [],
    ],
    [
      "nothing where a summary brought no prompt along",
      [
        ...turn("one"),
        summary({ replacement_history: [null, { type: "compaction" }] }),
        call("left"),
        back(1),
      ],
      ["left"],
    ],
    // The first prompt has no event: the one behind the summary is of another.
    [
      "a turn behind a summary whose prompt only its event tells",
      [prompt("one"), summary({ replacement_history: [] }), event("user_message"), call("two"), back(1)],
      [],
    ],
    [
      "a summary of early versions as a prompt like others",
      [...turn("one"), summary({}), call("left"), back(1), ...turn("two"), back(1)],
      [],
    ],
  ])("takes back %s", async (_what, lines, left) => {
    const { open } = await examined(lines);
    expect([...open].map(({ call: id }) => id)).toEqual(left);
  });
});
