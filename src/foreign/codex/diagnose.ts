import { statSync } from "node:fs";
import { isSystemError } from "../../lib/system.ts";
import { systemWords } from "../../lib/words.ts";
import { examine } from "./examine/examine.ts";
import type { SealedBlob } from "./examine/sealed-blobs.ts";
import { type Finding, finding, worstFirst } from "./findings/finding.ts";
import { judge } from "./findings/judge.ts";
import type { Holder } from "./home/holders.ts";
import { isThreadId, readRolloutName } from "./home/places.ts";
import { heldStill } from "./repair/held-still.ts";
import { Surroundings } from "./surroundings.ts";

const mostSealed = 1_000;

/** What is said of one rollout. */
export interface Diagnosis {
  readonly path: string;
  readonly bytes: number;
  /** The thread's id, from the first line or the file's name. */
  readonly thread?: string;
  readonly version?: string;
  readonly holder?: Holder;
  readonly findings: readonly Finding[];
  /** What its last turn failed with, as far as it is recorded. */
  readonly error?: string;
  /** Its sealed blobs; only the first ones of very many are kept. */
  readonly sealed: readonly SealedBlob[];
}

/** What a diagnosis is given beside the paths. */
export interface DiagnoseOptions {
  /** Throughline's own home: repairs that were cut off are told of. */
  readonly home: string;
  readonly now: number;
  readonly signal: AbortSignal;
  /** Bytes read so far, of all files. */
  onBytes?(read: number): void;
}

/** Reads rollouts one after the other and says what is wrong with each; what lies beside them is compared. Writes nothing. */
export async function* diagnose(
  paths: readonly string[],
  options: DiagnoseOptions,
): AsyncGenerator<Diagnosis> {
  const surroundings = new Surroundings(paths, options.home);
  let read = 0;
  for (const path of paths) {
    options.signal.throwIfAborted();
    yield await diagnoseOne(path, surroundings, options, read);
    read += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    options.onBytes?.(read);
  }
}

async function diagnoseOne(
  path: string,
  surroundings: Surroundings,
  { now, signal, onBytes }: DiagnoseOptions,
  before: number,
): Promise<Diagnosis> {
  const named = readRolloutName(path)?.thread;
  try {
    const found = await examine(path, { signal, onBytes: (read) => onBytes?.(before + read) });
    const thread = isThreadId(found.header?.id) ? found.header.id : named;
    const holder = surroundings.holders.get(path);
    const judged = [...judge(found, { path, now }), ...surroundings.findings(path, thread, found)];
    const pin = surroundings.pin(path, found);
    const plan = { seals: { which: "none" }, now, path, ...(pin && { pin }) } as const;
    const findings = heldStill(judged, found, plan, thread);
    if (holder) findings.push(finding("live", [], { detail: holderWords(holder) }));
    return {
      path,
      bytes: found.bytes,
      ...(thread !== undefined && { thread }),
      ...(found.header?.cliVersion !== undefined && { version: found.header.cliVersion }),
      ...(holder && { holder }),
      findings: worstFirst(findings),
      ...(found.turns.error && { error: found.turns.error.message }),
      sealed: found.seals.blobs[Symbol.iterator]().take(mostSealed).toArray(),
    };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const detail = systemWords(error);
    return {
      path,
      bytes: 0,
      ...(named && { thread: named }),
      findings: [finding("unreadable", [], { detail })],
      sealed: [],
    };
  }
}

function holderWords({ pid, program, by }: Holder): string {
  const who = pid === undefined ? "a process out of sight" : `${program ?? "a process"} (pid ${pid})`;
  return by === "lock" ? `${who} holds its lock` : `${who} has it open for writing`;
}
