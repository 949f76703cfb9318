import { linesIn } from "../rollout/lines.ts";
import { isSummaryText, promptOf, titleOf, toldPrompt } from "../rollout/prompt.ts";
import { readRecord } from "../rollout/record.ts";

/** What a list says of a rollout beside its header. */
export interface RewrittenFacts {
  title?: string;
  model?: string;
  effort?: string;
  cwd?: string;
  updated?: number;
  messages: number;
  isOpen: boolean;
}

/**
 * For a rollout that another program has rewritten with its members in another order than Codex's (backups in git do that): the first
 * bytes of a line tell nothing, so every line is parsed.
 */
export function scanRewritten(bytes: Buffer, longestTitle: number): RewrittenFacts {
  const facts: RewrittenFacts = { messages: 0, isOpen: false };
  let told = "";
  for (const line of linesIn(bytes)) {
    const record = readRecord(line);
    if (!record.readable) continue;
    const { type, kind, payload, at } = record;
    if (at !== undefined) facts.updated = at;
    if (type === "turn_context") {
      const { model, effort, cwd } = payload;
      if (typeof model === "string") facts.model = model;
      if (typeof effort === "string") facts.effort = effort;
      if (typeof cwd === "string") facts.cwd = cwd;
    }
    if (type === "event_msg" && told === "") told = titleOf(toldPrompt(payload) ?? "", longestTitle);
    if (type === "event_msg" && /^(?:task|turn)_started$/u.test(kind ?? "")) facts.isOpen = true;
    if (type === "event_msg" && /^(?:(?:task|turn)_complete|turn_aborted)$/u.test(kind ?? ""))
      facts.isOpen = false;
    if (type !== "response_item" || kind !== "message") continue;
    const prompt = promptOf(payload);
    if (prompt === undefined && payload["role"] !== "assistant") continue;
    facts.messages++;
    if (prompt === undefined || isSummaryText(prompt)) continue;
    const title = titleOf(prompt, longestTitle);
    if (title !== "") facts.title ??= title;
  }
  if (told !== "") facts.title = told;
  return facts;
}
