import { describe, expect, it } from "vitest";
import {
  answers,
  play,
  post,
  prompt,
  stream,
  textOf,
  testSimulator,
} from "../../test/kit/simulator-client.ts";
import type { JsonObject } from "../lib/json.ts";
import { call, patch, shell, step, turn } from "./server.ts";

describe("the built-in script", () => {
  it("runs the commands of a prompt one after the other and answers with the last outcome", async () => {
    const simulator = await testSimulator();
    const seen: unknown[] = [];
    const history = await play(simulator, "run: make\nrun: make test", (made) => {
      seen.push(JSON.parse(made["arguments"] as string));
      return "Exit code: 2\nOutput:\none\ntwo\n";
    });
    expect(seen).toEqual([{ command: "make" }, { command: "make test" }]);
    expect(textOf(history.slice(-1))).toBe("The last tool ended with exit status 2; its last line: two");
  });

  it.each([
    ["", "(nothing)"],
    ["Output:\n", "Output:"],
  ])("tells of a command that printed %j the last line %s", async (printed, told) => {
    const history = await play(await testSimulator(), "run: make", () => `Exit code: 0\nOutput:\n${printed}`);
    expect(textOf(history.slice(-1))).toBe(`The last tool ended with exit status 0; its last line: ${told}`);
  });

  it("calls any tool by name", async () => {
    const simulator = await testSimulator();
    const { items } = await stream(simulator, [prompt('call: list_sessions {"limit":3}')]);
    expect(items.at(-1)).toMatchObject({
      type: "function_call",
      name: "list_sessions",
      arguments: '{"limit":3}',
    });
  });
});

describe("the scripted model", () => {
  const scenario = {
    turn: [
      turn(
        /fix/i,
        step(shell("npm test"), {
          name: "test",
          reason: "look",
          say: "Testing.",
          next: [{ when: "not ok", go: "fix" }, { go: "done" }],
        }),
        step([patch("P"), shell("git diff")], { name: "fix", next: [{ go: "test" }] }),
        step("All good: {{last_line}}", { name: "done" }),
      ),
      turn(2, step(call("list_sessions"))),
    ],
  };

  it("branches on what tools print, and loops", async () => {
    const simulator = await testSimulator({ scenario });
    const outputs = ["not ok 1", "patched", "diff", "ok 1"];
    const history = await play(simulator, "Fix it", () => outputs.shift() ?? "");
    expect(simulator.requests.map(({ step: name }) => name)).toEqual(["test", "fix", "test", "done"]);
    expect(textOf(history.slice(-1))).toBe("All good: ok 1");
  });

  it("goes by the number of the prompt, and a prompt that was never answered does not count", async () => {
    const simulator = await testSimulator({ scenario });
    const { items } = await stream(simulator, [prompt("a"), prompt("b")]);
    expect(textOf(items)).toContain("You said: b");
    const second = await stream(simulator, [prompt("a"), prompt("b"), ...items, prompt("c")]);
    expect(second.items.at(-1)).toMatchObject({ name: "list_sessions" });
  });

  it("continues a step of which the client kept only a part", async () => {
    const simulator = await testSimulator({ scenario });
    const first = await stream(simulator, [prompt("fix")]);
    const input = [prompt("fix"), ...first.items, ...answers(first.items, "not ok")];
    const second = await stream(simulator, input);
    expect(second.items.map(({ type }) => type)).toEqual(["custom_tool_call", "function_call"]);
    const kept = second.items.slice(0, 1);
    const third = await stream(simulator, [...input, ...kept, ...answers(kept, "patched")]);
    expect(third.items).toMatchObject([{ type: "function_call", arguments: '{"command":"git diff"}' }]);
  });

  it("gives the same continuation after a retry and after its own restart", async () => {
    const before = await testSimulator({ scenario, keySeed: "seed" });
    const first = await stream(before, [prompt("fix")]);
    const input = [prompt("fix"), ...first.items, ...answers(first.items, "not ok")];
    const plain = (items: JsonObject[]): unknown[] =>
      items.map(({ type, name, input: text }) => [type, name, text]);
    const second = plain((await stream(before, input)).items);
    expect(plain((await stream(before, input)).items)).toEqual(second);
    await before.close();
    const after = await testSimulator({ scenario, keySeed: "seed" });
    expect(plain((await stream(after, input)).items)).toEqual(second);
  });

  it("speaks to the shell tool that the client offers", async () => {
    const simulator = await testSimulator();
    const offer = async (name: string): Promise<JsonObject | undefined> =>
      (await stream(simulator, [prompt("run: ls")], { tools: [{ type: "function", name }] })).items.at(-1);
    expect(await offer("exec_command")).toMatchObject({ arguments: '{"cmd":"ls"}' });
    expect(await offer("shell")).toMatchObject({ arguments: '{"command":["bash","-lc","ls"]}' });
    expect(await offer("run_commands")).toMatchObject({ arguments: '{"commands":["ls"]}' });
    expect(await offer("teapot")).toMatchObject({ type: "message" });
  });

  it("compacts when it is asked to, and the compaction is sealed", async () => {
    const simulator = await testSimulator();
    const { items } = await stream(simulator, [prompt("hello"), { type: "compaction_trigger" }]);
    expect(items).toMatchObject([{ type: "compaction", id: expect.stringMatching(/^cmp_/) as string }]);
    expect((await post(simulator, [...items, prompt("x")])).status).toBe(200);
    simulator.rotateKey();
    expect((await post(simulator, [...items, prompt("x")])).status).toBe(400);
  });
});
