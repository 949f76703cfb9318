import { describe, expect, it } from "vitest";
import { progress } from "./progress.ts";
import type { Screen, Terminal } from "../command/terminal.ts";

function made(interactive: boolean, columns?: number) {
  const written: string[] = [];
  let now = 0;
  const screen = { output: { columns } } as Screen;
  const terminal = {
    interactive,
    err: (text: string) => void written.push(text),
    ...(columns && { screen }),
  };
  const bar = progress(terminal as unknown as Terminal, () => now);
  return { bar, written, at: (ms: number) => (now = ms) };
}

describe("a progress bar", () => {
  it("shows what takes long, now and then, on one line that fits, and goes away", () => {
    const { bar, written, at } = made(true, 40);
    bar.show(10, 1_000, "sessions read");
    expect(written).toEqual([]);
    at(400);
    bar.show(500, 1_000, "sessions read for the catalogue");
    at(410);
    bar.show(510, 1_000, "sessions read for the catalogue");
    expect(written).toEqual([
      "\r██████████░░░░░░░░░░ 500 of 1000 session\u001b[K".replace("session", "sessio"),
    ]);
    bar.clear();
    bar.clear();
    expect(written.slice(1)).toEqual(["\r\u001b[K"]);
  });

  it("writes nothing where nobody looks", () => {
    const { bar, written, at } = made(false);
    at(5_000);
    bar.show(1, 2, "sessions read");
    bar.clear();
    expect(written).toEqual([]);
  });
});
