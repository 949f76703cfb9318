// What a provider is sent of a log, and what is told of it.
import type { ReplayContract } from "../../src/replay/contract.ts";
import { openai } from "../../src/replay/contracts/openai.ts";
import { project, type Projection } from "../../src/replay/project.ts";
import { requestInput } from "../../src/replay/request-input.ts";
import type { Quarantine } from "../../src/session/event.ts";
import { textOf, type WrittenLog } from "../property/written-log.ts";

export const here = "https://here #1";

export type Sent = { [key: string]: unknown; type: string };

/** What a refusal by `here` sets aside. */
export const setAside = (scope: Quarantine["scope"], refusedBy = here): Quarantine => ({
  rung: 1,
  why: "sealed-reasoning-rejected",
  refusedBy,
  scope,
  count: 1,
});

export function projected(
  log: WrittenLog,
  contract: ReplayContract = openai,
  quarantines: readonly Quarantine[] = [],
  model?: string,
): Projection {
  return project(contract, { issuer: here, quarantines, ...(model && { model }) }, log.history.items);
}

export async function sent(
  log: WrittenLog,
  contract?: ReplayContract,
  quarantines?: readonly Quarantine[],
): Promise<Sent[]> {
  const input = await requestInput(projected(log, contract, quarantines), log.bodies());
  return JSON.parse(`[${await textOf(input.chunks())}]`) as Sent[];
}

export const types = (elements: readonly Sent[]): string[] => elements.map(({ type }) => type);

export const rulesOf = (projection: Projection): [number, string][] =>
  Array.from(projection.report(), ({ seq, rule }) => [seq, rule]);
