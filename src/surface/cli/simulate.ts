import { join } from "node:path";
import { Failure } from "../../failure.ts";
import { aborted } from "../../lib/abort.ts";
import { printable } from "../../lib/printable.ts";
import { loadScenario, startSimulator } from "../../simulator/server.ts";
import { wireNames, type WireName } from "../../simulator/wires.ts";
import { homeFolder } from "../config.ts";
import { printJson } from "../json/print.ts";
import { type Invocation, optionText } from "../command/command.ts";
import { inHome } from "../command/in-home.ts";

/** `throughline simulate`: serves until it is interrupted. Keeps nothing on disk. */
export async function simulate(invocation: Invocation): Promise<number> {
  const { terminal, options, environment, signal } = invocation;
  const listen = optionText(invocation, "listen") ?? "0";
  const port = Number(listen.replace(/^127\.0\.0\.1:|^localhost:/u, ""));
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Failure("usage", `--listen takes a port on 127.0.0.1, not "${listen}".`, {});
  }
  const wire = wireNames.find((name) => name === (optionText(invocation, "wire") ?? "responses"));
  if (!wire) throw new Failure("usage", `--wire takes one of: ${wireNames.join(", ")}.`, {});
  const file = optionText(invocation, "scenario");
  const simulator = await startSimulator({
    port,
    wire,
    // A constant, so that seals of an earlier run still open.
    keySeed: "simulate",
    ...(file !== undefined && { scenario: await loadScenario(file) }),
  });
  if (options["json"] === true) printJson<"simulate">(terminal, { url: simulator.url, wire });
  else {
    const settings = (): string => printable(join(homeFolder(options, environment), "config.toml"));
    const command = inHome(invocation, tryIt[wire](simulator.url, settings));
    terminal.out(`Listening on ${simulator.url}. Ctrl-C ends it.\n  ${command}\n`);
  }
  await aborted(signal);
  await simulator.close();
  return 0;
}

/** For each wire, a command to try that talks to the simulator. `settings`: gives the path of the home's `config.toml`. */
const tryIt: Readonly<Record<WireName, (url: string, settings: () => string) => string>> = {
  responses: (url) => `OPENAI_BASE_URL=${url} throughline exec --approval all "run: ls"`,
  anthropic: (url) =>
    `ANTHROPIC_BASE_URL=${url} throughline exec --provider anthropic --approval all "run: ls"`,
  chat: (url, settings) =>
    `throughline exec --provider chat --approval all "run: ls"\nwith this in ${settings()}:\n  [providers.chat]\n  kind = "chat"\n  base_url = "${url}"`,
};
