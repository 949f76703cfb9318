import type { RolloutRecord } from "./record.ts";

const mark = "codex:code-mode-delivery:v1:";

/**
 * Whether a message only tells what a tool has shown to the person in the model's name. The tool's call says it; Codex writes the message
 * for older versions to show, and sends nothing of it (codex-rs `rollout_payload`, measured with 0.169, 2026-11).
 */
export function isDelivery({ kind, payload, metadata }: RolloutRecord): boolean {
  const marker = metadata?.["delivered_assistant_message"];
  const isMarked = typeof marker === "string" && marker.startsWith(mark);
  return isMarked && kind === "message" && payload["role"] === "assistant";
}
