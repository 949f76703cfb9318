import { afterEach, expect, it } from "vitest";
import { processTerminal } from "./terminal.ts";

const streams = [process.stdin, process.stdout, process.stderr];
const before = streams.map((stream) => stream.isTTY);
afterEach(() => streams.forEach((stream, at) => (stream.isTTY = before[at]!)));

it("a terminal that obeys no control sequences gets no colours no moving lines and no screen, and is asked all the same", () => {
  for (const stream of streams) stream.isTTY = true;
  const { ask: _ask, screen, ...usual } = processTerminal({ TERM: "xterm" });
  expect(screen).toBeDefined();
  expect(usual).toMatchObject({ interactive: true, colour: true });
  const dumb = processTerminal({ TERM: "dumb" });
  expect(dumb).toMatchObject({ interactive: false, colour: false });
  expect(dumb.ask).toBeDefined();
  expect(dumb.screen).toBeUndefined();
});
