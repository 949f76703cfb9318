import { statSync } from "node:fs";
import { isSystemError } from "../../lib/system.ts";
import { counted, systemWords } from "../../lib/words.ts";
import { isCompressed } from "./rollout/compressed.ts";
import { CodexDatabases, type NamedPlace } from "./home/databases.ts";
import { missingBefore, type Pin, pinsIn } from "./examine/descendants.ts";
import type { Examination } from "./examine/examination.ts";
import { examine } from "./examine/examine.ts";
import { readSoFar } from "./examine/read-so-far.ts";
import { type Finding, finding, worstFirst } from "./findings/finding.ts";
import { heldStill } from "./repair/held-still.ts";
import { type Holder, holdersOf } from "./home/holders.ts";
import { allRepairs, isRepairOf, isUnfinished, type KnownRepair } from "./repair/journal.ts";
import { judge } from "./findings/judge.ts";
import { homeOf, isThreadId, listRollouts, readRolloutName } from "./home/places.ts";
import type { SealedBlob } from "./examine/sealed-blobs.ts";
import { indexKey, indexMisfit, placeMisfit } from "./home/surroundings.ts";

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

/** What lies beside the rollouts: databases, other files, processes, repairs that were cut off. */
class Surroundings {
  readonly holders: ReadonlyMap<string, Holder>;
  readonly #databases = new Map<string, CodexDatabases>();
  readonly #rows = new Map<string, ReadonlyMap<string, NamedPlace>>();
  readonly #rollouts = new Map<string, ReadonlySet<string>>();
  readonly #pins = new Map<string, ReadonlyMap<string, Pin>>();
  readonly #twins = new Map<string, string[]>();
  readonly #unfinished: readonly KnownRepair[];

  constructor(paths: readonly string[], home: string) {
    this.holders = holdersOf(paths.map((path) => ({ path, thread: readRolloutName(path)?.thread })));
    this.#unfinished = allRepairs(home).filter(isUnfinished);
    for (const path of paths) {
      const named = readRolloutName(path);
      if (!named) continue;
      const key = `${homeOf(path) ?? ""} ${named.thread} ${named.rollout}`;
      this.#twins.set(key, [...(this.#twins.get(key) ?? []), path]);
    }
  }

  findings(path: string, thread: string | undefined, examined: Examination): Finding[] {
    const found: Finding[] = [];
    if (this.#unfinished.some((known) => isRepairOf(known, path)))
      found.push(finding("repair-unfinished", []));
    const home = homeOf(path);
    if (home === undefined || thread === undefined) return found;
    const named = readRolloutName(path);
    const twins = this.#twins.get(`${home} ${named?.thread} ${named?.rollout}`) ?? [];
    const others = twins.filter((twin) => twin !== path);
    if (others.length > 0)
      found.push(finding("two-files-one-id", [], { detail: `also ${others.join(", ")}` }));
    const databases = this.#of(home);
    // Codex unpacks a compressed rollout under the name and to the bytes that its databases have, so these can't be out of step.
    const isPacked = isCompressed(path);
    const misfit = isPacked
      ? undefined
      : indexOf(databases, indexKey(path, thread) ?? thread, examined, path);
    const base = examined.header?.historyBase?.rollout;
    if (base !== undefined && !this.#rolloutsOf(home).has(base))
      found.push(finding("base-missing", [], { detail: `rollout ${base}` }));
    const pin = this.pin(path, examined);
    const missing = pin === undefined ? 0 : missingBefore(pin, examined);
    if (missing > 0)
      found.push(finding("segment-short", [], { detail: `${counted(missing, "byte")} are gone` }));
    if (missing < 0)
      found.push(finding("segment-long", [], { detail: `${counted(-missing, "byte")} too many` }));
    // Codex doesn't rebuild the index of a file that another one goes on from, and shows what it has: a stale one stays.
    if (misfit !== undefined && pin === undefined) found.push(finding("index-stale", [], { detail: misfit }));
    const place = this.#placesOf(home).get(thread);
    const misplaced = place && placeMisfit(place, path, examined.header?.isPaginated === true);
    if (misplaced !== undefined) found.push(finding("state-moved", [], { detail: misplaced }));
    for (const [database, why] of databases.troubles)
      found.push(finding("state-unreadable", [], { detail: `${database}: ${why}` }));
    return found;
  }

  /** Where another file goes on from this one; `undefined` where none does. */
  pin(path: string, { ordinals }: Examination): Pin | undefined {
    const [home, named] = [homeOf(path), readRolloutName(path)];
    if (home === undefined || named?.form !== "jsonl" || ordinals.next === undefined) return undefined;
    return this.#pinsOf(home).get(named.rollout);
  }

  #of(home: string): CodexDatabases {
    const known = this.#databases.get(home) ?? new CodexDatabases(home);
    this.#databases.set(home, known);
    return known;
  }

  #rolloutsOf(home: string): ReadonlySet<string> {
    const known = this.#rollouts.get(home) ?? new Set(listRollouts(home).map(({ rollout }) => rollout));
    this.#rollouts.set(home, known);
    return known;
  }

  #pinsOf(home: string): ReadonlyMap<string, Pin> {
    const known = this.#pins.get(home) ?? pinsIn(home);
    this.#pins.set(home, known);
    return known;
  }

  #placesOf(home: string): ReadonlyMap<string, NamedPlace> {
    const known = this.#rows.get(home) ?? this.#of(home).places();
    this.#rows.set(home, known);
    return known;
  }
}

function indexOf(
  databases: CodexDatabases,
  thread: string,
  examined: Examination,
  path: string,
): string | undefined {
  const index = databases.index(thread);
  return index && indexMisfit(index, path, readSoFar(examined));
}
