import type { Failure } from "../../../failure.ts";
import type { Examination } from "../examine/examination.ts";
import type { InvalidId } from "../examine/invalid-ids.ts";
import type { LoneReasoning } from "../examine/reasoning-watch.ts";
import type { SealedSpan } from "../examine/sealed-blobs.ts";
import type { Span } from "../rollout/bytes/lines.ts";
import { isCallIdMissed, isDependentRefused, isIdRefused, isSealMissed, refusalIn } from "./error-text.ts";

// What of a rollout a provider refuses: what its last turn was refused for, and what is presumed to be refused with the next request.

/** What is known of where its requests go, and how the last turn ended. */
type Asked = Pick<Examination, "turns" | "header">;

const refusalOf = ({ turns }: Pick<Asked, "turns">): Failure | undefined => refusalIn(turns.error?.message);

/** Whether the requests go to OpenAI, as far as the header says: where it names no provider, Codex asks OpenAI. */
const isAtOpenAi = ({ header }: Pick<Asked, "header">): boolean =>
  (header?.modelProvider ?? "openai") === "openai";

/** Whether the last turn was refused for an item's id that refers to reasoning which isn't sent. */
export function isDependentIdRefused(found: Pick<Asked, "turns">): boolean {
  const refusal = refusalOf(found);
  return refusal !== undefined && isDependentRefused(refusal);
}

/** Whether the last turn was refused for reasoning in plain text. */
export function isPlainReasoningRefused(found: Pick<Asked, "turns">): boolean {
  return refusalOf(found)?.class === "reasoning-content-too-long";
}

/**
 * Whether injected prompts (`isInjected`) stop the session, known or presumed: every provider but OpenAI refuses them, unless one has
 * answered already.
 */
export function isInjectedRefused(found: Asked & Pick<Examination, "injected">): boolean {
  const { error } = found.turns;
  if (error !== undefined && isCallIdMissed(error.message)) return true;
  return !found.injected.isTaken && !isAtOpenAi(found);
}

/**
 * Reasoning on its own that is damage: the item it led to is gone. Once the provider has refused one, all of it counts; otherwise it may
 * just come from a turn that was cut off.
 */
export function damagingReasoning(
  found: Pick<Asked, "turns"> & Pick<Examination, "reasoning">,
): LoneReasoning[] {
  const isRefused = refusalOf(found)?.class === "reasoning-unpaired";
  return found.reasoning.lone.filter(({ isDamage }) => isDamage || isRefused);
}

/**
 * Reasoning of which only the id is left, as after `jq 'del(.payload.encrypted_content)'`: OpenAI looks for it by that id, and has kept
 * nothing. Null in the place of the seal may be all that a provider gave, unless other reasoning of the session is sealed. Such reasoning
 * counts as damage at OpenAI, as long as that hasn't answered to it, and anywhere once an item was refused as not persisted; where OpenAI was
 * to keep it, only among sealed reasoning. Once a seal was missed, all of it does, also where it has no id (openai/codex#19661).
 */
export function unsealedReasoning(found: Asked & Pick<Examination, "reasoning" | "seals">): readonly Span[] {
  const { unsealed } = found.reasoning;
  const { items } = unsealed.found;
  if (isSealMissed(found.turns.error?.message ?? "")) return items;
  const isTaken = unsealed.isTaken && found.header?.isPaginated === true;
  const isRefused = refusalOf(found)?.class === "item-not-persisted";
  const isSealing = found.seals.blobs.spans().some((blob) => blob.in === "reasoning" && !blob.isWords);
  const isDead = (isAtOpenAi(found) && !isTaken) || isRefused || isSealing;
  return items.filter(({ isCut, hasId, isStored }) => hasId && (isStored ? isSealing : isCut || isDead));
}

/**
 * Which seals were cut or altered. Words in the place of one may be all that a provider other than OpenAI gives, unless something of the
 * session is sealed: Ollama repeats there what it thought, llama.cpp leaves it empty (2026-11), and both take it back.
 */
export function alteredSeals(found: Asked & Pick<Examination, "seals">): (blob: SealedSpan) => boolean {
  const isSealing = isAtOpenAi(found) || found.seals.blobs.spans().some(({ isWords }) => !isWords);
  return ({ malformed, isWords }) => malformed && (isSealing || !isWords);
}

/**
 * Items whose ids OpenAI refuses for their form, and whether that stops the session, known or presumed. Once a request was refused for one
 * of them, all count, also those that 0.169 doesn't send. Before that they are presumed to be refused by OpenAI alone, and not where a model
 * has answered to them in a session with ordinals, as the versions that write ordinals send ids.
 */
export function refusedIds(found: Asked & Pick<Examination, "invalidIds">): {
  readonly items: readonly InvalidId[];
  readonly isRefused: boolean;
} {
  const { invalidIds, turns, header } = found;
  const { items } = invalidIds.found;
  const refusal = refusalOf(found);
  const isDouble =
    refusal?.class === "duplicate-item" && items.some(({ id }) => turns.error?.message.includes(id));
  if (refusal && (isIdRefused(refusal) || isDouble)) return { items, isRefused: true };
  const isTaken = invalidIds.isTaken && header?.isPaginated === true;
  return { items: items.filter(({ isSent }) => isSent), isRefused: isAtOpenAi(found) && !isTaken };
}
