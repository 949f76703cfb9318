import { closeSync, readdirSync, writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { afterEach, expect, it, vi } from "vitest";
import { scratch } from "../../../test/kit/tool-context.ts";
import { openPipe } from "./pipe.ts";

afterEach(() => vi.restoreAllMocks());

it.runIf(process.platform === "linux")(
  "a pipe has no name left, and ends when nobody can write to it",
  async () => {
    const folder = scratch();
    const { read, write } = openPipe(folder)!;
    expect(readdirSync(folder)).toEqual([]);
    writeSync(write, "printed");
    closeSync(write);
    expect(await text(read)).toBe("printed");
  },
);

it("only Linux needs one: elsewhere a command opens its socket again by name", () => {
  vi.spyOn(process, "platform", "get").mockReturnValue("darwin");
  expect(openPipe(scratch())).toBeUndefined();
});
