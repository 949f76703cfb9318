// Which output belongs to which call, where both are alone: one that is given to another's call tells the model what never happened.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { repairRollout } from "../repair/repair.ts";

const root = temporaryFolder();
const id = "01a1fd7f-7f19-7713-9a44-8f943967cbfd";
const timestamp = "2026-11-21T09:45:53.780Z";
const path = join(root, "sessions", `rollout-2026-11-21T09-45-53-${id}.jsonl`);
const header = { id, timestamp, cwd: "/w", originator: "codex_exec", cli_version: "0.130.0", source: "cli" };

const call = (name: string): JsonObject => ({
  type: "function_call",
  call_id: name,
  name: "shell",
  arguments: "{}",
});
const output = (name: string, text = `of ${name}`): JsonObject => ({
  type: "function_call_output",
  call_id: name,
  output: text,
});
const others = (count: number): JsonObject[] =>
  Array.from({ length: count }, () => ({
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text: "I go on." }],
  }));

/** A line that a crash has blanked: an item fits into it. */
const blank = " ".repeat(300);

/** What each call is answered with after a repair, by its id. */
async function answers(...items: (JsonObject | typeof blank)[]): Promise<Record<string, string>> {
  mkdirSync(join(path, ".."), { recursive: true });
  const rows = [
    JSON.stringify({ timestamp, type: "session_meta", payload: header }),
    ...items.map((payload) =>
      typeof payload === "string" ? payload : JSON.stringify({ timestamp, type: "response_item", payload }),
    ),
  ];
  writeFileSync(path, rows.map((row) => `${row}\n`).join(""));
  const options = {
    home: join(root, "own"),
    now: Date.parse("2026-11-22"),
    seals: { which: "none" },
  } as const;
  await repairRollout(path, options);
  const made = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => (JSON.parse(line) as { payload: JsonObject }).payload);
  const outputs = made.filter(({ type }) => String(type).endsWith("_output"));
  const calls = made.filter(({ type }) => String(type).endsWith("_call"));
  expect(calls.map((each) => each["call_id"]).toSorted(), "pairs").toEqual(
    outputs.map((each) => each["call_id"]).toSorted(),
  );
  return Object.fromEntries(outputs.map((each) => [String(each["call_id"]), String(each["output"])]));
}

const own = "call_AbCdEfGhIjKlMnOpQrSt";
const nobody = "outcome unknown; verify before repeating";

describe("an output whose id is not its call's", () => {
  it.each([
    ["one character", "call_AbCdEfGhIjKlMnOpQrSu"],
    ["two", "call_xbCdEfGhIjKlMnOpQrSu"],
  ])("is its call's where %s is another", async (_what, altered) => {
    expect(await answers(call(own), output(altered), ...others(1))).toEqual({ [own]: `of ${altered}` });
    expect(await answers(call(own), ...others(15), output(altered), ...others(1))).toEqual({
      [own]: `of ${altered}`,
    });
  });

  it.each<[string, string, string, number]>([
    ["is another id altogether", own, "call_ZyXwVuTsRqPoNmLkJiHg", 0],
    ["differs in three characters", own, "call_xxCdEfGhIjKlMnOpQrSu", 0],
    ["is longer", own, `${own}u`, 0],
    ["is counted, as a gateway's", "call_1", "call_2", 0],
    ["stands further away than damage reaches", own, "call_AbCdEfGhIjKlMnOpQrSu", 16],
  ])("is another call's where it %s", async (_what, called, answered, between) => {
    expect(await answers(call(called), ...others(between), output(answered), ...others(1))).toEqual({
      [called]: nobody,
      [answered]: `of ${answered}`,
    });
  });

  it("is another call's where it stands before the call, or is of another kind, or could be two calls'", async () => {
    const altered = "call_AbCdEfGhIjKlMnOpQrSu";
    expect(await answers(output(altered), ...others(1), call(own), ...others(1))).toMatchObject({
      [own]: nobody,
    });
    const custom = { ...output(altered), type: "custom_tool_call_output" };
    expect(await answers(call(own), custom, ...others(1))).toMatchObject({ [own]: nobody });
    const third = "call_AbCdEfGhIjKlMnOpQrSv";
    expect(await answers(call(own), output(altered), output(third), ...others(1))).toEqual({
      [own]: nobody,
      [altered]: `of ${altered}`,
      [third]: `of ${third}`,
    });
  });

  it("changes places with its call where it came before that, as long as they are near", async () => {
    expect(await answers(output(own), ...others(15), call(own), ...others(1))).toEqual({
      [own]: `of ${own}`,
    });
    const lines = readFileSync(path, "utf8").split("\n");
    expect(lines[1]).toContain('"function_call"');
    expect(lines[17]).toContain('"function_call_output"');
    expect(await answers(output(own), ...others(16), call(own), ...others(1))).toEqual({ [own]: nobody });
  });
});

describe("calls whose ids a program has changed, and not those of their outputs,", () => {
  const pair = (nth: number): JsonObject[] => [call(`call_${nth}`), output(`call_AbCdEfGhIjKlMn${nth}`)];
  const told = (nth: number): Record<string, string> => ({ [`call_${nth}`]: `of call_AbCdEfGhIjKlMn${nth}` });

  it("have the outputs that stand in the places of theirs, and no byte moves", async () => {
    const items = [...pair(1), ...others(1), ...pair(2), ...others(2)];
    expect(await answers(...items)).toEqual({ ...told(1), ...told(2) });
    const rows = [
      { type: "session_meta", payload: header },
      ...items.map((payload) => ({ type: "response_item", payload })),
    ];
    const bytes = rows.map((row) => JSON.stringify({ timestamp, ...row }).length + 1);
    expect(readFileSync(path).length).toBe(bytes.reduce((sum, length) => sum + length));
    expect(
      await answers(...others(1), call("call_1"), call("call_2"), output("a"), output("b"), ...others(1)),
    ).toEqual({ a: "of a", b: "of b" });
  });

  it("keep the ids that events tell", async () => {
    const ran = (of: string): string =>
      JSON.stringify({
        timestamp,
        type: "event_msg",
        payload: { type: "exec_command_end", call_id: of, command: ["ls"], aggregated_output: "x" },
      });
    expect(
      await answers(
        call("call_1"),
        ran("call_AbCdEfGhIjKlMn1"),
        output("call_AbCdEfGhIjKlMn1"),
        call("call_2"),
        ran("call_AbCdEfGhIjKlMn2"),
        output("call_AbCdEfGhIjKlMn2"),
      ),
    ).toEqual({
      call_AbCdEfGhIjKlMn1: "of call_AbCdEfGhIjKlMn1",
      call_AbCdEfGhIjKlMn2: "of call_AbCdEfGhIjKlMn2",
    });
  });

  it("are other calls where something between them is lost, or where their kinds, their number or the turn differ", async () => {
    const [one, two, three] = [pair(1), pair(2), pair(3)];
    const first = { call_1: nobody, call_AbCdEfGhIjKlMn1: "of call_AbCdEfGhIjKlMn1" };
    const gap = (what: JsonObject | typeof blank): Promise<Record<string, string>> =>
      answers(one[0]!, what, one[1]!, ...others(1), ...two, ...others(1), ...three, ...others(1));
    expect(await gap(" ".repeat(20))).toEqual({ ...first, ...told(2), ...told(3) });
    const prompt = { type: "message", role: "user", content: [{ type: "input_text", text: "on" }] };
    expect(await gap(prompt)).toEqual({ ...first, ...told(2), ...told(3) });
    expect(await gap(output("call_AbCdEfGhIjKlMn4"))).toMatchObject(first);
    const custom = { ...one[1]!, type: "custom_tool_call_output" };
    expect(await answers(one[0]!, custom, ...others(1), ...two, ...others(1))).toMatchObject(first);
  });

  it("are other calls where whole lines are gone between them", async () => {
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => `call_${name.repeat(20)}`) as [
      string,
      string,
      string,
      string,
    ];
    const theirs = { [a]: nobody, [b]: `of ${b}`, [c]: nobody, [d]: `of ${d}` };
    // The next step of the model's, and calls that have their own outputs.
    for (const between of [others(1), [call("x"), output("x")]])
      expect(
        await answers(call(a), ...between, output(b), ...others(1), call(c), ...others(1), output(d)),
      ).toMatchObject(theirs);
    const parallel = (mine: string, lost: string, other: string): JsonObject[] => [
      call(mine),
      call(lost),
      output(mine),
      output(other),
    ];
    expect(await answers(...parallel("x", a, b), ...others(1), ...parallel("y", c, d))).toMatchObject(theirs);
    const turn = JSON.stringify({ timestamp, type: "turn_context", payload: { cwd: "/w", model: "m" } });
    const row = (ordinal: number, payload: JsonObject): string =>
      JSON.stringify({ timestamp, ordinal, type: "response_item", payload });
    expect(
      await answers(call(a), turn, output(b), ...others(1), row(1, call(c)), row(3, output(d))),
    ).toMatchObject(theirs);
    // A single pair is left where the other isn't one.
    expect(await answers(call(a), output(b), ...others(1), call(c), ...others(1), output(d))).toMatchObject(
      theirs,
    );
  });
});

it("outputs that are lost stand in blank lines near their calls, each in one of its own", async () => {
  const sizes = async (...items: Parameters<typeof answers>): Promise<[string[], number]> => {
    const told = await answers(...items);
    return [Object.keys(told), readFileSync(path, "utf8").split("\n").length];
  };
  const rest = others(1);
  expect(await sizes(call("a"), call("b"), blank, blank, ...rest)).toEqual([["a", "b"], 7]);
  expect(await sizes(call("a"), blank.slice(0, 50), ...rest), "too short a one").toEqual([["a"], 6]);
});

it("an output that is put in behind a last line without an ending is told as that alone, where only its kind is mended", async () => {
  await answers(call(own), ...others(1));
  const rows = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, rows.slice(0, 2).join("\n"));
  const only = ["call-without-output"] as const;
  const options = { home: join(root, "own"), now: Date.now(), seals: { which: "none" }, only } as const;
  const done = await repairRollout(path, options);
  expect(done?.journal.mended).toEqual({ "no-final-newline": 1, "call-without-output": 1 });
});
