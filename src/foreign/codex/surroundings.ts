import { dirname } from "node:path";
import { counted, quoted } from "../../lib/words.ts";
import { missingBefore, type Pin, pinsIn } from "./examine/descendants.ts";
import type { Examination } from "./examine/examination.ts";
import { readSoFar } from "./examine/read-so-far.ts";
import { type Finding, finding } from "./findings/finding.ts";
import { unreadDatabases } from "./findings/unread-databases.ts";
import { conflictCopies, namesOfCopies } from "./home/conflict-copies.ts";
import { CodexDatabases, type IndexState } from "./home/databases.ts";
import { type Holder, holdersOf } from "./home/holders.ts";
import { indexKey, indexMisfit, isIndexOfAnother, isUntold, placeMisfit } from "./home/misfits.ts";
import { homeOf, listRollouts, readRolloutName, type RolloutFile } from "./home/places.ts";
import { mayHaveProvider } from "./home/settings.ts";
import type { NamedPlace } from "./home/thread-rows.ts";
import { allRepairs, isRepairOf, isUnfinished, type KnownRepair } from "./repair/journal.ts";
import { isCompressed } from "./rollout/bytes/compressed.ts";
import { isMeantBy } from "./rollout/file/lineage.ts";
import { previewIn } from "./rollout/file/preview.ts";

/** Of fewer rollouts each is looked up on its own in Codex's index, which may hold very many others. */
const many = 64;

/** What lies beside rollouts that are diagnosed together: databases, other files, processes, repairs that were cut off. */
export class Surroundings {
  /** Who holds a rollout, by its path. */
  readonly holders: ReadonlyMap<string, Holder>;
  readonly #unfinished: readonly KnownRepair[];
  /** The rollouts by `identityOf`: where several claim to be the same, Codex goes on with only one of them. */
  readonly #twins: ReadonlyMap<string, readonly string[]>;
  readonly #homes = new Map<string, CodexHome>();
  /** `namesOfCopies`, by the folder. */
  readonly #names = new Map<string, readonly string[]>();
  readonly #areMany: boolean;

  /** `home`: Throughline's own. */
  constructor(paths: readonly string[], home: string | undefined) {
    this.holders = holdersOf(paths.map((path) => ({ path, thread: readRolloutName(path)?.thread })));
    this.#unfinished = home === undefined ? [] : allRepairs(home).filter(isUnfinished);
    this.#twins = Map.groupBy(paths, identityOf);
    this.#areMany = paths.length >= many;
  }

  /** What is wrong beside a rollout. `thread`: its id, from the first line or the file's name. */
  async findings(path: string, thread: string | undefined, examined: Examination): Promise<Finding[]> {
    const isHalfRepaired = this.#unfinished.some((known) => isRepairOf(known, path));
    const found = isHalfRepaired ? [finding("repair-unfinished", [])] : [];
    const home = homeOf(path);
    if (home === undefined || thread === undefined) return found;
    const twins = this.#twins.get(identityOf(path)) ?? [];
    const others = new Set(readRolloutName(path) ? [...twins, ...this.#copies(path)] : []);
    others.delete(path);
    if (others.size > 0)
      found.push(finding("two-files-one-id", [], { detail: `also ${[...others].join(", ")}` }));
    return [
      ...found,
      ...this.#chainFindings(path, home, examined),
      ...(await this.#databaseFindings(path, home, thread, examined)),
      ...this.#settingsFindings(home, thread, examined),
    ];
  }

  /** Copies of a rollout beside it that hold what it doesn't. */
  #copies(path: string): string[] {
    const folder = dirname(path);
    const names = this.#names.get(folder) ?? namesOfCopies(folder);
    this.#names.set(folder, names);
    return isCompressed(path) ? [] : conflictCopies(path, names);
  }

  /** Where another file goes on from this one; `undefined` where none does. */
  pin(path: string, { ordinals }: Examination): Pin | undefined {
    const [home, named] = [homeOf(path), readRolloutName(path)];
    if (home === undefined || named === undefined || ordinals.next === undefined) return undefined;
    return this.#of(home).pins.get(named.rollout);
  }

  /** What is wrong between the file, the one that it goes on from, and those that go on from it. */
  #chainFindings(path: string, home: string, examined: Examination): Finding[] {
    const found: Finding[] = [];
    const base = examined.header?.historyBase?.rollout;
    if (base !== undefined && !this.#of(home).rollouts.has(base))
      found.push(finding("base-missing", [], { detail: `rollout ${base}` }));
    const pin = this.pin(path, examined);
    const missing = pin === undefined ? 0 : missingBefore(pin, examined);
    if (missing > 0)
      found.push(finding("segment-short", [], { detail: `${counted(missing, "byte")} are gone` }));
    if (missing < 0)
      found.push(finding("segment-long", [], { detail: `${counted(-missing, "byte")} too many` }));
    return found;
  }

  async #databaseFindings(
    path: string,
    home: string,
    thread: string,
    examined: Examination,
  ): Promise<Finding[]> {
    const found: Finding[] = [];
    const beside = this.#of(home);
    const { databases, places } = beside;
    const key = indexKey(path, thread);
    const indexes = (): ReadonlyMap<string, readonly IndexState[]> =>
      this.#areMany ? beside.indexes : databases.indexes(key);
    // Codex unpacks a compressed rollout to the bytes that its index was made from, so the two can't be out of step.
    const named = places.get(thread) ?? [];
    const isUnread = isCompressed(path) || isIndexOfAnother(named, path);
    const known = isUnread ? [] : (indexes().get(key) ?? []);
    const [misfit] = known.flatMap((index) => indexMisfit(index, path, readSoFar(examined)) ?? []);
    // Codex doesn't rebuild the index of a file that another one goes on from, and shows what it has: a stale one stays.
    if (misfit !== undefined && this.pin(path, examined) === undefined)
      found.push(finding("index-stale", [], { detail: misfit }));
    const [misplaced] = named.flatMap((place) => {
      const why = placeMisfit(place, path, examined.header?.isPaginated === true);
      return why !== undefined && isMeantBy(place.path, path, () => this.#of(home).files) ? [why] : [];
    });
    if (misplaced !== undefined) found.push(finding("state-moved", [], { detail: misplaced }));
    if (named.some((place) => isUntold(place, path)) && (await previewIn(path)) !== undefined)
      found.push(finding("state-untold", []));
    return [...found, ...unreadDatabases(databases)];
  }

  #settingsFindings(home: string, thread: string, { header }: Examination): Finding[] {
    const beside = this.#of(home);
    // Where the database names one, the first line's doesn't count (0.169, 2026-11-23).
    const provider = beside.places.get(thread)?.[0]?.provider || header?.modelProvider;
    if (provider === undefined || beside.mayHaveProvider(provider)) return [];
    const table = `[model_providers.${/^[\w-]+$/u.test(provider) ? provider : JSON.stringify(provider)}]`;
    const option = `-c model_provider=${quoted(provider)}`;
    const detail = `${provider}; a table ${table} with the endpoint that is used now lets all its sessions go on (codex exec: with ${option}), and throughline export --format codex writes this one for the provider that is chosen there`;
    return [finding("provider-gone", [], { detail })];
  }

  #of(home: string): CodexHome {
    const known = this.#homes.get(home) ?? new CodexHome(home);
    this.#homes.set(home, known);
    return known;
  }
}

/** What a Codex home holds for all its rollouts, read when it is first asked for. */
class CodexHome {
  readonly databases: CodexDatabases;
  readonly #path: string;
  #places: ReadonlyMap<string, readonly NamedPlace[]> | undefined;
  #indexes: ReadonlyMap<string, readonly IndexState[]> | undefined;
  #files: readonly RolloutFile[] | undefined;
  #rollouts: ReadonlySet<string> | undefined;
  #pins: ReadonlyMap<string, Pin> | undefined;
  readonly #providers = new Map<string, boolean>();

  constructor(path: string) {
    this.#path = path;
    this.databases = new CodexDatabases(path);
    this.databases.check();
  }

  /** Where the state databases have each thread. */
  get places(): ReadonlyMap<string, readonly NamedPlace[]> {
    return (this.#places ??= this.databases.places());
  }

  /** How far Codex's indexes of each rollout have come. */
  get indexes(): ReadonlyMap<string, readonly IndexState[]> {
    return (this.#indexes ??= this.databases.indexes());
  }

  get files(): readonly RolloutFile[] {
    return (this.#files ??= listRollouts(this.#path));
  }

  /** The ids of all rollouts. */
  get rollouts(): ReadonlySet<string> {
    return (this.#rollouts ??= new Set(this.files.map(({ rollout }) => rollout)));
  }

  get pins(): ReadonlyMap<string, Pin> {
    return (this.#pins ??= pinsIn(this.#path));
  }

  mayHaveProvider(provider: string): boolean {
    const known = this.#providers.get(provider) ?? mayHaveProvider(this.#path, provider);
    this.#providers.set(provider, known);
    return known;
  }
}

/** A key that files share which claim, by their names, to be the same rollout; "" for a file whose name tells nothing. */
function identityOf(path: string): string {
  const named = readRolloutName(path);
  return named ? `${homeOf(path) ?? ""} ${named.thread} ${named.rollout}` : "";
}
