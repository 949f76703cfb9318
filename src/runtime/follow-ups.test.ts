import { describe, expect, it } from "vitest";
import { risingIds } from "../lib/ids.ts";
import type { Session } from "../runtime.ts";
import { shell, type ScenarioInput, step, turn } from "../simulator/server.ts";
import type { QueuedFollowUp } from "../store.ts";
import { never } from "../../test/kit/sessions.ts";
import { simulatedSessions } from "../../test/kit/simulated-sessions.ts";

const sessions = simulatedSessions();

const runsOnce: ScenarioInput = { turn: [turn(undefined, step(shell("echo ran")), step("Done."))] };

describe("queued work", () => {
  const queue = (session: Session, text: string, mode: "followup" | "steer" = "followup"): Promise<string> =>
    sessions.store.queue(session.id, { id: nextId(), at: 0, text, mode });
  const nextId = risingIds(Date.now);
  const sources = async (id: string): Promise<string[]> =>
    (await sessions.records(id)).flatMap(({ event }) => (event.type === "turn-started" ? event.source : []));

  it("gets a turn each after the prompt's, in order, and is taken out once it is in the log", async () => {
    const session = await sessions.started({ turn: [] });
    for (const text of ["one", "two"]) await queue(session, text);
    const left: Promise<QueuedFollowUp[]>[] = [];
    sessions.onUpdate = ({ type }) => {
      if (type === "follow-up-delivered") left.push(sessions.store.queued(session.id));
    };
    expect(await session.serve("go", never)).toEqual({
      outcome: { kind: "completed" },
      delivered: 2,
      waiting: 0,
    });
    expect(await Promise.all(left)).toMatchObject([[{ text: "two" }], []]);
    expect(await sources(session.id)).toEqual(["prompt", "follow-up", "follow-up"]);
    expect(sessions.updates.filter(({ type }) => type === "follow-up-delivered")).toMatchObject([
      { text: "one" },
      { text: "two" },
    ]);
    await session.close();
  });

  it("that steers is taken at the next step of the turn that runs, before what waits for a turn", async () => {
    const session = await sessions.started(runsOnce);
    await queue(session, "later");
    await queue(session, "now", "steer");
    await session.serve("go", never);
    const steering = (await sessions.records(session.id)).find(
      ({ event }) => event.type === "item-added" && event.followUp !== undefined,
    );
    expect(steering?.event).toMatchObject({ turn: 1, step: 2 });
    expect(JSON.stringify(sessions.simulator.requests[1]?.body?.["input"])).toContain("now");
    expect(await sources(session.id)).toEqual(["prompt", "follow-up"]);
    await session.close();
  });

  it("stays queued once the person has cancelled, though the turn before it was complete by then", async () => {
    const session = await sessions.started({ turn: [] });
    await queue(session, "later");
    const cancel = new AbortController();
    sessions.onUpdate = ({ type }) => {
      if (type === "turn-ended") cancel.abort();
    };
    expect(await session.serve("go", cancel.signal)).toEqual({
      outcome: { kind: "completed" },
      delivered: 0,
      waiting: 1,
    });
    await session.close();
  });

  it("that is queued to steer stays queued once the person has cancelled the turn", async () => {
    const session = await sessions.started(runsOnce);
    await queue(session, "now", "steer");
    const cancel = new AbortController();
    sessions.onUpdate = ({ type }) => {
      if (type === "tool-ended") cancel.abort();
    };
    expect(await session.serve("go", cancel.signal)).toMatchObject({
      outcome: { kind: "interrupted" },
      waiting: 1,
    });
    await session.close();
  });

  it("that the log has already is removed, not delivered again", async () => {
    const session = await sessions.started({ turn: [] });
    const id = nextId();
    await queue(session, "x");
    const [followUp] = await sessions.store.queued(session.id);
    await session.serve("go", never);
    await sessions.store.queue(session.id, { ...followUp!, id: followUp!.id });
    await sessions.store.queue(session.id, { id, at: 0, text: "y", mode: "followup" });
    expect(await session.serve(undefined, never)).toMatchObject({ delivered: 1, waiting: 0 });
    expect(await sessions.store.queued(session.id)).toEqual([]);
    expect(await sources(session.id)).toEqual(["prompt", "follow-up", "follow-up"]);
    await session.close();
  });

  it("that no provider takes is put aside with the reason, and told", async () => {
    const session = await sessions.started({ turn: [] });
    await queue(session, " ");
    expect(await session.serve(undefined, never)).toEqual({ delivered: 0, waiting: 0 });
    expect(await sessions.store.buried(session.id)).toMatchObject([
      { text: " ", why: expect.stringContaining("empty") as string },
    ]);
    expect(
      sessions.updates.some(
        (update) => update.type === "notice" && update.text.includes("can't be delivered"),
      ),
    ).toBe(true);
    await session.close();
  });
});
