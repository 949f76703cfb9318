import { linkedController } from "../lib/abort.ts";
import { crashPoint } from "../lib/fault.ts";
import { Failure } from "../failure.ts";
import { isItemRecord, type ItemRecord, type Usage } from "../session/event.ts";
import type { ItemFacts } from "../session/facts.ts";
import { describeItem, isCallKind, replayableItem } from "../session/item.ts";
import type { ModelRequest, Provider } from "../provider.ts";
import type { Calls } from "./calls.ts";
import type { Journal } from "./journal.ts";
import type { Observe } from "./update.ts";

/** Everything that one attempt of a step needs. `request` was made for this attempt alone (R24). */
export interface Attempt {
  journal: Journal;
  provider: Provider;
  calls: Calls;
  request: ModelRequest;
  turn: number;
  step: number;
  observe: Observe;
  signal: AbortSignal;
}

type Ending =
  | { kind: "completed"; response?: string; model?: string; usage: Usage }
  | { kind: "interrupted"; failure: Failure };

/** How an attempt ended. `items` and `calls`: how many it delivered, all of them in the log. */
export type AttemptResult = Ending & { items: number; calls: number };

/**
 * One request: every finished item is durable before anything else happens with it, and a finished call starts at once. However the
 * stream ends, the calls in flight are drained, and every output is in the log, before the outcome is returned (R23). Throws only what
 * the log throws: a lost lease, a full disk.
 */
export async function attempt(context: Attempt): Promise<AttemptResult> {
  const { journal, provider, calls, observe } = context;
  const { controller, dispose } = linkedController(context.signal, journal.log.lost);
  let items = 0;
  let made = 0;
  let end: Ending | undefined;
  try {
    crashPoint("request-projected");
    for await (const event of provider.stream(context.request, controller.signal)) {
      switch (event.type) {
        case "text-delta":
        case "reasoning-delta":
        case "silent":
          observe(event);
          break;
        case "item": {
          const { record, item } = await commit(context, event);
          items++;
          observe({ type: "item", record, item });
          crashPoint("item-appended");
          if (isCallKind(record.event.kind)) {
            made++;
            calls.start(record, item);
          }
          break;
        }
        case "completed": {
          const { type: _type, ...response } = event;
          end = { kind: "completed", ...response };
          break;
        }
        case "failed":
          end = { kind: "interrupted", failure: event.failure };
          break;
        case "opened":
      }
    }
  } catch (error) {
    // Also when the log throws: the next owner would find these calls open and start them again while they still run.
    await calls.settled();
    throw error;
  } finally {
    dispose();
  }
  if (journal.log.lost.aborted) throw journal.log.lost.reason;
  await calls.drain();
  return { ...(end ?? cutShort()), items, calls: made };
}

function cutShort(): Ending {
  const failure = new Failure("transport-interrupted", "The stream ended without an outcome.", {
    reason: "cut",
  });
  return { kind: "interrupted", failure };
}

async function commit(
  context: Attempt,
  event: { item: Uint8Array; facts: ItemFacts; model?: string },
): Promise<{ record: ItemRecord; item: Uint8Array }> {
  const { journal, provider, turn, step } = context;
  const item = replayableItem(event.item);
  const facts = item === event.item ? event.facts : (describeItem(item) ?? event.facts);
  const model = event.model === undefined ? {} : { model: event.model };
  const [record] = await journal.append({
    event: { type: "item-added", turn, step, ...facts, issuer: provider.issuer, ...model, origin: "model" },
    item,
  });
  if (!record || !isItemRecord(record))
    throw new Error("the store acknowledged an item without saying where it is");
  return { record, item };
}
