import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { aborted } from "../../lib/abort.ts";
import { codexConfig } from "../../gateway/codex/codex-config.ts";
import { startGateway } from "../../gateway/server.ts";
import { printable } from "../../lib/printable.ts";
import { jsonVersion, printEvent } from "../json/print.ts";
import type { Invocation } from "../command/command.ts";
import { gatewaySettings, lasting } from "./gateway-settings.ts";

/** `throughline gateway`: serves until it is interrupted. Answers under way are then finished; a second interrupt cuts them off. */
export async function gateway(invocation: Invocation): Promise<number> {
  const { terminal, options, signal } = invocation;
  const settings = gatewaySettings(invocation);
  const isJson = options["json"] === true;
  if (options["codexConfig"] === true) {
    const text = codexConfig(lasting(settings));
    if (isJson) printEvent(terminal, { type: "gateway.config", schema: jsonVersion, config: text });
    else terminal.out(text);
    return 0;
  }
  collectEarly();
  compileParserOnce();
  const young = keepYoungGeneration();
  const running = await startGateway({
    ...settings.gateway,
    log: (line) =>
      isJson
        ? printEvent(terminal, { type: "gateway.log", at: Date.now(), line })
        : terminal.err(`${new Date().toISOString()} ${printable(line)}\n`),
  });
  const { url } = running;
  // Without its query, which may hold a key.
  const upstreams = settings.gateway.upstreams.map((upstream) => upstream.url.replace(/\?.*/su, ""));
  if (isJson) printEvent(terminal, { type: "gateway.listening", schema: jsonVersion, url });
  else
    terminal.out(
      printable(`Listening on ${url}, in front of ${upstreams.join(", ")}. Ctrl-C ends it.
  OPENAI_BASE_URL=${url} for clients that read it; --codex-config prints what Codex needs.
`),
    );
  await aborted(signal);
  await running.close();
  young.disconnect();
  return 0;
}

/**
 * V8 lets 64 MB of dead buffers pile up before it collects the old generation, which in a proxy holds little. Collecting sooner costs 5 % of
 * a request's processor time and saves a quarter of the memory (npm run bench -- --only gateway).
 */
function collectEarly(): void {
  setFlagsFromString("--heap-growing-percent=60");
}

/**
 * undici's parser is WebAssembly. During the first answer V8 would compile one large function of it again, with optimisations: that takes
 * 24 MB, of which 12 stay, and no difference in a request's processor time could be measured.
 */
function compileParserOnce(): void {
  const flags = ["--liftoff-only", "--no-wasm-tier-up", "--no-wasm-dynamic-tiering"];
  for (const flag of flags) setFlagsFromString(flag);
}

const youngBytes = 6 * 1024 * 1024;

/**
 * Keeps V8's young generation at six megabytes. The one megabyte that `bin/throughline.mjs` sets is full before the requests under way are
 * answered, so that what they hold is copied twice and becomes old; with six they are done before, which saves a fifth of a request's
 * processor time. A running process can set only the factor by which V8 grows that space when much in it is alive, and V8 shrinks it again
 * when little goes on. So the factor is set after each collection to the one that leads to six megabytes.
 */
function keepYoungGeneration(): PerformanceObserver {
  let factor = 1;
  const observer = new PerformanceObserver(() => {
    const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
    if (!space) return;
    const next = Math.max(1, Math.floor(youngBytes / (space.space_used_size + space.space_available_size)));
    if (next === factor) return;
    factor = next;
    setFlagsFromString(`--semi-space-growth-factor=${factor}`);
  });
  observer.observe({ entryTypes: ["gc"] });
  return observer;
}
