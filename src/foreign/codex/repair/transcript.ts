import { closeSync, openSync } from "node:fs";
import { stringOf } from "../../../lib/json.ts";
import { printable } from "../../../lib/printable.ts";
import { callInput, isCallKind, isOutputKind, itemText } from "../../../session/item.ts";
import { appendAll } from "../../../lib/write.ts";
import { linesOf } from "../rollout/file/lines-of.ts";
import { readRecord, type RolloutRecord } from "../rollout/record/record.ts";

const longest = 2 ** 25;

/**
 * Writes what was said and done in a rollout as text for people, whatever state and layout it is in: messages, calls and outputs, and
 * lines that are no records as they are. Makes the file, for its owner only; throws when there is one.
 */
export async function writeTranscript(path: string, to: string): Promise<void> {
  const fd = openSync(to, "wx", 0o600);
  try {
    appendAll(fd, Buffer.from(`# What can be read of ${printable(path)}\n`));
    for await (const batch of linesOf(path, { longest })) {
      for (const line of batch) {
        const record = readRecord(line);
        const told = record.readable ? toldOf(record) : remains(line.bytes);
        if (told !== "") appendAll(fd, Buffer.from(`\n${printable(told)}\n`));
      }
    }
  } finally {
    closeSync(fd);
  }
}

function toldOf({ type, kind = "", payload }: RolloutRecord): string {
  if (type === "compacted") {
    const { message } = payload;
    return typeof message === "string" && message !== "" ? `## Summary\n\n${message}` : "";
  }
  if (type !== "response_item") return "";
  const text = itemText(payload).trim();
  if (kind === "message") return text === "" ? "" : `## ${stringOf(payload["role"]) || "message"}\n\n${text}`;
  if (isOutputKind(kind)) return `Output:\n\n${text}`;
  if (!isCallKind(kind)) return "";
  return `Call of ${stringOf(payload["name"]) || kind}: ${callInput(payload)}`;
}

function remains(bytes: Buffer): string {
  const text = bytes.toString("utf8").replaceAll("\uFFFD", "").trim();
  return text === "" ? "" : `A line that is no record:\n\n${text}`;
}
