// A rollout of a few records, examined as doctor does it: what the tests of the single watches are written with.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Examination } from "../../src/foreign/codex/examine/examination.ts";
import { examine } from "../../src/foreign/codex/examine/examine.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A record's type and payload, or a line as it stands in the file. */
export type Line = readonly [type: string, payload: object] | string;

const thread = "01a1fab7-43af-7111-ab7c-b4a4c49da1a3";
const header = { id: thread, timestamp: "2026-11-20T20:48:00.000Z", cwd: "/", originator: "codex_exec" };
const [paginated, before] = [
  { cli_version: "0.169.0", history_mode: "paginated" },
  { cli_version: "0.98.0" },
];

export const event = (type: string, more: object = {}): Line => ["event_msg", { type, ...more }];
export const item = (type: string, more: object = {}): Line => ["response_item", { type, ...more }];
export const prompt = (text: string, more: object = {}): Line =>
  item("message", { role: "user", content: [{ type: "input_text", text }], ...more });
export const answer = (text: string, more: object = {}): Line =>
  item("message", { role: "assistant", content: [{ type: "output_text", text }], ...more });
export const call = (id: string): Line =>
  item("function_call", { call_id: id, name: "shell", arguments: "{}" });
export const output = (id: string): Line => item("function_call_output", { call_id: id, output: "a" });
/** A blob as a provider seals it, which tells when that was (milliseconds since 1970), and ends with its own letters. */
export function sealed(at: number, fill = 1): string {
  const head = Buffer.alloc(9, 0x80);
  head.writeBigUInt64BE(BigInt(at / 1_000), 1);
  return Buffer.concat([head, Buffer.alloc(112, fill)]).toString("base64url");
}
/** A line that a repair or a crash has blanked. */
export const blank = " ".repeat(100);
/** A line that was taken out of the file. */
export const gone = "gone";

/**
 * The lines stand behind a header, so the first of them has index 1. Each is a second later than the one before. With ordinals, a line that
 * is no record had one too, and so had one that is gone.
 */
export async function examined(
  lines: readonly Line[],
  has: "ordinals" | "no ordinals" = "no ordinals",
): Promise<Examination> {
  const isPaginated = has === "ordinals";
  const all: Line[] = [["session_meta", { ...header, ...(isPaginated ? paginated : before) }], ...lines];
  const text = all.flatMap((line, at) => {
    if (typeof line === "string") return line === gone ? [] : line;
    const timestamp = new Date(Date.parse(header.timestamp) + at * 1_000).toISOString();
    const [type, payload] = line;
    return JSON.stringify({ timestamp, ...(isPaginated && { ordinal: at }), type, payload });
  });
  const path = join(temporaryFolder(), `rollout-2026-11-20T20-48-00-${thread}.jsonl`);
  writeFileSync(path, text.map((line) => `${line}\n`).join(""));
  return examine(path);
}
