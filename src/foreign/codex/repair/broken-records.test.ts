import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { repairRollout, undoRepair } from "./repair.ts";

const id = "01a1fac2-0000-7000-8000-000000000000";
const timestamp = "2026-11-20T20:58:19.000Z";
const line = (type: string, payload: object): string => `${JSON.stringify({ timestamp, type, payload })}\n`;
const said = (role: string, type: string, text: string): string =>
  line("response_item", { type: "message", role, content: [{ type, text }] });
const text = (answer: string): string =>
  line("session_meta", { id, timestamp, cwd: "/", originator: "codex_exec", cli_version: "0.98.0" }) +
  said("user", "input_text", "look").replace('"look"', '"look {at} it"') +
  said("assistant", "output_text", "ANSWER").replace("ANSWER", answer) +
  said("user", "input_text", "thanks");

it.each([
  ["one\ntwo", "one two"],
  // Separators side by side, in a program that writes CRLF.
  ["one\r\n\r\ntwo", "one    two"],
  ['one\n{two}\nthree\n{\\"four\\":5}\n', 'one {two} three {\\"four\\":5} '],
])("a record that was broken into lines is one again: %j", async (answer, become) => {
  const root = temporaryFolder();
  const path = join(root, `rollout-2026-11-20T20-58-19-${id}.jsonl`);
  writeFileSync(path, text(answer));
  const done = await repairRollout(path, { home: join(root, "own") });
  expect(done?.journal.mended).toEqual({ "unparsable-line": 1 });
  expect(readFileSync(path, "utf8")).toBe(text(become));
  await undoRepair(path, { home: join(root, "own") });
  expect(readFileSync(path, "utf8")).toBe(text(answer));
});

it("lines that make no record together are kept apart, and the record behind them stays", async () => {
  const root = temporaryFolder();
  const path = join(root, `rollout-2026-11-20T20-58-19-${id}.jsonl`);
  const torn = '{"timestamp":"2026-11-20T20:58:19.000Z","type":"response_item","payl\n}\n';
  writeFileSync(path, text("one") + torn + said("user", "input_text", "more"));
  await repairRollout(path, { home: join(root, "own") });
  const left = text("one") + torn.replace(/[^\n]/gu, " ") + said("user", "input_text", "more");
  expect(readFileSync(path, "utf8")).toBe(left);
});

it("so is one of before 0.34, without an envelope", async () => {
  const root = temporaryFolder();
  const path = join(root, `rollout-2025-08-20T20-58-19-${id}.jsonl`);
  const content = [{ type: "output_text", text: "ANSWER" }];
  const message = JSON.stringify({ type: "message", role: "assistant", content });
  const bare = (answer: string): string =>
    `${JSON.stringify({ id, timestamp, instructions: null })}\n${message.replace("ANSWER", answer)}\n`;
  writeFileSync(path, bare("one\ntwo"));
  await repairRollout(path, { home: join(root, "own") });
  expect(readFileSync(path, "utf8")).toBe(bare("one two"));
});
