import type { JsonObject } from "../../lib/json.ts";
import { formatTime } from "../../lib/date.ts";
import { printable, printableLine } from "../../lib/printable.ts";
import { counted } from "../../lib/words.ts";
import { callInput, isCallKind, isOutputKind, itemText } from "../../session/item.ts";
import type { SessionSummary } from "../../session/summary.ts";
import { isSummaryItem, summaryText } from "../../session/summary-item.ts";
import { modelWords, workspaceWords } from "../session-words.ts";

type Facts = Pick<
  SessionSummary,
  "id" | "name" | "title" | "workspace" | "settings" | "created" | "messages"
>;

/** The head of the page: the session's name and facts. */
export function markdownHead({ id, name, title, workspace, settings, created, messages }: Facts): string {
  const what = printableLine(name ?? title ?? "", 100) || "(no prompt)";
  return [
    `# ${what}`,
    "",
    `- session ${id}, made ${formatTime(created)}`,
    `- folder ${workspaceWords(workspace)}`,
    `- model ${modelWords(settings)}, ${counted(messages, "message")}`,
    "",
  ].join("\n");
}

/** An item as Markdown, with a blank line before it; "" for an item without words. */
export function markdownItem(item: JsonObject): string {
  const { type, role, name } = item;
  const kind = typeof type === "string" ? type : "";
  if (isCallKind(kind)) {
    return `\n**calls ${printableLine(typeof name === "string" ? name : kind, 60)}**\n\n${fenced(callInput(item))}`;
  }
  const isSummary = role === "user" && isSummaryItem(item);
  const text = printable(isSummary ? summaryText(item) : itemText(item)).trim();
  if (text === "") return "";
  if (isOutputKind(kind)) return `\n<details><summary>output</summary>\n\n${fenced(text)}\n</details>\n`;
  if (kind !== "message" || role === "developer" || role === "system") return "";
  const who = role !== "user" ? "Agent" : isSummary ? "Summary" : "You";
  return `\n## ${who}\n\n${text}\n`;
}

/** The text as a code block, whose fence is longer than any in the text. */
function fenced(text: string): string {
  const words = printable(text).trimEnd();
  let longest = 2;
  for (const [run] of words.matchAll(/`{3,}/gu)) longest = Math.max(longest, run.length);
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${words}\n${fence}\n`;
}
