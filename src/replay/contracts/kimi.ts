import type { ReplayContract } from "../contract.ts";
import { chat } from "./chat.ts";
import { deepseek } from "./deepseek.ts";

/**
 * Kimi's Chat Completions (`https://api.moonshot.ai/v1`).
 *
 * - Where a tool was called the `reasoning_content` stays in the context, or the request is refused
 *   (https://platform.kimi.ai/docs/guide/kimi-k2-6-quickstart, "tool use compatibility", as cited in github.com/esokullu/webbrain/pull/143,
 *   2026-07): "thinking is enabled but reasoning_content is missing in assistant tool call message" (2026-01 to 2026-06).
 * - Messages of the user may have images (github.com/simstudioai/sim/pull/5716, 2026-07).
 */
export const kimi: ReplayContract = { ...deepseek, name: "kimi", media: chat.media };
