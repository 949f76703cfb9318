import { fc } from "../../test/kit/property.ts";
import { describe, expect, it } from "vitest";
import { commands, writeLog } from "../../test/property/arbitrary-log.ts";
import { WrittenLog } from "../../test/property/written-log.ts";
import { isJsonObject, type JsonObject } from "../lib/json.ts";
import { isItemRecord } from "../session/event.ts";
import { describeItem } from "../session/item.ts";
import { isSummaryItem, summaryItem } from "../session/summary-item.ts";
import { successorCreated, successorState, VisibleHistory } from "./rotate.ts";

const settings = { provider: "p", model: "m", instructionsHash: "h", approval: "all" as const };

function newLog(): WrittenLog {
  const log = new WrittenLog();
  const workspace = { path: "/w" };
  log.add({ type: "session-created", id: "s", schema: 1, version: "0", workspace, settings, name: "work" });
  log.add({ type: "turn-started", turn: 1, source: "prompt", preview: "go" });
  return log;
}

/** The log of the successor of this one, and how many items stayed behind. */
function rotated(log: WrittenLog): { successor: WrittenLog; left: number } {
  const successor = new WrittenLog();
  const visible = new VisibleHistory(log.history);
  successor.add(successorCreated(log.history, "t", "0"));
  const items = [...log.history.items].flatMap((record) => visible.carry(record, log.bytesOf(record.body)));
  for (const { event, item } of [...items, ...visible.end()]) successor.add(event, item);
  for (const event of successorState(log.history)) successor.add(event);
  return { successor, left: visible.left };
}

const itemsOf = (log: WrittenLog): JsonObject[] =>
  log.history.items
    .map(({ body }) => JSON.parse(new TextDecoder().decode(log.bytesOf(body))) as unknown)
    .filter(isJsonObject);

function carried(...items: object[]): { items: JsonObject[]; left: number } {
  const log = newLog();
  for (const item of items) log.addItem(item, { turn: 1, step: 1 });
  const { successor, left } = rotated(log);
  return { items: itemsOf(successor), left };
}

describe("what a rotation carries over", () => {
  it("are messages in their role, as words; media are named and ids stay behind", () => {
    const { items } = carried(
      {
        type: "message",
        role: "user",
        content: [
          { type: "input_text", text: "Look: " },
          { type: "input_image", image_url: "data:" },
        ],
      },
      {
        type: "message",
        id: "msg_1",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "A cat.", annotations: [], logprobs: [] }],
      },
    );
    expect(items).toEqual([
      {
        type: "message",
        role: "user",
        content: [{ type: "input_text", text: "Look: [input_image left out]" }],
      },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "A cat." }] },
    ]);
  });

  it("are summaries, which are known as such in the successor and in its own", () => {
    const log = newLog();
    log.addItem({ type: "message", role: "user", content: "one" }, { turn: 1, step: 1 });
    const told = { context: ["in /w"], kind: "summary", text: "one was said", prompt: "one" } as const;
    const item = summaryItem(told);
    const keepFrom = log.history.lastSeq + 1;
    log.add({ type: "history-compacted", ...describeItem(item)!, keepFrom, count: 1, notice: "" }, item);
    const { successor } = rotated(log);
    for (const each of [successor, rotated(successor).successor]) {
      const [summary] = itemsOf(each);
      expect(summary && isSummaryItem(summary)).toBe(true);
      expect(each.history.items[0]?.event).toMatchObject({ origin: "input", context: true });
    }
  });

  it("are what the model refused to do, in its words, and the model that each item is from", () => {
    const log = newLog();
    const place = { turn: 1, step: 1, model: "gpt-then" };
    log.addItem(
      { type: "message", role: "assistant", content: [{ type: "refusal", refusal: "I won't." }] },
      place,
    );
    log.addItem(
      { type: "message", role: "assistant", content: [{ type: "output_text", text: " \n" }] },
      place,
    );
    const { successor, left } = rotated(log);
    expect(itemsOf(successor)).toEqual([
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "I won't." }] },
    ]);
    expect(left).toBe(1);
    expect(successor.history.items[0]!.event).toMatchObject({ turn: 1, step: 1, model: "gpt-then" });
  });

  it("are calls with their outputs, without ids and signatures", () => {
    const { items } = carried(
      {
        type: "function_call",
        id: "fc_1",
        call_id: "c",
        name: "shell",
        arguments: "{}",
        thought_signature: "x",
      },
      { type: "function_call_output", call_id: "c", output: [{ type: "input_text", text: "done" }] },
      { type: "custom_tool_call", id: "ctc_1", call_id: "d", name: "apply_patch", input: "*** Begin" },
      { type: "custom_tool_call_output", call_id: "d", output: "ok" },
    );
    expect(items).toEqual([
      { type: "function_call", call_id: "c", name: "shell", arguments: "{}" },
      { type: "function_call_output", call_id: "c", output: "done" },
      { type: "custom_tool_call", call_id: "d", name: "apply_patch", input: "*** Begin" },
      { type: "custom_tool_call_output", call_id: "d", output: "ok" },
    ]);
  });

  it("is nothing that a call's arguments seal, whose other members stay", () => {
    const token = Buffer.from("80000000006553f100".padEnd(242, "07"), "hex").toString("base64url");
    const given = (message: string): string => JSON.stringify({ task_name: "helper", message });
    const call = { type: "function_call", call_id: "c", name: "spawn_agent" };
    const { items } = carried({ ...call, arguments: given(token) });
    const words = given("[Sealed content stood here. It can't be opened any more.]");
    expect(items[0]).toEqual({ ...call, arguments: words });
  });

  it("is no reasoning and nothing sealed; it is counted", () => {
    const { items, left } = carried(
      { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "hm" }] },
      { type: "compaction", encrypted_content: "gAAAAAx" },
      { type: "message", role: "user", content: "go" },
    );
    expect(items).toHaveLength(1);
    expect(left).toBe(2);
  });

  it("answers a call without output, so that nothing is run again, and tells an output without call in words", () => {
    const { items } = carried(
      { type: "function_call", call_id: "c", name: "shell", arguments: "{}" },
      { type: "function_call_output", call_id: "gone", output: "stray" },
    );
    expect(items.map(({ type }) => type)).toEqual(["function_call", "message", "function_call_output"]);
    expect(JSON.stringify(items[1])).toContain("stray");
    expect(items[2]).toMatchObject({
      call_id: "c",
      output: expect.stringContaining("outcome unknown") as string,
    });
  });

  it("are outputs as short as a full context had made them", () => {
    const log = newLog();
    log.addItem(
      { type: "function_call", call_id: "c", name: "shell", arguments: "{}" },
      { turn: 1, step: 1 },
    );
    log.addItem(
      { type: "function_call_output", call_id: "c", output: "x".repeat(9_000) },
      { turn: 1, step: 1 },
    );
    const scope = { kind: "outputs", through: 3, keepBytes: 400 } as const;
    const trimmed = { rung: 0, why: "context-overflow", refusedBy: "p", scope, count: 1, notice: "n" };
    log.add({ type: "items-quarantined", turn: 1, ...trimmed });
    const { successor } = rotated(log);
    const output = String(itemsOf(successor)[1]!["output"]);
    expect(output.length).toBeLessThan(600);
    expect(output).toMatch(/^x.*x$/su);
    expect(successor.history.quarantines).toEqual([]);
    log.addItem(
      { type: "function_call", call_id: "d", name: "shell", arguments: "{}" },
      { turn: 1, step: 2 },
    );
    const later = "y".repeat(9_000);
    log.addItem({ type: "function_call_output", call_id: "d", output: later }, { turn: 1, step: 2 });
    expect(itemsOf(rotated(log).successor).at(-1), "of what came since, nothing").toMatchObject({
      output: later,
    });
  });

  it("is which settings the provider doesn't take, so that they aren't refused again, and nothing about items and seals", () => {
    const log = newLog();
    const kept = { kind: "parameter", parameter: "top_k" } as const;
    for (const scope of [
      kept,
      { kind: "items", seqs: [1] },
      { kind: "issuer", issuer: "p", through: 1 },
      { kind: "sealed", through: 1 },
    ] as const) {
      const aside = {
        rung: 0,
        why: "unknown-provider-failure",
        refusedBy: "p",
        scope,
        count: 1,
        notice: "n",
      } as const;
      log.add({ type: "items-quarantined", turn: 1, ...aside });
    }
    const { quarantines } = rotated(log).successor.history;
    expect(quarantines.map(({ scope }) => scope)).toEqual([kept]);
  });

  it("are items of other kinds as a line in words", () => {
    const { items } = carried({ type: "web_search_call", id: "ws_1", action: { query: "cats" } });
    expect(items[0]).toMatchObject({ type: "message", role: "assistant" });
    expect(JSON.stringify(items)).toContain("cats");
  });

  it("is the open turn, which goes on under its number, and every counter", () => {
    const log = newLog();
    log.addItem(
      { type: "message", role: "user", content: "go" },
      { turn: 1, step: 1, origin: "input", followUp: "f" },
    );
    log.add({ type: "instructions-amended", text: "Be kind." });
    const { successor } = rotated(log);
    expect(successor.history).toMatchObject({
      id: "t",
      parent: "s",
      rotated: true,
      name: "work",
      title: "go",
      settings,
      turn: 1,
      messages: 1,
      amendments: ["Be kind."],
      delivered: ["f"],
      openTurn: { turn: 1 },
    });
  });

  it("leaves nothing sealed, identified or unpaired of any log", () => {
    fc.assert(
      fc.property(commands, (told) => {
        const log = writeLog(told);
        const { successor } = rotated(log);
        const { history } = successor;
        expect([...history.openCalls]).toEqual([]);
        expect(
          history.items.filter(isItemRecord).every(({ event }) => !event.sealed && event.id === undefined),
        ).toBe(true);
        const { turn, step, usage, messages, title, repairs } = log.history;
        expect(history).toMatchObject({
          turn,
          step,
          usage,
          messages,
          repairs,
          ...(title !== undefined && { title }),
        });
      }),
      { numRuns: 200 },
    );
  });
});
