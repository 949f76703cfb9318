import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { never } from "../test/kit/sessions.ts";
import { ofType, runsOnce, simulatedSessions } from "../test/kit/simulated-sessions.ts";
import { toolbox } from "./agent/toolbox.ts";
import { systemClock } from "./lib/clock.ts";
import { Failure } from "./failure.ts";
import { createSession, resumeSession } from "./runtime.ts";
import type { Equipment } from "./runtime/equipment.ts";
import { shell, type ScenarioInput, step, turn } from "./simulator/server.ts";
import { toolEnvironment } from "./tool/environment.ts";
import type { SessionUpdate } from "./turn/update.ts";

const sessions = simulatedSessions();

function deniedAll(): Equipment {
  const { environment, settings, ...rest } = sessions.simulated();
  return {
    ...rest,
    settings: { ...settings, approval: "none" },
    environment: { ...environment, approve: () => Promise.resolve({ allowed: false, why: "Denied." }) },
  };
}

const isStarted = ({ type }: SessionUpdate): boolean => type === "tool-started";

describe("a turn", () => {
  it("runs its calls with an environment that is an object of a class, as it is at the time", async () => {
    class Own {
      readonly tools = toolbox(() => sessions.store.list());
      readonly workspace = sessions.workspace;
      env = toolEnvironment(process.env);
      approve(): Promise<{ allowed: true }> {
        return Promise.resolve({ allowed: true });
      }
    }
    const environment = new Own();
    sessions.simulator.reset({ turn: [turn(undefined, step(shell("echo $SET > set")), step("Done."))] });
    const session = await createSession(sessions.runtime(), sessions.start(), {
      ...sessions.simulated(),
      environment,
    });
    environment.env = { ...environment.env, SET: "since" };
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    expect(await readFile(join(sessions.workspace, "set"), "utf8")).toBe("since\n");
    expect(sessions.updates.filter(isStarted)).toHaveLength(1);
    await session.close();
  });

  it("carries the output of a finished tool in the request that follows a cut, and runs the tool once", async () => {
    const session = await sessions.started({
      ...runsOnce,
      fault: [{ kind: "cut", after: "call", request: 1 }],
    });
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    expect(sessions.ran()).toBe(1);
    expect(sessions.simulator.requests).toHaveLength(2);
    const [output] = ofType(sessions.inputOf(1), "function_call_output");
    expect(output?.["output"]).toContain("ran");
    const types = (await sessions.records(session.id)).map(({ event }) => event.type);
    // Drained before the failure is looked at (R23).
    expect(types.lastIndexOf("tool-started")).toBeLessThan(types.indexOf("attempt-failed"));
    await session.close();
  });

  it("tries again after its delay, although the clock is set back by an hour meanwhile", async () => {
    let ahead = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + ahead };
    sessions.simulator.reset({ ...runsOnce, fault: [{ kind: "cut", after: "call", request: 1 }] });
    const runtime = { ...sessions.runtime(), clock };
    const session = await createSession(runtime, sessions.start(), sessions.simulated());
    sessions.onUpdate = ({ type }) => {
      if (type === "attempt-failed") setTimeout(() => (ahead = -3_600_000), 10);
    };
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    expect(ahead).toBeLessThan(0);
    await session.close();
  });

  it("logs the intent before a tool starts and the output before the step ends", async () => {
    const session = await sessions.started(runsOnce);
    await session.run("go", never);
    const log = await sessions.records(session.id);
    const at = (type: string, kind?: string): number =>
      log.findIndex(
        ({ event }) => event.type === type && (!kind || ("kind" in event && event.kind === kind)),
      );
    const order = [
      at("item-added", "function_call"),
      at("tool-started"),
      at("item-added", "function_call_output"),
      at("step-ended"),
    ];
    expect(order).toEqual([...order].sort((left, right) => left - right));
    expect(order).not.toContain(-1);
    await session.close();
  });

  it("runs parallel calls at the same time and answers each", async () => {
    const meet = (name: string): string =>
      `touch ${name}.up; for i in $(seq 100); do [ -e a.up ] && [ -e b.up ] && break; sleep 0.05; done; [ -e a.up ] && [ -e b.up ] && echo met`;
    const session = await sessions.started({
      turn: [turn(undefined, step([shell(meet("a")), shell(meet("b"))]), step("Both."))],
    });
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    const outputs = ofType(sessions.inputOf(1), "function_call_output");
    expect(outputs).toHaveLength(2);
    for (const output of outputs) expect(output["output"]).toContain("met");
    await session.close();
  });

  it("answers a call that is not approved, so that no call stays open", async () => {
    const session = await sessions.started(runsOnce, deniedAll());
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    expect(sessions.ran()).toBe(0);
    expect(ofType(sessions.inputOf(1), "function_call_output")[0]?.["output"]).toBe("Denied.");
    await session.close();
  });

  it("ends as interrupted when it is cancelled, with what the tool printed in the log", async () => {
    const session = await sessions.started({
      turn: [turn(undefined, step(shell("echo begun; sleep 30; echo ended")), step("Never."))],
    });
    const controller = new AbortController();
    const running = session.run("go", controller.signal);
    await expect.poll(() => sessions.updates.some((update) => update.type === "tool-progress")).toBe(true);
    controller.abort();
    expect(await running).toEqual({ kind: "interrupted", reason: "cancelled" });
    await session.close();
    const log = await sessions.records(session.id);
    const output = log.find(
      ({ event }) => event.type === "item-added" && event.kind === "function_call_output",
    );
    const text = new TextDecoder().decode(await sessions.store.body(session.id, output!.body!));
    expect(text).toContain("begun");
    expect(text).not.toContain("ended");
    expect(log.at(-1)?.event.type).toBe("turn-ended");
  });

  it("is alone in its session: another one, or a summary, that is asked for meanwhile is refused and leaves no trace", async () => {
    const session = await sessions.started(runsOnce);
    const first = session.run("go", never);
    const others = [session.run("and this", never), session.serve("this too", never), session.compact(never)];
    for (const other of others) await expect(other).rejects.toMatchObject({ class: "usage" });
    expect(await first).toEqual({ kind: "completed" });
    expect(sessions.ran()).toBe(1);
    const types = (await sessions.records(session.id)).map(({ event }) => event.type);
    expect(types.filter((type) => type === "turn-started")).toHaveLength(1);
    expect(await session.run("now", never)).toEqual({ kind: "completed" });
    await session.close();
  });

  it.each([
    ["never answers", () => new Promise<never>(() => undefined)],
    [
      "rejects then, as Node's readline does",
      (signal: AbortSignal) =>
        new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    ],
  ])("ends as interrupted when it is cancelled while an approval is asked for that %s", async (_, asked) => {
    sessions.simulator.reset(runsOnce);
    const { environment, ...rest } = sessions.simulated();
    const controller = new AbortController();
    const approve = (_request: unknown, signal: AbortSignal): Promise<never> => {
      setTimeout(() => controller.abort(), 10);
      return asked(signal);
    };
    const session = await createSession(sessions.runtime(), sessions.start(), {
      ...rest,
      environment: { ...environment, approve },
    });
    expect(await session.run("go", controller.signal)).toEqual({ kind: "interrupted", reason: "cancelled" });
    expect(sessions.ran()).toBe(0);
    const log = await sessions.records(session.id);
    expect(log.filter(({ event }) => "kind" in event && event.kind === "function_call_output")).toHaveLength(
      1,
    );
    await session.close();
  });

  it("takes an answer to an approval that is no promise, as a program without types may give it", async () => {
    sessions.simulator.reset(runsOnce);
    const { environment, ...rest } = sessions.simulated();
    const approve = (() => ({ allowed: true })) as unknown as typeof environment.approve;
    const session = await createSession(sessions.runtime(), sessions.start(), {
      ...rest,
      environment: { ...environment, approve },
    });
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    expect(sessions.ran()).toBe(1);
    await session.close();
  });

  it("numbers the attempts of each step from one", async () => {
    const session = await sessions.started({ ...runsOnce, fault: [{ kind: "overloaded", times: 2 }] });
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    const attempts = sessions.updates.flatMap((update) =>
      update.type === "attempt-started" ? [[update.step, update.attempt]] : [],
    );
    expect(attempts).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 1],
    ]);
    await session.close();
  });

  it("has as many tries for a step that fails as for each of those before it", async () => {
    const fails = (request: number) =>
      ({ kind: "rate-limit", told: "header-ms", retry_after: "1ms", request, times: 5 }) as const;
    const session = await sessions.started({ ...runsOnce, fault: [fails(1), fails(7)] });
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    const attempts = sessions.updates.flatMap((update) =>
      update.type === "attempt-started" ? [update.step] : [],
    );
    expect(attempts).toEqual([...Array<number>(6).fill(1), ...Array<number>(6).fill(2)]);
    await session.close();
  });

  it("tells others meanwhile at which one the session is, and on what", async () => {
    const session = await sessions.started(runsOnce);
    const told: unknown[] = [];
    sessions.onUpdate = (update) => {
      if (update.type === "attempt-started") told.push(sessions.store.holder(session.id));
    };
    await session.run("Count the files.", never);
    expect((await Promise.all(told))[0]).toMatchObject({ owner: { doing: "at turn 1: Count the files" } });
    await session.close();
  });

  it("stops with a class of its own when a provider keeps failing, and leaves the session to go on with", async () => {
    const session = await sessions.started({ ...runsOnce, fault: [{ kind: "quota", times: 1 }] });
    const outcome = await session.run("go", never);
    expect(outcome).toMatchObject({ kind: "failed", class: "billing" });
    expect(sessions.simulator.requests).toHaveLength(1);
    expect(await session.run(undefined, never)).toEqual({ kind: "completed" });
    await session.close();
  });
});

describe("a session that is resumed", () => {
  it("logs its settings where they are other ones, and nothing of them where they are the same", async () => {
    const session = await sessions.started(runsOnce);
    await session.close();
    const resumed = async (model: string): Promise<string[]> => {
      const { settings, ...rest } = sessions.simulated();
      const equip = () => Promise.resolve({ ...rest, settings: { ...settings, model } });
      await (await resumeSession(sessions.runtime(), session.id, { force: false }, equip)).close();
      return (await sessions.records(session.id)).flatMap(({ event }) =>
        event.type === "settings-changed" ? [event.settings.model] : [],
      );
    };
    expect(await resumed("gpt-5.5")).toEqual([]);
    expect(await resumed("another")).toEqual(["another"]);
    expect(await resumed("another")).toEqual(["another"]);
  });
});

describe("limits", () => {
  it("end the turn as limited with the reset time, and are waited for when asked", async () => {
    const limited: ScenarioInput = { ...runsOnce, fault: [{ kind: "usage-limit", resets_in: "4s" }] };
    const session = await sessions.started(limited);
    const began = Date.now();
    const outcome = await session.run("go", never);
    expect(outcome).toMatchObject({ kind: "limited", class: "usage-limit" });
    expect(outcome.kind === "limited" && outcome.until).toBeGreaterThan(began);
    await session.close();
    const runtime = { ...sessions.runtime(), wait: true };
    const equip = () => Promise.resolve(sessions.simulated());
    const again = await resumeSession(runtime, session.id, { force: false }, equip);
    expect(await again.run(undefined, never)).toEqual({ kind: "completed" });
    expect(sessions.updates.some((update) => update.type === "waiting")).toBe(true);
    await again.close();
  });
});

describe("the log", () => {
  it("has one output of a tool that ran while an item of its step could not be written, and it ran once", async () => {
    const both = step([shell("sleep 0.3; echo ran >> ran"), shell("true")]);
    const session = await sessions.started({ turn: [turn(/again/, step("Done.")), turn(1, both)] });
    const id = session.id;
    await session.close();
    const acquire = sessions.store.acquire.bind(sessions.store);
    let failures = 0;
    sessions.store.acquire = async (...asked) => {
      const log = await acquire(...asked);
      const append = log.append.bind(log);
      log.append = async (...events) => {
        const isSecond =
          sessions.simulator.requests.length === 1 && failures === 0 && sessions.updates.some(isStarted);
        const isItem = events.some(({ event }) => event.type === "item-added" && event.origin === "model");
        if (!isSecond || !isItem) return append(...events);
        failures++;
        throw new Failure("store-full", "There is no room.", { path: "log" });
      };
      return log;
    };
    const next = await sessions.resumed(id);
    await expect(next.run("go", never)).rejects.toMatchObject({ class: "store-full" });
    expect(await next.run("again", never)).toEqual({ kind: "completed" });
    await next.close();
    expect([failures, sessions.ran()]).toEqual([1, 1]);
    const kinds = (await sessions.records(id)).flatMap(({ event }) =>
      event.type === "item-added" ? [event.kind] : [],
    );
    const count = (kind: string): number => kinds.filter((each) => each === kind).length;
    expect(count("function_call_output")).toBe(count("function_call"));
  });

  it("refuses the late append of an owner that was fenced off, which stops with lease-lost", async () => {
    const session = await sessions.started({
      turn: [turn(undefined, step(shell("until [ -e gate ]; do sleep 0.05; done")), step("Late."))],
    });
    const running = session.run("go", never).catch((error: unknown) => error);
    await expect.poll(() => sessions.updates.some((update) => update.type === "tool-started")).toBe(true);
    const next = await sessions.resumed(session.id, sessions.simulated(), true);
    await writeFile(join(sessions.workspace, "gate"), "");
    expect(await running).toMatchObject({ class: "lease-lost" });
    expect(await next.run(undefined, never)).toEqual({ kind: "completed" });
    await next.close();
    const fences = (await sessions.records(session.id)).map(({ event }) => event.fence);
    expect(fences).toEqual([...fences].sort((left, right) => left - right));
  });

  it("says what it can't go on with", async () => {
    const session = await sessions.started(runsOnce);
    const nothing = (why: string): object => ({
      class: "usage",
      message: expect.stringContaining(`has nothing to go on with: ${why}.`) as string,
    });
    await expect(session.run(undefined, never)).rejects.toMatchObject(nothing("it has no turn yet"));
    await session.run("go", never);
    await expect(session.run(undefined, never)).rejects.toMatchObject(nothing("its last turn is complete"));
    await session.close();
  });

  it("has the model that answered with each item of it, and with each step", async () => {
    const session = await sessions.started(runsOnce);
    await session.run("go", never);
    const models = (await sessions.records(session.id)).flatMap(({ event }) =>
      event.type === "step-ended" || (event.type === "item-added" && event.origin === "model")
        ? [event.model]
        : [],
    );
    expect(models).toHaveLength(5);
    expect(new Set(models)).toEqual(new Set(["gpt-5.5-2026-10-01"]));
    await session.close();
  });
});
