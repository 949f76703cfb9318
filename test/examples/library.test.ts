import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

it("importing the library changes nothing of the process: neither whom its fetch goes over, nor listeners, nor what holds it up", async () => {
  const program = `
    import Agent from "undici/lib/dispatcher/agent.js";
    const before = [JSON.stringify(process.env), listeners()];
    await import("throughline");
    await import("throughline/gateway");
    await import("throughline/codex");
    function listeners() {
      return process.eventNames().map((name) => [String(name), process.listenerCount(name)]).join();
    }
    const isOurs = ["1", "2"].some((version) => {
      const agent = globalThis[Symbol.for("undici.globalDispatcher." + version)];
      return agent !== undefined && (agent instanceof Agent || agent.constructor.name === "Dispatcher1Wrapper");
    });
    const held = process.getActiveResourcesInfo().filter((name) => /Timeout|Server|Process/u.test(name));
    const isSame = before.join() === [JSON.stringify(process.env), listeners()].join();
    console.log(JSON.stringify({ isOurs, isSame, held }));`;
  const args = ["--input-type=module", "--eval", program];
  const { stdout } = await run(process.execPath, args, { cwd: root });
  expect(JSON.parse(stdout)).toEqual({ isOurs: false, isSame: true, held: [] });
});

it("the example of a tool of one's own runs as the documentation shows it", async () => {
  const example = fileURLToPath(new URL("../../examples/own-tool.ts", import.meta.url));
  const { stdout } = await run(process.execPath, [example]);
  expect(
    stdout
      .replace(/call_\w+/gu, "CALL")
      .trim()
      .split("\n"),
  ).toEqual([
    "held by this process: true",
    "person: milk, please",
    'assistant calls remember (CALL): {"line":"milk"}',
    "output of CALL: remembered",
    "assistant: I remember it.",
    "listed: another way (interrupted, 1)",
    "listed: shopping (idle, 1)",
    "went back by 1 step; then completed",
    "lines: milk",
  ]);
});

it("the example of Codex's sessions runs as the documentation shows it", async () => {
  const example = fileURLToPath(new URL("../../examples/codex-sessions.ts", import.meta.url));
  const { stdout } = await run(process.execPath, [example]);
  expect(stdout.trim().split("\n")).toEqual([
    "listed: Fix the tests. (1 message, torn-tail)",
    "said last, by you: Fix the tests.",
    "loss: the last line is torn, line 4 → repair",
    "that message comes of: calls without their output",
    "for that message: torn-tail, call-without-output",
    "would change line 4: the torn line becomes spaces",
    "would change line 4: the output of shell is put in (nobody knows it any more)",
    "repaired: torn-tail, call-without-output",
    "taken back, the same bytes: true",
    "made: 3 items of 1 prompt",
    "completed, and written as another session: Fix the tests. (0 flaws, 0 left)",
  ]);
});

it("the library example runs as the README shows it", async () => {
  const example = fileURLToPath(new URL("../../examples/library.ts", import.meta.url));
  const { stdout } = await run(process.execPath, [example]);
  expect(stdout).toContain("The turn completed after 2 requests; the tool ran once.");
  expect(stdout).toContain("1 tool output kept");
  expect(stdout).toContain("listed: run: echo once >> ran.txt; wc -l < ran.txt (idle)");
});
