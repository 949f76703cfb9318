import { describe, expect, it } from "vitest";
import { Failure } from "../failure.ts";
import type { Provider } from "../provider.ts";
import { createSession } from "../runtime.ts";
import { never } from "../../test/kit/sessions.ts";
import { ofType, runsOnce, simulatedSessions } from "../../test/kit/simulated-sessions.ts";
import { undoRotation } from "./rotation.ts";
import { type ScenarioInput, step, turn } from "../simulator/server.ts";

const sessions = simulatedSessions();

describe("a rotated seal key", () => {
  const talk: ScenarioInput = { turn: [turn(undefined, step("Said.", { reason: "Thought." }))] };

  it("costs one refused request, is told in one line, and costs nothing on the next turn", async () => {
    const session = await sessions.started(talk);
    await session.run("one", never);
    await session.run("two", never);
    sessions.simulator.rotateKey();
    const before = sessions.simulator.requests.length;
    await session.run("three", never);
    expect(sessions.simulator.requests.length - before).toBe(2);
    await session.run("four", never);
    expect(sessions.simulator.requests.length - before).toBe(3);
    const told = sessions.updates.filter((update) => update.type === "repaired");
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ count: 2, notice: expect.stringContaining("2 items set aside") });
    expect(sessions.updates.filter(({ type }) => type === "attempt-failed")).toEqual([]);
    // Blobs that are still good are still sent (R4), messages all the more.
    const last = sessions.inputOf(-1);
    expect(ofType(last, "reasoning")).toHaveLength(1);
    expect(ofType(last, "message").filter((item) => item["role"] === "user")).toHaveLength(4);
    await session.close();
  });
});

describe("a pair that a provider refuses", () => {
  it("goes in words from then on: one refusal in all, and its tool ran once", async () => {
    sessions.simulator.reset({ turn: [turn(/more/, step("Yes.")), ...runsOnce.turn!] });
    const own = sessions.simulated();
    let [takes, refused] = [true, 0];
    const provider: Provider = {
      ...own.provider,
      async *stream(request, signal) {
        let sent = "";
        for await (const chunk of request.input.chunks()) sent += new TextDecoder().decode(chunk);
        const call = /"call_id":"([^"]+)"/u.exec(sent)?.[1];
        if (takes || call === undefined) return yield* own.provider.stream(request, signal);
        refused++;
        const message = `No tool output found for function call ${call}.`;
        yield { type: "failed", failure: new Failure("call-without-output", message, { call }) };
      },
    };
    const session = await createSession(sessions.runtime(), sessions.start(), { ...own, provider });
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    takes = false;
    for (const prompt of ["more", "and more"])
      expect(await session.run(prompt, never)).toEqual({ kind: "completed" });
    expect([refused, sessions.ran()]).toEqual([1, 1]);
    expect(JSON.stringify(sessions.inputOf(3))).toContain("cat ran");
    expect(sessions.updates.filter(({ type }) => type === "repaired")).toMatchObject([
      { class: "call-without-output", count: 2 },
    ]);
    await session.close();
  });
});

describe("a refusal in unknown words that no trial helped", () => {
  it("leaves nothing out of the next turn's requests, and nothing in the log", async () => {
    sessions.simulator.reset(runsOnce);
    const own = sessions.simulated();
    let refuses = false;
    const provider: Provider = {
      ...own.provider,
      async *stream(request, signal) {
        if (!refuses) return yield* own.provider.stream(request, signal);
        const signalled = { source: "http", status: 400, message: "frobnication" } as const;
        yield {
          type: "failed",
          failure: new Failure("unknown-provider-failure", "frobnication", {}, { signal: signalled }),
        };
      },
    };
    const session = await createSession(sessions.runtime(), sessions.start(), { ...own, provider });
    await session.run("go", never);
    refuses = true;
    expect(await session.run("more", never)).toMatchObject({ kind: "failed" });
    refuses = false;
    expect(await session.run(undefined, never)).toEqual({ kind: "completed" });
    expect(ofType(sessions.inputOf(-1), "function_call")).toHaveLength(2);
    expect(session.history.quarantines).toEqual([]);
    await session.close();
  });
});

describe("a session that no repair helps", () => {
  it("goes on in a successor within the turn: nothing runs twice, and the old id leads there", async () => {
    const refusal = {
      kind: "status",
      status: 400,
      code: "invalid_encrypted_content",
      message: "The encrypted content could not be verified.",
    } as const;
    const session = await sessions.started({ ...runsOnce, fault: [{ ...refusal, request: 2, times: 4 }] });
    const first = session.id;
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    expect(session.id).not.toBe(first);
    expect(sessions.ran()).toBe(1);
    expect(sessions.updates.filter(({ type }) => type === "session-rotated")).toMatchObject([
      { from: first, to: session.id },
    ]);
    expect(sessions.simulator.requests).toHaveLength(6);
    expect(ofType(sessions.inputOf(5), "function_call_output")).toHaveLength(1);
    expect(session.history).toMatchObject({ parent: first, turn: 1, lastOutcome: { kind: "completed" } });
    await session.close();
    const again = await sessions.resumed(first);
    expect(again.id).toBe(session.id);
    await again.close();
    expect(await undoRotation(sessions.store, first)).toEqual({ session: first, successor: session.id });
    expect(await sessions.store.find(first)).toEqual([first]);
  });

  it("is copied once, however many turns fail after it: no refused request goes out again for a new session", async () => {
    const message = "The encrypted content could not be verified.";
    const refusal = { kind: "status", status: 400, code: "invalid_encrypted_content", message } as const;
    const session = await sessions.started({ ...runsOnce, fault: [{ ...refusal, request: 2, times: 100 }] });
    expect(await session.run("go", never)).toMatchObject({ kind: "failed", class: "unrecoverable" });
    const rotated = session.id;
    await session.close();
    const again = await sessions.resumed(rotated);
    const before = sessions.simulator.requests.length;
    for (const prompt of ["more", "and more"])
      expect(await again.run(prompt, never)).toMatchObject({ kind: "failed", class: "unrecoverable" });
    expect(again.id).toBe(rotated);
    const bodies = sessions.simulator.requests.slice(before).map(({ body }) => JSON.stringify(body));
    expect(new Set(bodies).size).toBe(bodies.length);
    await again.close();
  });

  it("is refused the undoing of a rotation that never was", async () => {
    const session = await sessions.started(runsOnce);
    await session.close();
    await expect(undoRotation(sessions.store, session.id)).rejects.toThrow("not made by a rotation");
  });
});
