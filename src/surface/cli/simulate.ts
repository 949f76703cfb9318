import { Failure } from "../../failure.ts";
import { startSimulator } from "../../simulator/server.ts";
import { loadScenario } from "../../simulator/scenario-file.ts";
import { type Invocation, optionText } from "./command.ts";

/** Serves until it is interrupted, and leaves nothing behind. */
export async function simulate(invocation: Invocation): Promise<number> {
  const { terminal, options, signal } = invocation;
  const listen = optionText(invocation, "listen") ?? "0";
  const port = Number(listen.replace(/^127\.0\.0\.1:|^localhost:/u, ""));
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Failure("usage", `--listen takes a port on 127.0.0.1, not "${listen}".`, {});
  }
  const file = optionText(invocation, "scenario");
  const simulator = await startSimulator({
    port,
    // Always the same, so that seals still open when it is started again.
    keySeed: "simulate",
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
}
