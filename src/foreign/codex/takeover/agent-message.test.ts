import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { judged } from "../../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { loggedItem, Room } from "../rollout/thread/logged-item.ts";
import { linesIn } from "../rollout/bytes/lines.ts";
import { ThreadFold } from "../rollout/thread/thread.ts";
import { RolloutWriter } from "../rollout/write.ts";

/** As a Fernet token begins: its version, and when it was sealed. */
const blob = Buffer.concat([Buffer.from("800000000069204a5c", "hex"), Buffer.alloc(112, 7)]).toString(
  "base64url",
);
// As 0.140 writes a task for a sub-agent: of a provider that seals, and of one that doesn't.
const communication = (sealed: string | null, content = ""): JsonObject => ({
  author: "/root",
  recipient: "/root/helper",
  other_recipients: [],
  content,
  ...(sealed !== null && { encrypted_content: sealed }),
  trigger_turn: true,
});
const head = "Message Type: NEW_TASK\nTask name: /root/helper\nSender: /root\nPayload:\n";

function taken(...lines: JsonObject[]): { items: JsonObject[]; skipped: string[] } {
  const fold = new ThreadFold();
  const text = lines
    .map((line) => JSON.stringify({ timestamp: "2026-11-21T09:45:53.780Z", ...line }))
    .join("\n");
  const changes = linesIn(Buffer.from(text)).flatMap((line) => fold.take(line).map(({ change }) => change));
  return {
    items: changes.flatMap((change) => (change.do === "add" ? [change.item.payload] : [])),
    skipped: changes.flatMap((change) => (change.do === "skip" ? [change.why] : [])),
  };
}

test("a message between agents that has a line of its own is what the model was sent of it", () => {
  const line = (payload: JsonObject): JsonObject => ({ type: "inter_agent_communication", payload });
  const { items } = taken(
    line(communication(blob)),
    line(communication("two words")),
    line(communication(null, "said")),
  );
  expect(items.map(({ type, content }) => [type, content])).toEqual([
    [
      "agent_message",
      [
        { type: "input_text", text: head },
        { type: "encrypted_content", encrypted_content: blob },
      ],
    ],
    [
      "agent_message",
      [
        { type: "input_text", text: head },
        { type: "input_text", text: "two words" },
      ],
    ],
    ["agent_message", [{ type: "input_text", text: "said" }]],
  ]);
});

test("its seal is known to be one, so that no other provider is sent it, and is not given back to Codex", () => {
  const [item] = taken({ type: "inter_agent_communication", payload: communication(blob) }).items;
  // The words beside the seal are sent when nobody opens it any more.
  expect(loggedItem(item!, new Room(1_000)).facts).toMatchObject({ sealed: { shape: "fernet" }, text: true });
  const writer = new RolloutWriter();
  expect(writer.item(item!, 0)).toBe("");
  expect(writer.left).toBe(1);
  expect(writer.item({ ...item!, content: [{ type: "input_text", text: "said" }] }, 0)).toContain('"said"');
});

test("what a call seals in its arguments is known too: no other provider is sent it, and Codex gets words in its place", () => {
  const given = (message: string): string =>
    JSON.stringify({ task_name: "helper", message, fork_turns: "none" });
  const call = { type: "function_call", name: "spawn_agent", call_id: "c" };
  const item = (more: JsonObject): ReturnType<typeof taken>["items"][0] =>
    taken({ type: "response_item", payload: { ...call, ...more } }).items[0]!;
  const sealedOf = (more: JsonObject): unknown => loggedItem({ ...call, ...more }, new Room(0)).facts.sealed;
  expect(sealedOf({ arguments: given(blob) })).toMatchObject({ shape: "fernet", tail: blob.slice(-16) });
  expect(sealedOf({ arguments: given("two words") })).toBeUndefined();
  expect(sealedOf({ arguments: given(blob), encrypted_function_args: [] })).toBeUndefined();
  const words = JSON.stringify(given("[Sealed content stood here. It can't be opened any more.]"));
  expect(new RolloutWriter().item(item({ arguments: given(blob) }), 0)).toContain(`"arguments":${words}`);
});

test("words where a seal would stand are no damage, and a cut seal is", async () => {
  const root = temporaryFolder();
  const id = "01a1fd7f-7f19-7713-9a44-8f943967cbfd";
  const timestamp = "2026-11-21T09:45:53.780Z";
  const kindsOf = async (sealed: string): Promise<string[]> => {
    const content = [{ type: "encrypted_content", encrypted_content: sealed }];
    const message = { type: "agent_message", author: "/root", recipient: "/root/helper", content };
    const lines = [
      {
        timestamp,
        type: "session_meta",
        payload: { id, timestamp, cwd: "/w", cli_version: "0.145.0", originator: "codex_exec" },
      },
      { timestamp, type: "inter_agent_communication", payload: communication(sealed) },
      { timestamp, type: "response_item", payload: message },
    ];
    const path = join(root, `rollout-2026-11-21T09-45-53-${id}.jsonl`);
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return (await judged(path, Date.parse(timestamp))).map(({ kind }) => kind);
  };
  expect(await kindsOf("look at the parser")).toEqual([]);
  expect(await kindsOf(`${blob.slice(0, 40)}…`)).toContain("seal-malformed");
});

test("kinds of lines that nobody knows are told, and those that say nothing are not", () => {
  const { skipped } = taken(
    { type: "brand_new", payload: { x: 1 } },
    { type: "world_state", payload: { full: true } },
    { type: "inter_agent_communication_metadata", payload: { trigger_turn: true } },
  );
  expect(skipped).toEqual(["brand_new"]);
});
