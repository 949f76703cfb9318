import { hasCode } from "../lib/system.ts";
import type { Meter } from "../runtime/meter.ts";
import { packageVersion } from "./version.ts";

/** Where `@opentelemetry/api` 1.x keeps what was registered with it. Looking there imports nothing. */
const registry = Symbol.for("opentelemetry.js.api.1");

interface RegisteredProvider {
  getMeter(name: string, version?: string): Meter;
  forceFlush?(): Promise<void>;
}

/** Milliseconds that a command waits at its end for its metrics to be exported. */
const flushMs = 2_000;

/** Where this process counts what its sessions do. */
export interface Telemetry {
  readonly meter: Meter;
  /** Exports what was counted, within `flushMs`: a collector that is slow or gone must not keep a person waiting. */
  flush(): Promise<void>;
}

/**
 * The meter of the OpenTelemetry SDK that runs in this process, when the user has started one (`NODE_OPTIONS=--import …`); otherwise nothing,
 * and nothing is loaded. It comes from `@opentelemetry/api` where that can be found from here, else from the SDK's own registration, which
 * is what that package would return.
 */
export async function telemetry(): Promise<Telemetry | undefined> {
  const registered = (globalThis as { [registry]?: { metrics?: RegisteredProvider } })[registry]?.metrics;
  if (registered === undefined) return undefined;
  const meter = (await fromPackage()) ?? registered.getMeter("throughline", packageVersion());
  return {
    meter,
    flush: async () => {
      const late = new Promise<"late">((resolve) => setTimeout(resolve, flushMs, "late").unref());
      const flushed = registered.forceFlush?.().catch(() => undefined);
      if ((await Promise.race([flushed, late])) === "late") endWithCommand();
    },
  };
}

/**
 * Ends the process once its command has an exit status and all that it printed is out. Without a collector OTLP's exporter goes on trying for
 * some seconds, with timers that would keep the process up (0.301, 2026-11).
 */
function endWithCommand(): void {
  const end = (): void => {
    const { exitCode, stdout, stderr } = process;
    if (exitCode === undefined || stdout.writableLength + stderr.writableLength > 0) endWithCommand();
    else process.exit();
  };
  setTimeout(end, 50).unref();
}

async function fromPackage(): Promise<Meter | undefined> {
  try {
    const { metrics } = await import("@opentelemetry/api");
    return metrics.getMeter("throughline", packageVersion());
  } catch (error) {
    if (hasCode(error, "ERR_MODULE_NOT_FOUND")) return undefined;
    throw error;
  }
}
