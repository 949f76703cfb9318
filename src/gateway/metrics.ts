/** Upper bounds of the histogram's buckets in seconds, dense where most of the gateway's own time lies. */
const bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1] as const;

const help = {
  requests: ["counter", "Requests that were answered, by status."],
  upstream_requests: ["counter", "Requests that were sent to an upstream, by upstream."],
  heals: ["counter", "Repairs that changed a request, by the class of the failure."],
  prevented: ["counter", "Requests that were healed before they were sent, from the ledger."],
  retries: ["counter", "Requests that were sent again as they were, by the class of the failure."],
  failures: ["counter", "Failures that were passed on to the client, by class."],
  cancelled: ["counter", "Requests whose client went away."],
  holds: ["counter", "Times that a limit was waited for."],
} as const;

type CounterName = keyof typeof help;

/** What `GET /metrics` shows (Prometheus text format 0.0.4). */
export class Metrics {
  readonly #counts = new Map<CounterName, Map<string, number>>();
  readonly #buckets = bounds.map(() => 0);
  #added = 0;
  #addedCount = 0;
  /** Answers of which the client has the head and not yet the end, streams and others. */
  openStreams = 0;
  /** Bytes of request bodies that are held. */
  heldBytes = 0;

  count(name: CounterName, label = ""): void {
    let counts = this.#counts.get(name);
    if (!counts) this.#counts.set(name, (counts = new Map()));
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }

  total(name: CounterName): number {
    return [...(this.#counts.get(name)?.values() ?? [])].reduce((sum, value) => sum + value, 0);
  }

  /** The gateway's own share of the time to the first byte, in milliseconds. */
  addedLatency(ms: number): void {
    const seconds = ms / 1_000;
    this.#added += seconds;
    this.#addedCount++;
    const at = bounds.findIndex((bound) => seconds <= bound);
    if (at >= 0) this.#buckets[at]!++;
  }

  text(): string {
    const lines: string[] = [];
    for (const [name, [type, words]] of Object.entries(help) as [CounterName, readonly [string, string]][]) {
      const full = `throughline_gateway_${name}_total`;
      lines.push(`# HELP ${full} ${words}`, `# TYPE ${full} ${type}`);
      const label = labels[name];
      const counts = [...(this.#counts.get(name) ?? [])];
      if (label === undefined) lines.push(`${full} ${counts[0]?.[1] ?? 0}`);
      else for (const [value, count] of counts) lines.push(`${full}{${label}="${escaped(value)}"} ${count}`);
    }
    const added = "throughline_gateway_added_seconds";
    lines.push(
      `# HELP ${added} The gateway's own share of the time to the first byte.`,
      `# TYPE ${added} histogram`,
    );
    let sum = 0;
    for (const [at, bound] of bounds.entries()) {
      sum += this.#buckets[at]!;
      lines.push(`${added}_bucket{le="${bound}"} ${sum}`);
    }
    lines.push(
      `${added}_bucket{le="+Inf"} ${this.#addedCount}`,
      `${added}_sum ${this.#added}`,
      `${added}_count ${this.#addedCount}`,
      ...gauge(
        "open_streams",
        "Answers that are on their way to clients, streamed or in one piece.",
        this.openStreams,
      ),
      ...gauge("held_bytes", "Bytes of request bodies that are held for a retry.", this.heldBytes),
    );
    return `${lines.join("\n")}\n`;
  }
}

const labels: Readonly<Partial<Record<CounterName, string>>> = {
  requests: "status",
  upstream_requests: "upstream",
  heals: "class",
  retries: "class",
  failures: "class",
};

function gauge(name: string, words: string, value: number): string[] {
  const full = `throughline_gateway_${name}`;
  return [`# HELP ${full} ${words}`, `# TYPE ${full} gauge`, `${full} ${value}`];
}

const escaped = (value: string): string => value.replaceAll(/["\\]/gu, "\\$&").replaceAll("\n", "\\n");
