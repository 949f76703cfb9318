import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../../../test/kit/temporary-folder.ts";
import { firstHeader, headerOf } from "./file-header.ts";

const id = "01a0f497-0990-7f13-933f-78cca4bbbb53";
const meta = { timestamp: "2026-11-20T21:00:00.000Z", type: "session_meta", payload: { id, cwd: "/w" } };
/** As relays that make UUIDs of their own name their items. */
const item = {
  timestamp: "2026-11-20T21:00:01.000Z",
  type: "response_item",
  payload: { type: "message", id: "01a0f497-0990-7f13-933f-78cca4bbbb99", role: "assistant", content: [] },
};

it("what is lost with a first line isn't read off an item that stands there now", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "saved.jsonl");
  const write = (...lines: readonly object[]): void =>
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  write(meta, item);
  expect([firstHeader(path)?.id, (await headerOf(path))?.id]).toEqual([id, id]);
  write(item, meta);
  expect([firstHeader(path)?.id, (await headerOf(path))?.id]).toEqual([undefined, id]);
});
