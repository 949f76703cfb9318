import { Failure } from "../../failure.ts";
import { startSimulator } from "../../simulator/server.ts";
import { loadScenario } from "../../simulator/scenario-file.ts";
import { type Command, optionText } from "./command.ts";

/** Until it is ended: every interrupt ends it, and nothing is left behind. */
export const simulate: Command = {
  name: "simulate",
  summary: "serve the Responses API on loopback, with seals, limits and cuts as a scenario says",
  example: "throughline simulate --listen 8787 --scenario cut.toml",
  options: [
    { flags: "--listen <port>", help: "port on 127.0.0.1 (default: any free one)" },
    { flags: "--scenario <file>", help: "what the model does and what goes wrong (docs/simulator.md)" },
  ],
  async run(invocation) {
    const { terminal, options, signal } = invocation;
    const listen = optionText(invocation, "listen") ?? "0";
    const port = Number(listen.replace(/^127\.0\.0\.1:|^localhost:/u, ""));
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new Failure("usage", `--listen takes a port on 127.0.0.1, not "${listen}".`, {});
    }
    const file = optionText(invocation, "scenario");
    const simulator = await startSimulator({
      port,
      ...(file !== undefined && { scenario: await loadScenario(file) }),
    });
    if (options["json"] === true)
      terminal.out(`${JSON.stringify({ type: "simulator.listening", url: simulator.url })}\n`);
    else
      terminal.out(
        `Listening on ${simulator.url}. Ctrl-C ends it.\n  OPENAI_BASE_URL=${simulator.url} OPENAI_API_KEY=any throughline exec "run: ls"\n`,
      );
    await new Promise<void>((resolve) =>
      signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true }),
    );
    await simulator.close();
    return 0;
  },
};
