// What has to hold of a session after whatever was done to the process that worked in it.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/lib/json.ts";
import { patch, type ScenarioInput, shell, step, turn } from "../../src/simulator/server.ts";
import { type Rig, until } from "./rig.ts";

/** The first prompt of the story, and one that goes on after it. */
export const prompts = ["Do everything.", "And then?"] as const;

/** Each command of the story leaves its word in this file when it begins. */
export const ranFile = "ran";
export const commands = ["one", "two", "three"] as const;

const before: Readonly<Record<string, string>> = {
  "a.txt": "alpha\nbeta\n",
  "b.txt": "bravo\n",
  "old.txt": "old\n",
};
const after: Readonly<Record<string, string>> = {
  "a.txt": "alpha\nBETA\n",
  "c.txt": "BRAVO\n",
  "new.txt": "new\n",
};
const change = `*** Begin Patch
*** Update File: a.txt
@@
 alpha
-beta
+BETA
*** Add File: new.txt
+new
*** Update File: b.txt
*** Move to: c.txt
@@
-bravo
+BRAVO
*** Delete File: old.txt
*** End Patch`;

/**
 * One turn with everything in it that can be interrupted: two commands at once, a key that is rotated, a patch of four files, a stream
 * that is cut after a call. `command` makes the text of a command from its word.
 */
export function story(
  command: (word: string) => string = (word) => `echo ${word} >> ${ranFile}; echo did ${word}`,
  stream: ScenarioInput["stream"] = {},
): ScenarioInput {
  return {
    stream,
    turn: [
      turn(
        /everything/,
        step([shell(command("one")), shell(command("two"))], { reason: "Two things at once." }),
        step(patch(change), { name: "patch", reason: "Then four files." }),
        step(shell(command("three")), { name: "cut", reason: "Then one more." }),
        step("All done.", { reason: "That was it." }),
      ),
      turn(/then/, step("Nothing more.", { reason: "Nothing is left." })),
    ],
    fault: [
      { kind: "rotate-key", step: "patch" },
      { kind: "cut", step: "cut", after: "call", reset: true },
    ],
  };
}

export function prepare({ workspace }: Rig): void {
  for (const [name, text] of Object.entries(before)) writeFileSync(join(workspace, name), text);
}

/** The bytes up to the last newline: no more than these can have been acknowledged. */
export function wholeLines(log: Buffer): Buffer {
  return log.subarray(0, log.lastIndexOf(0x0a) + 1);
}

/** The log's events; throws for a line that is none. */
export function eventsOf(log: Buffer): JsonObject[] {
  return log
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JsonObject);
}

export function itemOf(event: JsonObject): JsonObject {
  return isJsonObject(event["item"]) ? event["item"] : {};
}

/** The words that go on with the session: with the prompt when the log doesn't hold it, with the next one when its turn is complete. */
export function wordsToGoOn(rig: Rig, id: string): string[] {
  const held = eventsOf(wholeLines(rig.log(id)));
  const asked = held.some((event) => JSON.stringify(itemOf(event)["content"])?.includes(prompts[0]));
  const prompt = !asked ? [prompts[0]] : lastOutcome(held) === "completed" ? [prompts[1]] : [];
  return ["exec", "resume", id, ...prompt, "--json"];
}

/** How the last turn ended; `undefined` while it is open. */
export function lastOutcome(events: readonly JsonObject[]): unknown {
  const last = events.findLast((event) => event["type"] === "turn-started" || event["type"] === "turn-ended");
  return isJsonObject(last?.["outcome"]) ? last["outcome"]["kind"] : undefined;
}

/** Whatever the process printed as done was acknowledged: it must be in the log that it left. */
export function expectToldIsLogged(told: string, log: Buffer): void {
  const seqs = new Set(eventsOf(wholeLines(log)).map((event) => event["seq"]));
  const lines = told
    .slice(0, told.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "");
  for (const line of lines) {
    const { type, item } = JSON.parse(line) as { type: string; item?: { id: string } };
    if (type === "item.completed") expect(seqs, line).toContain(Number(item!.id.replace("item_", "")));
    if (type === "turn.completed") expect(lastOutcome(eventsOf(wholeLines(log)))).toBe("completed");
  }
}

/** Every byte that was there stays, in its place; a torn line is set aside and not thrown away. */
export function expectKept(rig: Rig, id: string, left: Buffer): void {
  const now = rig.log(id);
  const whole = wholeLines(left);
  expect(now.subarray(0, whole.length).equals(whole), "what was in the log is in it byte for byte").toBe(
    true,
  );
  const torn = left.subarray(whole.length);
  if (torn.length === 0 || now.subarray(0, left.length).equals(left)) return;
  const aside = join(rig.sessionFolder(id), "log.torn");
  expect(existsSync(aside) && readFileSync(aside).includes(torn), "the torn line is in log.torn").toBe(true);
}

/** Every line can be read, numbers rise by one, fences never fall, and each call has one output. */
export function expectSoundLog(log: Buffer): void {
  const events = eventsOf(log);
  expect(events.map((event) => event["seq"])).toEqual(events.map((_, at) => at));
  const fences = events.map((event) => Number(event["fence"]));
  expect(fences).toEqual([...fences].sort((a, b) => a - b));
  expectPaired(events.filter((event) => event["type"] === "item-added").map(itemOf));
  const outcomes = events.filter(
    (event) => event["type"] === "turn-started" || event["type"] === "turn-ended",
  );
  expect(outcomes.map((event) => event["type"])).toEqual(
    outcomes.map((_, at) => (at % 2 === 0 ? "turn-started" : "turn-ended")),
  );
}

/** R25: each call has exactly one output, behind it, and each output its call. */
export function expectPaired(items: readonly JsonObject[]): void {
  const open = new Set<unknown>();
  const answered = new Set<unknown>();
  for (const { type, call_id: call } of items) {
    if (typeof type !== "string" || !/_call(?:_output)?$/u.test(type)) continue;
    if (type.endsWith("_call")) {
      expect(open.has(call) || answered.has(call), `call ${String(call)} stands twice`).toBe(false);
      open.add(call);
    } else {
      expect(open.delete(call), `output ${String(call)} has no open call before it`).toBe(true);
      answered.add(call);
    }
  }
  expect([...open], "calls without output").toEqual([]);
}

export function expectRequestsPaired({ simulator }: Rig): void {
  for (const { body } of simulator.requests) {
    if (Array.isArray(body?.["input"])) expectPaired((body["input"] as unknown[]).filter(isJsonObject));
  }
}

/** All four files are as the patch leaves them, none as before it, and no draft is left. */
export function expectPatched({ workspace }: Rig): void {
  const files = readdirSync(workspace).filter((name) => name !== ranFile);
  const found = Object.fromEntries(files.map((name) => [name, readFileSync(join(workspace, name), "utf8")]));
  expect(found).toEqual(after);
}

/**
 * Each command ran once and is answered with what it printed. Of those whose outcome is `unknown` the model is told so; a wrapper that
 * was killed between its claim and its command left nothing to run.
 */
export function expectRanOnce(rig: Rig, id: string, unknown: readonly string[] = []): void {
  const events = eventsOf(rig.log(id));
  const ran = rig.lines(ranFile);
  for (const word of commands) {
    const times = ran.filter((line) => line === word).length;
    if (unknown.includes(word)) expect(times, `${word} ran`).toBeLessThanOrEqual(1);
    else expect(times, `${word} ran`).toBe(1);
    const call = events.find(
      (event) =>
        event["kind"] === "function_call" && String(itemOf(event)["arguments"]).includes(`echo ${word} `),
    );
    const output = events.find(
      (event) => event["kind"] === "function_call_output" && event["call"] === call?.["call"],
    );
    const answer = unknown.includes(word) ? "outcome unknown; verify before repeating" : `did ${word}`;
    expect(itemOf(output ?? {})["output"], `${word} is answered`).toContain(answer);
  }
}

/** The lists know the session, as idle and undamaged, and everything that ran for it has ended. */
export async function expectAtRest(rig: Rig, id: string): Promise<void> {
  const [list, view] = await Promise.all([rig.run(["sessions", "--json"]), rig.run(["show", id, "--json"])]);
  expect(list.status, list.err).toBe(0);
  expect(view.status, view.err).toBe(0);
  const { sessions } = JSON.parse(list.out) as { sessions: JsonObject[] };
  const row = sessions.find((session) => session["id"] === id);
  expect(row).toMatchObject({ id, status: "idle" });
  expect(row).not.toHaveProperty("holder");
  expect(row).not.toHaveProperty("trouble");
  expect(JSON.parse(view.out)).toMatchObject({ id, status: "idle", damage: [] });
  await until(() => rig.processes().length === 0, "every process to end");
}

/** The story has come to its end, and nothing of it was lost, done twice or done by halves. */
export function expectDone(rig: Rig, id: string, unknown: readonly string[] = []): void {
  const log = rig.log(id);
  expect(lastOutcome(eventsOf(log))).toBe("completed");
  expectSoundLog(log);
  expectRanOnce(rig, id, unknown);
  expectPatched(rig);
  expectRequestsPaired(rig);
}

/** Goes on with a session that a crash left, until its turn is complete; what was in its log is still there. */
export async function recover(rig: Rig, id: string): Promise<void> {
  const left = rig.log(id);
  const resumed = await rig.run(wordsToGoOn(rig, id));
  expect(resumed.status, `resume after the crash\n${resumed.out}${resumed.err}`).toBe(0);
  expectKept(rig, id, left);
}

export async function expectSurvives(rig: Rig, id: string): Promise<void> {
  await recover(rig, id);
  expectDone(rig, id);
  await expectAtRest(rig, id);
}
