import { entryOf } from "../../lib/table.ts";
/**
 * What the models of the Messages API take, by version (Anthropic's model overview and the pages on extended and adaptive thinking, as of
 * 2026-11; the output limits also in github.com/Effect-TS/effect, pull request 7129, 2026-08).
 */
export interface ModelFacts {
  /** The most that `max_tokens` may be. */
  readonly maxTokens: number;
  /**
   * How thinking is asked for: by a budget of tokens (3.7 to 4.5), or adaptively with an effort (from 4.6 on; from 4.7 on a budget is
   * refused with 400), or not at all. Under a budget the API also demands that the assistant's turn in an open tool loop begins with
   * thinking; adaptively it doesn't.
   */
  readonly thinking: "none" | "budget" | "adaptive";
  /** Thinking comes back without its text unless it is asked for (from 4.7 on). */
  readonly omitsThinking: boolean;
}

/** Model names of before 4 have the version first: claude-3-7-sonnet-20250219, claude-opus-4-20250514, claude-haiku-4.5. */
const versionFirst = /\bclaude-(\d)(?:[-.](\d{1,2}))?-[a-z]/u;
const versionLast = /\bclaude-(?<family>[a-z]+)-(\d{1,2})(?:[-.](\d{1,2})(?!\d))?/u;

/** The facts of a model by its name, behind whatever prefix a gateway gives it. */
function modelFacts(model: string): ModelFacts {
  const name = model.toLowerCase();
  const found = versionFirst.exec(name);
  if (found) return ofVersion3(Number(found[2] ?? 0));
  const later = versionLast.exec(name);
  // A model of a later family without a number, or one of others behind this wire (Kimi, DeepSeek, MiniMax), which know the budget.
  if (!later) {
    return name.includes("claude")
      ? { maxTokens: 128_000, thinking: "adaptive", omitsThinking: true }
      : { maxTokens: 32_000, thinking: "budget", omitsThinking: false };
  }
  const [major, minor] = [Number(later[2]), Number(later[3] ?? 0)];
  const isSince = (wanted: number): boolean => major > 4 || (major === 4 && minor >= wanted);
  if (isSince(6)) return { maxTokens: 128_000, thinking: "adaptive", omitsThinking: isSince(7) };
  const small = later.groups?.["family"] === "opus" && !isSince(5);
  return { maxTokens: small ? 32_000 : 64_000, thinking: "budget", omitsThinking: false };
}

function ofVersion3(minor: number): ModelFacts {
  if (minor >= 7) return { maxTokens: 64_000, thinking: "budget", omitsThinking: false };
  return { maxTokens: minor >= 5 ? 8_192 : 4_096, thinking: "none", omitsThinking: false };
}

// Tokens that a step usually needs. Asking for the model's full limit would only count against the context window.
const usualTokens = 32_000;

const budgets: Readonly<Record<string, number>> = {
  minimal: 1_024,
  low: 4_096,
  medium: 10_240,
  high: 20_480,
  xhigh: 31_744,
  max: 31_744,
};

/** The facts as far as the endpoint has not refused them; `max_tokens` can't be left out, only be small. */
export function acceptedFacts(model: string, refused: readonly string[] = []): ModelFacts {
  const facts = modelFacts(model);
  const isRefused = (name: string): boolean => refused.includes(name);
  const others = { budget: "adaptive", adaptive: "budget", none: "none" } as const;
  const forms = { budget: "thinking.type.enabled", adaptive: "thinking.type.adaptive", none: "" } as const;
  const form = isRefused(forms[facts.thinking]) ? others[facts.thinking] : facts.thinking;
  const thinking = isRefused("thinking") || isRefused(forms[form]) ? "none" : form;
  return { ...facts, thinking, ...(isRefused("max_tokens") && { maxTokens: 8_192 }) };
}

/** The members of a request that its effort decides; `thinks` says whether thinking is asked for. */
export function effortMembers(
  { maxTokens, thinking, omitsThinking }: ModelFacts,
  effort: string | undefined,
  thinks: boolean,
): { max_tokens: number; thinking?: object; output_config?: object } {
  if (!thinks) return { max_tokens: Math.min(maxTokens, usualTokens) };
  if (thinking === "adaptive") {
    return {
      max_tokens: Math.min(maxTokens, 2 * usualTokens),
      thinking: { type: "adaptive", ...(omitsThinking && { display: "summarized" }) },
      output_config: { effort: adaptiveEffort(effort ?? "", omitsThinking) },
    };
  }
  const budget = entryOf(budgets, effort ?? "") ?? budgets["medium"]!;
  return {
    // The budget is part of max_tokens and has to be below it.
    max_tokens: Math.min(maxTokens, usualTokens + budget),
    thinking: { type: "enabled", budget_tokens: Math.min(budget, maxTokens - 4_096) },
  };
}

/** Whether the model can think and the effort says that it shall. */
export function asksForThinking({ thinking }: ModelFacts, effort: string | undefined): boolean {
  return effort !== undefined && effort !== "none" && thinking !== "none";
}

/** Efforts that other wires know and this one doesn't get the nearest one; `xhigh` exists from 4.7 on. */
function adaptiveEffort(effort: string, isNewer: boolean): string {
  if (effort === "minimal") return "low";
  return effort === "xhigh" && !isNewer ? "high" : effort;
}
