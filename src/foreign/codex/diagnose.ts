import { statSync } from "node:fs";
import { Pauses } from "../../lib/pauses.ts";
import { hasCode, ifPossible, isSystemError, sizeIfSeen, systemWords } from "../../lib/system.ts";
import { examine } from "./examine/examine.ts";
import type { SealedBlob } from "./examine/sealed-blobs.ts";
import { type Finding, finding, worstFirst } from "./findings/finding.ts";
import { judge } from "./findings/judge.ts";
import type { Holder } from "./home/holders.ts";
import { isThreadId, pathKnownTo, readRolloutName, whereIs } from "./home/places.ts";
import { heldStill } from "./plan/held-still.ts";
import { sealedBases } from "./findings/sealed-bases.ts";
import { Surroundings } from "./surroundings.ts";

const mostSealed = 1_000;

/** What is sealed in a rollout. */
export interface Sealed {
  /** Number of the line that holds it, from 1. */
  readonly line: number;
  /** What is sealed; "within": a part of a message, a call or an output. */
  readonly in: "reasoning" | "compaction" | "message" | "within";
  /** Of the item. */
  readonly id?: string;
  /** Milliseconds since 1970, as the blob itself says. */
  readonly sealedAt?: number;
  /** It was cut or altered, and would only be refused. */
  readonly malformed: boolean;
  /** Its last characters, by which some providers name it when they refuse it. */
  readonly tail: string;
}

/** What is said of one rollout. */
export interface Diagnosis {
  /** As it was given. */
  readonly path: string;
  readonly bytes: number;
  /** The thread's id, from the first line or the file's name. */
  readonly thread?: string;
  /** Of the Codex that made it. */
  readonly version?: string;
  /** The living process that works in it. */
  readonly holder?: Holder;
  /** The worst first; `needsRepair` tells those that are more than a note. */
  readonly findings: readonly Finding[];
  /** What its last turn failed with, as far as it is recorded. */
  readonly error?: string;
  /** The first 1,000 of its sealed blobs. */
  readonly sealed: readonly Sealed[];
}

/** What a diagnosis is given beside the paths; each may be left out. */
export interface DiagnoseOptions {
  /** Throughline's own home (as of `folderStore` and `repairRollout`): repairs that were cut off are told of. Absent: they aren't. */
  readonly home?: string;
  /** Milliseconds since 1970. */
  readonly now?: number;
  /** Aborting it makes the generator throw its reason. */
  readonly signal?: AbortSignal;
  /** Called while files are read, with the bytes read so far, of all of them. */
  onBytes?(read: number): void;
}

/**
 * Reads rollouts one after the other, each from its first byte to its last, and says what is wrong with each, in their order; what lies
 * beside them (Codex's databases, other files, living processes) is compared. Writes nothing. One that Codex has packed or unpacked since is
 * found beside its path, under its other name. A file that can't be read has the finding
 * `unreadable`: nothing that is in a file, and no file that is gone, is thrown.
 */
export async function* diagnose(
  paths: readonly string[],
  options: DiagnoseOptions = {},
): AsyncGenerator<Diagnosis, undefined> {
  const known = paths.map(knownAs(pathKnownTo()));
  const surroundings = new Surroundings(known, options.home);
  const pauses = new Pauses();
  let read = 0;
  for (const [nth, path] of paths.entries()) {
    if (pauses.isDue) await pauses.take();
    options.signal?.throwIfAborted();
    yield { ...(await diagnoseOne(known[nth]!, surroundings, options, read)), path };
    read += sizeIfSeen(known[nth]!);
    options.onBytes?.(read);
  }
  return undefined;
}

/** The path by which repairs and locks know a rollout, packed or unpacked since it was given or not; its own where there is nothing. */
function knownAs(known: (path: string) => string): (path: string) => string {
  return (path) => ifPossible(() => known(whereIs(path) ?? path)) ?? path;
}

async function diagnoseOne(
  path: string,
  surroundings: Surroundings,
  { now = Date.now(), signal, onBytes }: DiagnoseOptions,
  before: number,
): Promise<Diagnosis> {
  const named = readRolloutName(path)?.thread;
  try {
    // To open a pipe would be to wait for somebody who writes into it.
    if (!statSync(path).isFile()) return unreadable(path, "it is no file", "name a file");
    const found = await examine(path, {
      ...(signal && { signal }),
      onBytes: (read) => onBytes?.(before + read),
    });
    const thread = isThreadId(found.header?.id) ? found.header.id : named;
    const holder = surroundings.holders.get(path);
    const judged = [
      ...judge(found, { path, now }),
      ...(await sealedBases(path, found, { which: "dead" }, now)),
      ...(await surroundings.findings(path, thread, found)),
    ];
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
      sealed: found.seals.blobs[Symbol.iterator]().take(mostSealed).map(sealedIn).toArray(),
    };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return unreadable(path, systemWords(error), mendsOf(error));
  }
}

/** What helps against what the system said; nothing but the catalogue's words where rights are wanting. */
function mendsOf(error: Error): string | undefined {
  if (hasCode(error, "ENOENT")) return "look where it was moved to, or restore it from a backup";
  if (hasCode(error, "EACCES", "EPERM")) return undefined;
  return "mend that and look again; what the disk has lost for good has to come from a backup";
}

function unreadable(path: string, detail: string, mends?: string): Diagnosis {
  const thread = readRolloutName(path)?.thread;
  const found = finding("unreadable", [], { detail });
  return {
    path,
    bytes: 0,
    ...(thread !== undefined && { thread }),
    findings: [{ ...found, ...(mends !== undefined && { mends }) }],
    sealed: [],
  };
}

function sealedIn({ index, in: where, id, sealedAt, malformed, tail }: SealedBlob): Sealed {
  return {
    line: index + 1,
    in: where,
    ...(id !== undefined && { id }),
    ...(sealedAt !== undefined && { sealedAt }),
    malformed,
    tail,
  };
}

function holderWords({ pid, program, by }: Holder): string {
  const who = pid === undefined ? "a process out of sight" : `${program ?? "a process"} (pid ${pid})`;
  return by === "lock" ? `${who} holds its lock` : `${who} has it open for writing`;
}
