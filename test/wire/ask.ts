// One request through a provider, and what it told.
import { responsesProvider } from "../../src/provider/responses/provider.ts";
import type { WireOptions } from "../../src/provider/wire/provider.ts";
import { type Failure, isFailureOf } from "../../src/failure.ts";
import type { ModelRequest, Provider, ProviderEvent, RequestInput } from "../../src/provider.ts";

export function input(...items: string[]): RequestInput {
  const bytes = Buffer.from(items.join(","));
  return {
    bytes: bytes.length,
    items: items.length,
    async *chunks() {
      yield bytes;
    },
  };
}

/** `count` items of about 1 MB each, made as they are asked for; `made` counts the bytes that were. */
export function largeInput(count: number): RequestInput & { made: number } {
  const item = Buffer.from(`{"type":"message","role":"user","content":"${"x".repeat(1_000_000)}"}`);
  const comma = Buffer.from(",");
  return {
    bytes: item.length * count + (count - 1),
    items: count,
    made: 0,
    async *chunks() {
      for (let index = 0; index < count; index++) {
        if (index > 0) yield comma;
        this.made += item.length;
        yield item;
      }
    },
  };
}

export const request: ModelRequest = {
  model: "gpt-test",
  effort: "low",
  instructions: "Be brief.",
  tools: [],
  input: input('{"type":"message","role":"user","content":"hello"}'),
  sealed: true,
  cacheKey: "session-1",
};

export const key = "sk-secret-key-1";

export interface Asked {
  /** Absent: `responsesProvider`. */
  make?: (options: WireOptions) => Provider;
  options?: Partial<WireOptions>;
  change?: Partial<ModelRequest>;
  signal?: AbortSignal;
  /** Called with each event before the next one is asked for. */
  each?(event: ProviderEvent): Promise<void> | void;
}

export async function ask(baseUrl: string, asked: Asked = {}): Promise<ProviderEvent[]> {
  const provider = (asked.make ?? responsesProvider)({
    name: "test",
    baseUrl,
    apiKey: key,
    contract: "openai",
    ...asked.options,
  });
  const events: ProviderEvent[] = [];
  for await (const event of provider.stream(
    { ...request, ...asked.change },
    asked.signal ?? new AbortController().signal,
  )) {
    events.push(event);
    await asked.each?.(event);
  }
  return events;
}

/** The failure that a stream ended with. */
export function failureOf(events: ProviderEvent[]): Failure {
  const last = events.at(-1);
  if (last?.type !== "failed") throw new Error(`the stream ended with ${last?.type ?? "nothing"}`);
  return last.failure;
}

export const kinds = (events: ProviderEvent[]): string[] => events.map((event) => event.type);

/** Why the stream was cut, or the class of another failure. */
export const reasonOf = (events: ProviderEvent[]): string => {
  const failure = failureOf(events);
  return isFailureOf(failure, "transport-interrupted") ? failure.data.reason : failure.class;
};

/** The items that were told. */
export const items = (events: ProviderEvent[]): unknown[] =>
  events.flatMap((event) =>
    event.type === "item" ? [JSON.parse(Buffer.from(event.item).toString()) as unknown] : [],
  );
