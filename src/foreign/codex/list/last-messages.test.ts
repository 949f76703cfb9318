import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codexHomeWith } from "../../../../test/kit/codex-home.ts";
import { listRollouts } from "../home/places.ts";
import { lastMessages } from "./last-messages.ts";

test("the last messages are those of the person and the model, also of a rollout whose tail is one long output", async () => {
  const home = codexHomeWith("0.130.0");
  const { path } = listRollouts(home).find(({ thread }) => thread.startsWith("01a1fac6-9157"))!;
  const all = await lastMessages(path, 9);
  expect(all.map(({ who }) => who)).toEqual(["you", "agent", "you", "agent"]);
  expect(all[0]!.text).toBe("read a.txt");
  expect(await lastMessages(path, 1)).toEqual(all.slice(-1));
  const output = { type: "function_call_output", call_id: "c", output: "x".repeat(600_000) };
  appendFileSync(
    path,
    `${JSON.stringify({ timestamp: "2026-11-21T00:00:00Z", type: "response_item", payload: output })}\n`,
  );
  expect(await lastMessages(path, 3)).toEqual(all.slice(-3));
});

test("the last messages of a thread that was reverted are those of the file before, too, up to where it was cut off", async () => {
  const thread = "01a1fab7-43af-7111-ab7c-b4a4c49da1a3";
  const folder = join(codexHomeWith("0.130.0"), "sessions", "2026", "11", "20");
  const line = (ordinal: number, type: string, payload: object): string =>
    `${JSON.stringify({ timestamp: "2026-11-20T20:48:05.000Z", ordinal, type, payload })}\n`;
  const header = (base?: object): string =>
    line(0, "session_meta", {
      id: thread,
      timestamp: "2026-11-20T20:48:05.000Z",
      cwd: "/",
      originator: "codex_cli_rs",
      cli_version: "0.169.0",
      history_mode: "paginated",
      history_base: base,
    });
  const said = (ordinal: number, role: string, text: string): string =>
    line(ordinal, "response_item", {
      type: "message",
      role,
      content: [{ type: role === "user" ? "input_text" : "output_text", text }],
    });
  const kept = header() + said(1, "user", "one") + said(2, "assistant", "two");
  writeFileSync(
    join(folder, `rollout-2026-11-20T20-48-05-${thread}.jsonl`),
    kept + said(3, "user", "taken back"),
  );
  const path = join(
    folder,
    `rollout-2026-11-20T20-50-05-${thread}_01a1fab7-5000-7111-ab7c-b4a4c49da1a3.jsonl`,
  );
  const base = { thread_id: thread, end_ordinal_exclusive: 3, end_byte_offset: kept.length };
  writeFileSync(path, header(base) + said(4, "user", "three"));
  const texts = async (most: number): Promise<string[]> =>
    (await lastMessages(path, most)).map(({ text }) => text);
  expect(await texts(9)).toEqual(["one", "two", "three"]);
  expect(await texts(2)).toEqual(["two", "three"]);
  expect(await texts(1)).toEqual(["three"]);
});
