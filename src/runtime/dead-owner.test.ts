import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { never } from "../../test/kit/sessions.ts";
import { ofType, runsOnce, simulatedSessions } from "../../test/kit/simulated-sessions.ts";
import { uuidv7 } from "../lib/ids.ts";

const sessions = simulatedSessions();

describe("an owner that died", () => {
  it("leaves a call that never started: the next owner runs it and closes the dead turn", async () => {
    const session = await sessions.started(runsOnce);
    await session.run("go", never);
    await session.close();
    const whole = await sessions.records(session.id);
    // The same log, cut after the call's item.
    const until = whole.findIndex(({ event }) => event.type === "tool-started");
    const id = await copyUntil(session.id, until);
    await rm(join(sessions.workspace, "ran"));
    const next = await sessions.resumed(id);
    expect(await next.run(undefined, never)).toEqual({ kind: "completed" });
    expect(sessions.ran()).toBe(1);
    const outcomes = (await sessions.records(id)).flatMap(({ event }) =>
      event.type === "turn-ended" ? [event.outcome.kind] : [],
    );
    expect(outcomes).toEqual(["interrupted", "completed"]);
    await next.close();
  });

  it("leaves an intent whose traces are gone: the call is answered as unknown and not run again", async () => {
    const session = await sessions.started(runsOnce);
    await session.run("go", never);
    await session.close();
    const whole = await sessions.records(session.id);
    const until = whole.findIndex(({ event }) => event.type === "tool-started") + 1;
    const id = await copyUntil(session.id, until);
    await rm(join(sessions.workspace, "ran"));
    const next = await sessions.resumed(id);
    expect(await next.run(undefined, never)).toEqual({ kind: "completed" });
    expect(sessions.ran()).toBe(0);
    const [output] = ofType(sessions.inputOf(-1), "function_call_output");
    expect(output?.["output"]).toContain("outcome unknown");
    const told = sessions.updates
      .flatMap((update) => (update.type === "notice" ? [update.text] : []))
      .join("\n");
    expect(told).toContain("is unknown (the traces of this call are gone)");
    expect(told).not.toContain("is run now");
    await next.close();
  });

  /** A session with the events of another up to a record, as a process leaves it that is killed there. */
  async function copyUntil(from: string, count: number): Promise<string> {
    const id = uuidv7(Date.now());
    const [created, ...rest] = (await sessions.records(from)).slice(0, count);
    const log = await sessions.store.create(id, { event: { ...created!.event, id } as never }, "test");
    for (const record of rest) {
      const item = record.body && (await sessions.store.body(from, record.body));
      await log.append({ event: record.event, ...(item && { item }) });
    }
    await log.release();
    return id;
  }
});
