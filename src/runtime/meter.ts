/** What is used of a meter of `@opentelemetry/api` (1.9 or newer), so that this package doesn't need it: `metrics.getMeter("throughline")`. */
export interface Meter {
  createCounter(
    name: string,
    options?: InstrumentOptions,
  ): { add(value: number, attributes?: Attributes): void };
  createHistogram(
    name: string,
    options?: InstrumentOptions,
  ): { record(value: number, attributes?: Attributes): void };
}

/** What an instrument is made with. */
export interface InstrumentOptions {
  description?: string;
  unit?: string;
  advice?: { explicitBucketBoundaries?: number[] };
}

/** What a measured value is told apart by. */
export type Attributes = Record<string, string | number | boolean>;

/** A histogram whose buckets end at these values. */
export function histogram(
  meter: Meter,
  name: string,
  { description, unit, ends }: { description: string; unit: string; ends: readonly number[] },
): ReturnType<Meter["createHistogram"]> {
  return meter.createHistogram(name, { description, unit, advice: { explicitBucketBoundaries: [...ends] } });
}
