import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { memoryStore } from "../../store/memory/memory-store.ts";
import type { Screen, Terminal } from "../command/terminal.ts";
import { pickSession } from "./pick-session.ts";

it("a picker that is interrupted while its sessions are read isn't shown", async () => {
  const output = Object.assign(new PassThrough(), { columns: 80, rows: 24, isTTY: true });
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => input,
    ref: () => input,
    unref: () => input,
  });
  const screen = { input, output, suspend: () => Promise.resolve() } as unknown as Screen;
  const controller = new AbortController();
  const store = memoryStore({ version: "0.1.0" });
  const list = store.list.bind(store);
  store.list = (query) => {
    controller.abort();
    return list(query);
  };
  const picked = await pickSession({ colour: false } as Terminal, screen, {
    store,
    here: { path: "/work" },
    codex: { environment: {}, home: "/nowhere" },
    tell: (words) => words,
    waits: { tell: () => undefined },
    signal: controller.signal,
  });
  expect(picked).toEqual({ kind: "interrupted" });
  expect(output.read()).toBeNull();
});
