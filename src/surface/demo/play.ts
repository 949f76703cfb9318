import { startSimulator } from "../../simulator/server.ts";
import type { Invocation } from "../command/command.ts";
import { jsonVersion, printEvent } from "../json/print.ts";
import { type Act, acts, type Evidence, story } from "./acts.ts";
import { Agent } from "./agent.ts";
import { makeScratch } from "./scratch.ts";

/**
 * `throughline demo`: plays the acts one after another on one session, in a scratch folder. Exit status 1 when any evidence is not as it should
 * be.
 */
export async function demo({ terminal, options, signal }: Invocation): Promise<number> {
  const json = options["json"] === true;
  const began = performance.now();
  const scratch = await makeScratch();
  const simulator = await startSimulator({ scenario: story });
  const agent = new Agent(scratch, simulator.url);
  let failed = 0;
  try {
    if (!json)
      terminal.out(
        "One session, four faults. Real tools in a scratch repository; the provider is simulated on loopback.\n",
      );
    for (const [index, act] of acts.entries()) {
      signal.throwIfAborted();
      const { did, evidence } = await act.play({ scratch, simulator, agent, signal });
      // What an interrupted act hasn't come to is no claim that doesn't hold.
      signal.throwIfAborted();
      failed += evidence.filter(({ holds }) => !holds).length;
      const said = { act: index + 1, title: act.title, wrong: act.wrong, did, evidence };
      if (json) printEvent(terminal, { type: "demo.act", ...said });
      else terminal.out(actText(index + 1, act, did, evidence));
    }
    const time = ((performance.now() - began) / 1_000).toFixed(1);
    const verdict =
      failed === 0 ? `All evidence holds. ${time} s.` : `${failed} claims do NOT hold. ${time} s.`;
    if (json)
      printEvent(terminal, { type: "demo.ended", schema: jsonVersion, failed, seconds: Number(time) });
    else terminal.out(`\n${verdict}\n`);
    return failed === 0 ? 0 : 1;
  } finally {
    await simulator.close();
    if (options["keep"] === true)
      terminal.err(`Kept: ${scratch.folder} (THROUGHLINE_HOME=${scratch.home})\n`);
    else await scratch.remove();
  }
}

function actText(number: number, act: Act, did: string, evidence: readonly Evidence[]): string {
  const lines = ["", `${number}. ${act.title}`, `   wrong     ${act.wrong}`, `   did       ${did}`];
  for (const { claim, holds } of evidence) lines.push(`   ${holds ? "evidence  " : "NOT SO    "}${claim}`);
  return `${lines.join("\n")}\n`;
}
