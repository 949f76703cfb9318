import { printableJson } from "../../lib/printable.ts";
import { writeJson } from "../../lib/whole-json.ts";
import type { Terminal } from "../command/terminal.ts";
import type { DemoEvent, ExecEvent, GatewayEvent } from "./events.ts";
import type { Outputs } from "./outputs.ts";

/**
 * The version of everything that `--json` prints. Within a version members may be added; renaming or removing one, or changing its meaning,
 * makes a new version.
 */
export const jsonVersion = 1;

/** A command's output without the version, which `printJson` adds. */
export type Printed<Name extends keyof Outputs> = WithoutSchema<Outputs[Name]>;
type WithoutSchema<Output> = Output extends unknown ? Omit<Output, "schema"> : never;

type WithoutMember<Output, Member extends string> =
  Output extends Record<Member, unknown> ? Omit<Output, Member> : never;

/** Prints a command's JSON output on one line: `printJson<"name">(terminal, { … })`. The shapes are in `docs/json.md`. */
export function printJson<Name extends keyof Outputs>(
  terminal: Pick<Terminal, "out">,
  value: Printed<Name>,
): void {
  terminal.out(`${printableJson(writeJson({ schema: jsonVersion, ...value }))}\n`);
}

/** Prints an event of a command that prints one a line. */
export function printEvent(
  terminal: Pick<Terminal, "out">,
  event: ExecEvent | GatewayEvent | DemoEvent,
): void {
  terminal.out(`${printableJson(writeJson(event))}\n`);
}

/** As `printJson`, with a last member that is a list too long to be held in memory: `pieces` are its elements' JSON, joined by commas. */
export async function printJsonList<Name extends keyof Outputs, Member extends string>(
  terminal: Pick<Terminal, "out">,
  value: WithoutMember<Printed<Name>, Member>,
  member: Member,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  const head = printableJson(writeJson({ schema: jsonVersion, ...value }).slice(0, -1));
  terminal.out(`${head},${JSON.stringify(member)}:[`);
  const decoder = new TextDecoder();
  for await (const piece of pieces) terminal.out(printableJson(decoder.decode(piece, { stream: true })));
  terminal.out("]}\n");
}
