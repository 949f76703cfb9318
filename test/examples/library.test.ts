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

it("the library example runs as the README shows it", async () => {
  const example = fileURLToPath(new URL("../../examples/library.ts", import.meta.url));
  const { stdout } = await run(process.execPath, [example]);
  expect(stdout).toContain("The turn completed after 2 requests; the tool ran once.");
  expect(stdout).toContain("1 tool output kept");
  expect(stdout).toContain("listed: run: echo once >> ran.txt; wc -l < ran.txt (idle)");
});
