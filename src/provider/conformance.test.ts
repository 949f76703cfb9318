import { expect, it } from "vitest";
import { completed, created, delta, itemDone } from "../../test/wire/upstream.ts";
import type { Provider, ProviderEvent } from "../provider.ts";
import { providerConformance, type ProviderSubject, type Runner } from "./conformance.ts";
import { responsesProvider } from "./responses/provider.ts";

const item =
  '{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"a"}]}';

/** A provider that does everything right but what `broken` makes of its stream. */
function subject(
  broken: (events: AsyncIterable<ProviderEvent>, signal: AbortSignal) => AsyncIterable<ProviderEvent>,
): ProviderSubject {
  return {
    make: (options) => {
      const inner = responsesProvider({ name: "test", contract: "openai", ...options });
      const outer: Provider = {
        name: inner.name,
        contract: inner.contract,
        issuer: inner.issuer,
        stream: (request, signal) => broken(inner.stream(request, signal), signal),
      };
      return outer;
    },
    answer: [created, delta("a"), itemDone(item), completed],
    items: [item],
    itemsAfter: [3],
    delta,
    deltaAfter: 1,
    heartbeat: ": ping\n\n",
    failures: [],
    refusals: [],
  };
}

const titles = {
  whole: "a whole answer is told in order and ends completed, once",
  bytes: "the items' bytes don't depend on how the answer arrives",
  cut: "an answer that is cut anywhere ends as interrupted, with the items that were whole",
  cancel: "a cancel ends the stream at any point, and the connection with it",
  gone: "a consumer that goes away closes the connection",
  silence: "silence is told while it lasts, and ends at the idle timeout",
  ahead: "nothing is read ahead of a consumer that takes its time",
};

/** Runs one test of the suite by its title. */
async function run(title: string, tested: ProviderSubject): Promise<void> {
  const found: (() => Promise<void>)[] = [];
  const declare = (name: string, test: () => Promise<void>): void => {
    if (name === title) found.push(test);
  };
  const runner = { describe: (_name: string, body: () => void) => body(), it: declare, expect };
  providerConformance("broken", tested, runner as unknown as Runner);
  expect(found).toHaveLength(1);
  await found[0]!();
}

it.each(Object.values(titles))("the suite lets a provider pass that does it right: %s", async (title) => {
  await run(
    title,
    subject((events) => events),
  );
});

const twice: Parameters<typeof subject>[0] = async function* (events) {
  for await (const event of events) {
    yield event;
    if (event.type === "completed" || event.type === "failed") yield event;
  }
};

const changed: Parameters<typeof subject>[0] = async function* (events) {
  for await (const event of events)
    yield event.type === "item" ? { ...event, item: Buffer.from(`${item} `) } : event;
};

const throwing: Parameters<typeof subject>[0] = async function* (events) {
  for await (const event of events) {
    if (event.type === "failed") throw event.failure;
    yield event;
  }
};

const optimistic: Parameters<typeof subject>[0] = async function* (events) {
  const usage = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 };
  for await (const event of events) yield event.type === "failed" ? { type: "completed", usage } : event;
};

/** Gives the items when the answer is whole. */
const hoarding: Parameters<typeof subject>[0] = async function* (events) {
  const held: ProviderEvent[] = [];
  for await (const event of events) {
    if (event.type === "completed") yield* held;
    if (event.type === "item") held.push(event);
    else yield event;
  }
};

const mute: Parameters<typeof subject>[0] = async function* (events) {
  for await (const event of events) if (event.type !== "silent") yield event;
};

/** Takes everything as it comes and hands it over when it is asked. */
const greedy: Parameters<typeof subject>[0] = async function* (events) {
  const held: ProviderEvent[] = [];
  let wake = (): void => undefined;
  void (async () => {
    for await (const event of events) {
      held.push(event);
      wake();
    }
  })();
  for (;;) {
    const event = held.shift();
    if (event) yield event;
    if (event?.type === "completed" || event?.type === "failed") return;
    if (held.length === 0) await new Promise<void>((resolve) => (wake = resolve));
  }
};

it.each([
  ["ends twice", twice, titles.whole],
  ["changes an item", changed, titles.bytes],
  ["throws", throwing, titles.cut],
  ["takes a cut answer for a whole one", optimistic, titles.cut],
  ["loses the whole items of a cut answer", hoarding, titles.cut],
  ["takes a cancel for an end", optimistic, titles.cancel],
  ["says nothing of silence", mute, titles.silence],
  ["keeps its connection when nobody listens", greedy, titles.gone],
  ["reads ahead", greedy, titles.ahead],
])("the suite catches a provider that %s", async (_what, broken, title) => {
  await expect(run(title, subject(broken))).rejects.toThrow();
});
