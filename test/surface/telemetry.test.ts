// The real program with and without an OpenTelemetry SDK in its process.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { Rig } from "../kit/rig.ts";
import { shell, step, turn } from "../../src/simulator/server.ts";

let rig: Rig;
afterEach(() => rig.close());

const packageUrl = (name: string): string => import.meta.resolve(name);

/** Starts the SDK as a user does (`--import`), with an exporter that writes to a file. */
function instrumentation(out: string): string {
  const path = join(rig.folder, "instrumentation.mjs");
  writeFileSync(
    path,
    `import { appendFileSync } from "node:fs";
import { metrics } from ${JSON.stringify(packageUrl("@opentelemetry/api"))};
import { MeterProvider, PeriodicExportingMetricReader } from ${JSON.stringify(packageUrl("@opentelemetry/sdk-metrics"))};
const exporter = {
  export(data, done) {
    for (const { metrics: all } of data.scopeMetrics)
      for (const { descriptor, dataPoints } of all)
        for (const { attributes, value } of dataPoints)
          appendFileSync(${JSON.stringify(out)}, JSON.stringify([descriptor.name, attributes, value.sum ?? value]) + "\\n");
    done({ code: 0 });
  },
  forceFlush: async () => {},
  shutdown: async () => {},
};
metrics.setGlobalMeterProvider(
  new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3600000 })] }),
);
`,
  );
  return pathToFileURL(path).href;
}

/** Writes down what is loaded. */
function watching(out: string): string {
  const path = join(rig.folder, "watching.mjs");
  writeFileSync(
    path,
    `import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
registerHooks({
  load(url, context, next) {
    appendFileSync(${JSON.stringify(out)}, url + "\\n");
    return next(url, context);
  },
});
`,
  );
  return pathToFileURL(path).href;
}

const scenario = {
  turn: [
    turn(/go/, step(shell("echo one"), { reason: "Think." }), step("Done.")),
    turn(undefined, step("Yes.")),
  ],
};

describe("telemetry", () => {
  it("goes to the SDK that the user has started: tokens, requests, repairs by class, turns", async () => {
    rig = await Rig.make(scenario);
    const out = join(rig.folder, "metrics.jsonl");
    const env = { NODE_OPTIONS: `--import=${instrumentation(out)}` };
    expect((await rig.run(["exec", "go"], { env })).status).toBe(0);
    rig.simulator.rotateKey();
    expect((await rig.run(["exec", "resume", "--last", "more"], { env })).status).toBe(0);
    const points = readFileSync(out, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as [string, Record<string, unknown>, number]);
    const of = (name: string): [Record<string, unknown>, number][] =>
      points.flatMap(([found, attributes, value]) => (found === name ? [[attributes, value]] : []));
    expect(of("throughline.turns")).toEqual([
      [{ "throughline.turn.outcome": "completed" }, 1],
      [{ "throughline.turn.outcome": "completed" }, 1],
    ]);
    expect(of("gen_ai.invoke_agent.inference_calls").map(([, value]) => value)).toEqual([2, 2]);
    expect(of("throughline.repairs")).toEqual([
      [{ "error.type": "sealed-reasoning-rejected", "throughline.repair.rung": 1 }, 1],
    ]);
    const types = of("gen_ai.client.operation.duration").flatMap(([{ "error.type": type }]) => type ?? []);
    expect(types).toEqual(["sealed-reasoning-rejected"]);
    const kinds = new Set(
      of("gen_ai.client.token.usage").map(([attributes]) => attributes["gen_ai.token.type"]),
    );
    expect(kinds).toEqual(new Set(["input", "output"]));
    for (const [attributes] of of("gen_ai.client.token.usage"))
      expect(attributes).toMatchObject({ "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai" });
    expect(of("gen_ai.client.token.usage").every(([, value]) => value > 0)).toBe(true);
  });

  it("ends with the command where an exporter goes on trying", async () => {
    rig = await Rig.make(scenario);
    const path = join(rig.folder, "trying.mjs");
    writeFileSync(
      path,
      `import { metrics } from ${JSON.stringify(packageUrl("@opentelemetry/api"))};
const forceFlush = () => new Promise(() => setInterval(() => undefined, 1000));
const nothing = { add() {}, record() {} };
const meter = { createCounter: () => nothing, createHistogram: () => nothing };
metrics.setGlobalMeterProvider({ getMeter: () => meter, forceFlush });
`,
    );
    const env = { NODE_OPTIONS: `--import=${pathToFileURL(path).href}` };
    const { status, out } = await rig.run(["exec", "go"], { env });
    expect([status, out]).toEqual([0, "Done.\n"]);
    expect((await rig.run(["exec", "resume", "nosuch"], { env })).status).toBe(2);
  });

  it("loads nothing where there is none", async () => {
    rig = await Rig.make(scenario);
    const out = join(rig.folder, "loaded");
    const run = await rig.run(["exec", "go"], { env: { NODE_OPTIONS: `--import=${watching(out)}` } });
    expect(run.status).toBe(0);
    const loaded = readFileSync(out, "utf8");
    expect(loaded).toContain("program");
    expect(loaded).not.toContain("opentelemetry");
    expect(existsSync(fileURLToPath(packageUrl("@opentelemetry/api")))).toBe(true);
  });
});
