// Follow-ups and rotations with the real program, killed at every point that they pass: the old state or the new one, and all work once.
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { continuityPoints } from "../../src/lib/fault.ts";
import { risingIds } from "../../src/lib/ids.ts";
import { type ScenarioInput, shell, step, turn } from "../../src/simulator/server.ts";
import { folderStore } from "../../src/store/folder/folder-store.ts";
import {
  chainFrom,
  deliveredTo,
  expectOneSession,
  expectSoundChain,
  lastInput,
  saidTo,
} from "../kit/chain.ts";
import { type Ended, type Rig, until, withRig } from "../kit/rig.ts";
import { eventsOf, lastOutcome, ranFile, wholeLines } from "../kit/survival.ts";

const atMost = 180_000;

/** Nothing that a ladder can take out of the request is to blame, so that the turn goes on in a successor. */
const refusedWhatever = {
  kind: "status",
  status: 400,
  code: "invalid_encrypted_content",
  message: "The encrypted content could not be verified.",
} as const;

/** The second turn: a command, then requests that are refused with every repair; `since` is the first refused request. */
const rotating: ScenarioInput = {
  turn: [
    turn(/Hello/, step("Hello.", { reason: "Polite." })),
    turn(
      /work/,
      step(shell(`echo one >> ${ranFile}; echo did one`), { reason: "Look first." }),
      step("Worked."),
    ),
  ],
  fault: [{ ...refusedWhatever, request: 3, times: 4 }],
};

const texts = ["first", "second", "third"];

/** A session with a turn in it and follow-ups that wait. */
async function queued(rig: Rig): Promise<string> {
  expect((await rig.run(["exec", "Hello.", "--name", "work"])).status).toBe(0);
  const store = folderStore(rig.home, { version: "test" });
  const nextId = risingIds(Date.now);
  const id = rig.id();
  for (const text of texts) await store.queue(id, { id: nextId(), at: 0, text, mode: "followup" });
  await store.close();
  return id;
}

async function crash(rig: Rig, point: string, words: readonly string[]): Promise<Ended> {
  const died = await rig.run(words, { env: { THROUGHLINE_CRASH_AT: point } });
  expect(died.signal, `${point} is not passed by: ${words.join(" ")}\n${died.out}${died.err}`).toBe(
    "SIGKILL",
  );
  return died;
}

/** Resumes the session by its first id until nothing waits; everything must have been done once, in order. */
async function expectAllDone(rig: Rig, first: string, prompt: string[]): Promise<string[]> {
  const asked = chainFrom(rig, first).some((id) => saidTo(rig, id).includes("Do the work."));
  // Killed after its last write: nothing is left to do.
  const before = chainFrom(rig, first);
  const isOver =
    lastOutcome(eventsOf(wholeLines(rig.log(before.at(-1)!)))) === "completed" &&
    deliveredTo(rig, before).length === texts.length;
  const resumed = await rig.run(["resume", first, ...(asked ? [] : prompt), "--json"]);
  expect(resumed.status, `${resumed.out}${resumed.err}`).toBe(isOver && asked ? 2 : 0);
  return expectDone(rig, first);
}

async function expectDone(rig: Rig, first: string): Promise<string[]> {
  const chain = chainFrom(rig, first);
  expect(deliveredTo(rig, chain)).toEqual(texts);
  expect(saidTo(rig, chain.at(-1)!).filter((text) => texts.includes(text))).toEqual(texts);
  expect(saidTo(rig, chain.at(-1)!).filter((text) => text === "Do the work.")).toHaveLength(1);
  expect(rig.lines(ranFile)).toEqual(["one"]);
  expectSoundChain(rig, chain);
  expect(lastOutcome(eventsOf(rig.log(chain.at(-1)!)))).toBe("completed");
  await expectOneSession(rig, chain);
  const list = JSON.parse((await rig.run(["queue", "list", first, "--json"])).out) as object;
  expect(list).toMatchObject({ session: chain.at(-1), queued: [], dead: [] });
  await until(() => rig.processes().length === 0, "every process to end");
  return chain;
}

describe.concurrent("a turn that no repair helps", () => {
  it(
    "goes on in a successor with all that was said, under the old name and the old id",
    { timeout: atMost },
    () =>
      withRig(rotating, async (rig) => {
        const first = await queued(rig);
        const run = await rig.run(["resume", "work", "Do the work.", "--json"]);
        expect(run.status, run.out).toBe(0);
        const told = run.out
          .split("\n")
          .flatMap((line) => (line ? [JSON.parse(line) as { type: string }] : []));
        const [, head = ""] = chainFrom(rig, first);
        expect(told).toContainEqual(
          expect.objectContaining({ type: "session.rotated", from: first, thread_id: head }),
        );
        expect(told.filter(({ type }) => type === "followup.delivered")).toHaveLength(3);
        expect(told.filter(({ type }) => type === "turn.completed")).toHaveLength(4);
        const sent = lastInput(rig);
        expect(sent.filter(({ type }) => type === "function_call")).toHaveLength(1);
        expect(sent.filter(({ type }) => type === "function_call_output")).toHaveLength(1);
        await expectDone(rig, first);
        const view = await rig.run(["show", "work"]);
        expect(view.out).toContain(`from      ${first}`);
        expect((await rig.run(["sessions"])).out).toContain(`continued from ${first}`);
        expect((await rig.run(["undo", head])).status).toBe(0);
        await expectOneSession(rig, [first]);
        expect((await rig.run(["queue", "list", "work"])).out).toContain("Nothing is queued");
      }),
  );

  const points = continuityPoints.filter((point) => /^(?:rotation-|follow-up-[bc])/u.test(point));
  it.each([...points, "follow-up-begun:2", "follow-up-committed:3"])(
    "survives kill -9 at %s",
    { timeout: atMost },
    (point) =>
      withRig(rotating, async (rig) => {
        const first = await queued(rig);
        await crash(rig, point, ["resume", "work", "Do the work.", "--json"]);
        const chain = chainFrom(rig, first);
        await expectOneSession(rig, chain);
        // The event in the predecessor's log decides: the old state before it, the new one after it.
        if (point.startsWith("rotation-"))
          expect(chain).toHaveLength(/(?:committed|forwarded)$/u.test(point) ? 2 : 1);
        await expectAllDone(rig, first, ["Do the work."]);
      }),
  );

  it("comes back with undo, queue and all; the successor is kept", { timeout: atMost }, () =>
    withRig(rotating, async (rig) => {
      const first = await queued(rig);
      await rig.run(["resume", "work", "Do the work."], {
        env: { THROUGHLINE_CRASH_AT: "rotation-forwarded" },
      });
      const [, head = ""] = chainFrom(rig, first);
      const undone = await rig.run(["undo", "work"]);
      expect(undone.status, undone.err).toBe(0);
      expect(chainFrom(rig, first)).toEqual([first]);
      expect(rig.ids()).toContain(head);
      await expectAllDone(rig, first, []);
      const again = await rig.run(["undo", "work"]);
      expect(again.status).toBe(2);
    }),
  );

  it.each(continuityPoints.filter((point) => point.startsWith("undo-")))(
    "survives kill -9 at %s",
    { timeout: atMost },
    (point) =>
      withRig(rotating, async (rig) => {
        const first = await queued(rig);
        await rig.run(["resume", "work", "Do the work."], {
          env: { THROUGHLINE_CRASH_AT: "rotation-forwarded" },
        });
        await crash(rig, point, ["undo", first]);
        expect(chainFrom(rig, first)).toHaveLength(point === "undo-committed" ? 1 : 2);
        await expectAllDone(rig, first, []);
      }),
  );
});

/** One in so many writes is tried; 1 tries all of them. */
const every = Number(process.env["THROUGHLINE_EVERY"] ?? 9);
/** More writes than there are in the rotation, its predecessor and its successor, however events share them. */
const mostWrites = 40;

describe.concurrent.each(["append-half-written", "append-not-synced"])(
  "kill -9 at %s, through a rotation",
  (point) => {
    const numbers = Array.from({ length: mostWrites }, (_, at) => at + 1).filter((nth) => nth % every === 0);
    it.each(numbers)("number %i", { timeout: atMost }, (nth) =>
      withRig(rotating, async (rig) => {
        const first = await queued(rig);
        const env = { THROUGHLINE_CRASH_AT: `${point}:${nth}` };
        const run = await rig.run(["resume", "work", "Do the work.", "--json"], { env });
        if (run.signal === null) {
          expect(run.status, run.err).toBe(0);
          await expectDone(rig, first);
        } else {
          await expectOneSession(rig, chainFrom(rig, first));
          await expectAllDone(rig, first, ["Do the work."]);
        }
      }),
    );
  },
);

describe.concurrent("a follow-up", () => {
  it(
    "is accepted whole or not at all, and its sender's death leaves nothing that is delivered",
    { timeout: atMost },
    () =>
      withRig(rotating, async (rig) => {
        const first = await queued(rig);
        await crash(rig, "follow-up-written", ["queue", "work", "never accepted"]);
        await expectAllDone(rig, first, ["Do the work."]);
      }),
  );

  it("that steers is taken at the next step of the running turn", { timeout: atMost }, () => {
    const gate = `echo one >> ${ranFile}; while [ ! -e gate ]; do sleep 0.05; done`;
    const scenario: ScenarioInput = {
      turn: [turn(/work/, step(shell(gate)), step("Worked.")), turn(/tests/, step("With tests."))],
    };
    return withRig(scenario, async (rig) => {
      const owner = rig.start(["exec", "Please work.", "--json"]);
      await until(() => rig.lines(ranFile).length > 0, "the command to begin");
      expect((await rig.run(["queue", rig.id(), "And with tests.", "--steer"])).status).toBe(0);
      expect((await rig.run(["queue", rig.id(), "Then more."])).status).toBe(0);
      writeFileSync(join(rig.workspace, "gate"), "");
      expect((await owner.ended).status, owner.said()).toBe(0);
      const events = eventsOf(rig.log(rig.id()));
      const steering = events.find(({ followUp, type }) => type === "item-added" && followUp !== undefined);
      expect(steering).toMatchObject({ turn: 1, step: 2 });
      const later = events.filter(({ type }) => type === "turn-started").map(({ source }) => source);
      expect(later).toEqual(["prompt", "follow-up"]);
    });
  });

  it(
    "whose delivery ends the process every time is put aside, and the next one is delivered",
    { timeout: atMost },
    () =>
      withRig({ turn: [] }, async (rig) => {
        expect((await rig.run(["exec", "Hello.", "--name", "work"])).status).toBe(0);
        const id = rig.id();
        for (const text of ["deadly", "fine"]) await rig.run(["queue", "work", text]);
        for (let times = 0; times < 3; times++) await crash(rig, "follow-up-begun", ["resume", "work"]);
        const run = await rig.run(["resume", "work"]);
        expect(run.status, run.err).toBe(0);
        expect(run.err).toContain("begun 3 times");
        expect(deliveredTo(rig, [id])).toEqual(["fine"]);
        const list = JSON.parse((await rig.run(["queue", "list", "work", "--json"])).out) as object;
        expect(list).toMatchObject({ queued: [], dead: [{ text: "deadly" }] });
        expect((await rig.run(["show", "work"])).out).toContain("1 could not be delivered");
        expect(readdirSync(join(rig.sessionFolder(id), "inbox"))).toEqual(["dead"]);
      }),
  );

  it("waits when a turn does not complete, and is counted", { timeout: atMost }, () =>
    withRig({ turn: [], fault: [{ kind: "usage-limit", request: 2, resets_in: "1h" }] }, async (rig) => {
      expect((await rig.run(["exec", "Hello.", "--name", "work"])).status).toBe(0);
      for (const text of texts) await rig.run(["queue", "work", text]);
      const limited = await rig.run(["resume", "work"]);
      expect(limited.status).toBe(4);
      expect(limited.err).toContain("2 follow-ups still queued");
      expect(deliveredTo(rig, [rig.id()])).toEqual(["first"]);
    }),
  );
});
