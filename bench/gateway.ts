import { join } from "node:path";
import { direct, startNginx, startOurs } from "./gateway/starts.ts";
import { startNineRouter, startPortkey } from "./gateway/peers.ts";
import { cpuMs, keepOn, peakBytes } from "./gateway/process-stats.ts";
import { events } from "./gateway/answer.ts";
import { type Clients, startClients, startUpstream, type Upstream, type Way } from "./gateway/ways.ts";
import type { Load, Loaded } from "./gateway/load.ts";
import { median, megabytes, ms, ratio } from "./numbers.ts";
import type { Bench, Row } from "./table.ts";

const bodyBytes = 64_000;
const concurrency = 64;
const large = 50_000_000;

interface Measured {
  way: Way;
  /** The median of each round, milliseconds. */
  firstByte: number[];
  perSecond: number[];
  /** Processor time of all processes in between, milliseconds. */
  cpu: number[];
  /** As `cpu`, with an answer's events coming one by one. */
  pacedCpu: number[];
  /** Requests per second on a processor of its own. */
  alone: number[];
  peak: number;
}

/** The gateway beside no proxy at all, nginx, and other gateways: all in front of one upstream, in rounds by turns. */
export async function gateway({ scratch, quick, full }: Bench): Promise<Row[]> {
  const upstream = await startUpstream();
  const clients = startClients();
  const ways: Way[] = [direct(upstream.port)];
  const rows: Row[] = [];
  const folder = (name: string): string => join(scratch, `gateway-${name}`);
  try {
    const begin = {
      throughline: startOurs,
      nginx: startNginx,
      portkey: startPortkey,
      "9router": startNineRouter,
    };
    for (const [name, start] of Object.entries(begin)) {
      try {
        ways.push(await start(upstream.port, folder(name)));
      } catch (error) {
        if (start === startOurs) throw error;
        rows.push({ measure: `gateway: ${name} is left out`, ours: "", beside: String(error).slice(0, 120) });
      }
    }
    const all: Measured[] = ways.map((way) => ({
      way,
      firstByte: [],
      perSecond: [],
      cpu: [],
      pacedCpu: [],
      alone: [],
      peak: 0,
    }));
    for (const way of ways) await expectSame(way);
    const own = (): number => cpuMs(clients.pid) + cpuMs(upstream.pid);
    const shares: number[] = [];
    for (let round = -1; round < (quick ? 1 : 7); round++)
      for (const each of all) {
        const before = own();
        const requests = await measure(clients, each, { quick, isWarmUp: round < 0 });
        if (round >= 0 && each.way.name === "throughline") shares.push((own() - before) / requests);
      }
    upstream.pace(5);
    for (let round = -1; round < (quick ? 1 : 3); round++)
      for (const each of all) {
        const { cpu } = await spent(clients, each.way, {
          bodyBytes,
          concurrency,
          requests: 2 * concurrency,
          forMs: 60_000,
        });
        if (round >= 0) each.pacedCpu.push(cpu);
      }
    upstream.pace(0);
    await measureApart(clients, upstream, all, quick);
    for (const each of all) each.peak = each.way.pid === undefined ? 0 : peakBytes(each.way.pid);
    rows.push(...compare(all));
    // Where this comes near a gateway's own time, a machine of two processors can't show the whole difference between two gateways.
    rows.push({
      measure: "gateway: processor time of a request in the clients and the upstream, beside ours",
      ours: ms(median(shares)),
      beside: "",
    });

    const fresh = await startOurs(upstream.port, folder("fresh"));
    ways.push(fresh);
    rows.push(await largeRequest(clients, fresh, ways));
    const ours = ways[1]!;
    rows.push(await soak(clients, ours, quick ? 2_000 : full ? 100_000 : 10_000));
    return rows;
  } finally {
    for (const way of ways) way.stop();
    clients.stop();
    upstream.stop();
  }
}

async function measure(
  clients: Clients,
  each: Measured,
  { quick, isWarmUp }: { quick: boolean; isWarmUp: boolean },
): Promise<number> {
  const one = await asked(clients, each.way, { bodyBytes, concurrency: 1, requests: 100, forMs: 5_000 });
  const { cpu, loaded } = await spent(clients, each.way, throughput(quick));
  if (!isWarmUp) {
    each.firstByte.push(median(one.firstByteMs));
    each.perSecond.push(perSecond(loaded));
    each.cpu.push(cpu);
  }
  return one.requests + loaded.requests;
}

/**
 * The same load with each way on a processor of its own, the clients and the upstream on another: what the two need is then no longer taken from
 * the way that is measured. Nothing is measured where processes can't be kept on processors.
 */
async function measureApart(
  clients: Clients,
  upstream: Upstream,
  all: readonly Measured[],
  quick: boolean,
): Promise<void> {
  const between = all.flatMap(({ way }) => way.pid ?? []);
  const outside = [upstream.pid, clients.pid];
  const areApart = between.every((pid) => keepOn(pid, "1")) && outside.every((pid) => keepOn(pid, "0"));
  const rounds = areApart ? (quick ? 1 : 5) : -1;
  for (let round = -1; round < rounds; round++)
    for (const each of all) {
      const loaded = await asked(clients, each.way, throughput(quick));
      if (round >= 0) each.alone.push(perSecond(loaded));
    }
  for (const pid of [...between, ...outside]) keepOn(pid, "0,1");
}

/** Every event of the upstream's has to arrive as it was: a way that leaves some out does less. */
async function expectSame({ name, port, path, headers, model = "gpt-5.5" }: Way): Promise<void> {
  const pairs = Array.from({ length: headers.length / 2 }, (_, at): [string, string] => [
    headers[2 * at]!,
    headers[2 * at + 1]!,
  ]);
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: [...pairs, ["content-type", "application/json"]],
    body: JSON.stringify({ model, stream: true, store: false, input: [{ role: "user", content: "word" }] }),
  });
  const text = await answer.text();
  const count = text.split("\n\n").filter((event) => event.includes("data:")).length;
  if (count < events.length)
    throw new Error(`${name}: ${count} of ${events.length} events arrived (status ${answer.status})`);
  if (text !== events.join("")) process.stdout.write(`(${name} changes the events that it passes on) `);
}

const throughput = (quick: boolean): Asked => ({
  bodyBytes,
  concurrency,
  requests: 1e9,
  forMs: quick ? 1_000 : 2_000,
});
const perSecond = ({ requests, ms: took }: Loaded): number => (requests * 1_000) / took;

type Asked = Pick<Load, "bodyBytes" | "concurrency" | "requests" | "forMs">;

/** Fails when an answer isn't whole: what a gateway loses must not make it fast. */
async function asked(clients: Clients, way: Way, load: Asked): Promise<Loaded> {
  const loaded = await clients.run(way, load);
  if (loaded.failed > 0)
    throw new Error(`${way.name}: ${loaded.failed} requests failed, the first: ${loaded.failure}`);
  return loaded;
}

async function spent(clients: Clients, way: Way, load: Asked): Promise<{ cpu: number; loaded: Loaded }> {
  const before = way.pid === undefined ? 0 : cpuMs(way.pid);
  const loaded = await asked(clients, way, load);
  return { cpu: way.pid === undefined ? 0 : (cpuMs(way.pid) - before) / loaded.requests, loaded };
}

function compare(all: readonly Measured[]): Row[] {
  const [none, ours, ...others] = all as [Measured, Measured, ...Measured[]];
  const added = ({ firstByte }: Measured): number => median(firstByte) - median(none.firstByte);
  const isNginx = ({ way }: Measured): boolean => way.name === "nginx";
  return others.flatMap((other): Row[] => [
    {
      measure: `gateway: first byte later than direct (${ms(median(none.firstByte))}), ${bodyBytes / 1_000} KB`,
      ours: ms(added(ours)),
      beside: `${ms(added(other))} ${other.way.name}`,
      ratio: ratio(added(ours), added(other)),
      ...(isNginx(other) && { goal: "≤ 1 ms" }),
    },
    {
      measure: `gateway: processor time of a request, ${concurrency} at a time`,
      ours: ms(median(ours.cpu)),
      beside: `${ms(median(other.cpu))} ${other.way.name}`,
      ratio: ratio(median(ours.cpu), median(other.cpu)),
      ...(isNginx(other) && { goal: "≤ 3" }),
    },
    {
      measure: "… with 5 ms between the events of an answer",
      ours: ms(median(ours.pacedCpu)),
      beside: `${ms(median(other.pacedCpu))} ${other.way.name}`,
      ratio: ratio(median(ours.pacedCpu), median(other.pacedCpu)),
      ...(isNginx(other) && { goal: "≤ 3" }),
    },
    {
      measure: `gateway: requests per second, ${concurrency} at a time (direct ${median(none.perSecond).toFixed(0)})`,
      ours: median(ours.perSecond).toFixed(0),
      beside: `${median(other.perSecond).toFixed(0)} ${other.way.name}`,
      ratio: ratio(median(ours.perSecond), median(other.perSecond)),
      goal: isNginx(other) ? "≥ 0.6" : "≥ 4",
    },
    ...apart(none, ours, other),
    {
      measure: "gateway: peak memory",
      ours: megabytes(ours.peak),
      beside: `${megabytes(other.peak)} ${other.way.name}`,
      ratio: ratio(ours.peak, other.peak),
      ...(isNginx(other) && { goal: "≤ 150 MB" }),
    },
  ]);
}

function apart(none: Measured, ours: Measured, other: Measured): Row[] {
  if (ours.alone.length === 0) return [];
  return [
    {
      measure: `… each on a processor of its own (direct ${median(none.alone).toFixed(0)})`,
      ours: median(ours.alone).toFixed(0),
      beside: `${median(other.alone).toFixed(0)} ${other.way.name}`,
      ratio: ratio(median(ours.alone), median(other.alone)),
      goal: other.way.name === "nginx" ? "≥ 0.6" : "≥ 4",
    },
  ];
}

/** The peak of a gateway that has done nothing else (`fresh`), and the time through each of `ways`. */
async function largeRequest(clients: Clients, fresh: Way, ways: readonly Way[]): Promise<Row> {
  const load = { bodyBytes: large, concurrency: 1, requests: 1, forMs: 60_000 };
  const before = peakBytes(fresh.pid!);
  const [ours] = (await asked(clients, fresh, load)).firstByteMs;
  const after = peakBytes(fresh.pid!);
  const beside: string[] = [];
  for (const name of ["direct", "nginx"]) {
    const way = ways.find((candidate) => candidate.name === name);
    if (way) beside.push(`${ms((await asked(clients, way, load)).firstByteMs[0]!)} ${name}`);
  }
  return {
    measure: "gateway: a healthy request of 50 MB, to the first byte of its answer",
    ours: `${ms(ours!)}, peak ${megabytes(before)} → ${megabytes(after)}`,
    beside: beside.join(", "),
  };
}

/** The peak after a tenth of the requests, and after all. */
async function soak(clients: Clients, ours: Way, requests: number): Promise<Row> {
  const load = { bodyBytes, concurrency, forMs: 1_800_000 };
  await asked(clients, ours, { ...load, requests: requests / 10 });
  const before = peakBytes(ours.pid!);
  await asked(clients, ours, { ...load, requests: (requests * 9) / 10 });
  const after = peakBytes(ours.pid!);
  return {
    measure: `gateway: peak memory after ${requests} more requests`,
    ours: megabytes(after),
    beside: `${megabytes(before)} after a tenth of them`,
    ratio: ratio(after, before),
    goal: "flat, ≤ 150 MB",
  };
}
