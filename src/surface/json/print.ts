import { writeJson } from "../../lib/whole-json.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { Outputs } from "./outputs.ts";

/**
 * Of what `--json` prints. Within a version members may be added; one that is renamed, removed or comes to mean something else makes a new
 * version.
 */
export const jsonVersion = 1;

/** What a command gives to `printJson`: all but the version. */
export type Printed<Name extends keyof Outputs> = WithoutSchema<Outputs[Name]>;
type WithoutSchema<Output> = Output extends unknown ? Omit<Output, "schema"> : never;

type WithoutMember<Output, Member extends string> =
  Output extends Record<Member, unknown> ? Omit<Output, Member> : never;

/** Prints what a command tells programs, on one line: `printJson<"name">(terminal, { … })`. `docs/json.md` has the shapes. */
export function printJson<Name extends keyof Outputs>(
  terminal: Pick<Terminal, "out">,
  value: Printed<Name>,
): void {
  terminal.out(`${writeJson({ schema: jsonVersion, ...value })}\n`);
}

/** The same with one member more, a list that may be too long to be held: its elements' JSON, joined by commas, in pieces. */
export async function printJsonList<Name extends keyof Outputs, Member extends string>(
  terminal: Pick<Terminal, "out">,
  value: WithoutMember<Printed<Name>, Member>,
  member: Member,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  terminal.out(`${writeJson({ schema: jsonVersion, ...value }).slice(0, -1)},${JSON.stringify(member)}:[`);
  const decoder = new TextDecoder();
  for await (const piece of pieces) terminal.out(decoder.decode(piece, { stream: true }));
  terminal.out("]}\n");
}
