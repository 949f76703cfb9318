// What has to hold of a chain of rotations and of what was queued for it.
import { expect } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/lib/json.ts";
import { itemText } from "../../src/session/item.ts";
import type { Rig } from "./rig.ts";
import { eventsOf, expectPaired, itemOf, wholeLines } from "./survival.ts";

const events = (rig: Rig, id: string): JsonObject[] => eventsOf(wholeLines(rig.log(id)));

/** The session that the log names as its successor. */
function successorIn(log: readonly JsonObject[]): string | undefined {
  const last = log.findLast(({ type }) => type === "session-rotated" || type === "rotation-undone");
  return last?.["type"] === "session-rotated" ? String(last["successor"]) : undefined;
}

/** The ids of the chain that begins with this session, the head last. */
export function chainFrom(rig: Rig, first: string): string[] {
  const chain = [first];
  for (;;) {
    const next = successorIn(events(rig, chain.at(-1)!));
    if (next === undefined) return chain;
    chain.push(next);
  }
}

/** The texts of the follow-ups that the chain's logs have, in the order in which they were delivered. */
export function deliveredTo(rig: Rig, chain: readonly string[]): string[] {
  return chain.flatMap((id) =>
    events(rig, id)
      .filter(({ followUp, type }) => type === "item-added" && followUp !== undefined)
      .map((event) => itemText(itemOf(event))),
  );
}

/** All that people said, as the head's log has it: carried over and delivered since. */
export function saidTo(rig: Rig, head: string): string[] {
  return events(rig, head)
    .filter(({ kind, role }) => kind === "message" && role === "user")
    .map((event) => itemText(itemOf(event)));
}

/** Lists show the head and nothing else of the chain; the first id leads there; nothing of a successor that was never named is shown. */
export async function expectOneSession(rig: Rig, chain: readonly string[]): Promise<void> {
  const head = chain.at(-1)!;
  const list = await rig.run(["sessions", "--json"]);
  const { sessions } = JSON.parse(list.out) as { sessions: JsonObject[] };
  expect(sessions.map(({ id }) => id)).toEqual([head]);
  const view = JSON.parse((await rig.run(["show", chain[0]!, "--json"])).out) as JsonObject;
  expect(view["id"]).toBe(head);
}

/**
 * Each log of the chain numbers its events without a gap and pairs every call with one output. What a successor has carried over has no
 * id and no seal, which only one backend could read.
 */
export function expectSoundChain(rig: Rig, chain: readonly string[]): void {
  for (const id of chain) {
    const log = events(rig, id);
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, at) => at));
    expectPaired(log.filter(({ type }) => type === "item-added").map(itemOf));
  }
  for (const id of chain.slice(1)) {
    const log = events(rig, id);
    const carried = log.slice(
      0,
      log.findIndex(({ type }) => type === "history-carried"),
    );
    for (const item of carried.filter(({ type }) => type === "item-added").map(itemOf)) {
      expect(Object.keys(item)).not.toContain("id");
      expect(Object.keys(item)).not.toContain("encrypted_content");
    }
  }
}

/** The input of the last request. */
export function lastInput({ simulator }: Rig): JsonObject[] {
  const input = simulator.requests.at(-1)?.body?.["input"];
  return Array.isArray(input) ? input.filter(isJsonObject) : [];
}
