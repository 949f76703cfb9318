import type { Examination } from "../examine/examination.ts";
import { isDeepStrictEqual } from "node:util";
import type { CodexDatabases, NamedPlace } from "../home/databases.ts";
import { indexKey, indexMisfit, isIndexOfAnother, placeMisfit, type ReadSoFar } from "../home/misfits.ts";
import { homeOf, listRollouts } from "../home/places.ts";
import type { PlanOptions } from "../plan/plan-options.ts";
import { isMeantBy } from "../rollout/file/lineage.ts";
import type { GatheredChanges } from "./repair-changes.ts";

/** What a repair changes in Codex's databases. */
export interface DatabaseChanges {
  /** The thread's rows of Codex's history index are removed; Codex builds them anew on the next resume. */
  readonly forgetsIndex: boolean;
  /** The place that a state database of Codex's wrongly names; it is told the right one. */
  readonly movedFrom: NamedPlace | undefined;
  /** The paths of all that name it so. */
  readonly movedIn?: readonly string[];
  /** The provider that the state database is told, where it names none. */
  readonly provider?: string | undefined;
}

/** A rollout before and after what is changed in it. */
export interface Repaired {
  readonly path: string;
  readonly thread: string | undefined;
  /** A copy of it as it was, unpacked, and how far that was read. */
  readonly original: string;
  readonly had: ReadSoFar;
  /** What is found in it once it is repaired. */
  readonly found: Examination;
  readonly changes: GatheredChanges;
}

/** What has to become of Codex's databases for them to fit a rollout that is repaired; they are only read. */
export function databaseChanges(
  { path, thread, original, had, found, changes }: Repaired,
  { pin, provider }: PlanOptions,
  databases: CodexDatabases | undefined,
): DatabaseChanges {
  if (found.header === undefined) return { forgetsIndex: false, movedFrom: undefined };
  const key = thread === undefined ? undefined : indexKey(path, thread);
  const places = (thread !== undefined && databases?.placesOf(thread)) || [];
  const indexes = key === undefined || isIndexOfAnother(places, path) ? [] : databases?.indexes(key).get(key);
  const isMisfit = indexes?.some(
    (index) => changes.areIndexed(index.nextOffset) || indexMisfit(index, original, had) !== undefined,
  );
  const { header } = found;
  const home = homeOf(path);
  const isMisplaced = (place: NamedPlace): boolean =>
    placeMisfit(place, path, header.isPaginated) !== undefined &&
    isMeantBy(place.path, path, () => (home === undefined ? [] : listRollouts(home)));
  const wrong = places.filter(isMisplaced);
  const [movedFrom] = wrong;
  const alike = wrong.filter((place) =>
    isDeepStrictEqual({ ...place, database: movedFrom?.database }, movedFrom),
  );
  return {
    // Codex doesn't rebuild the index of a file that another one goes on from: its turns would be missing from what it shows (0.169).
    forgetsIndex: isMisfit === true && pin === undefined,
    movedFrom,
    movedIn: alike.map(({ database }) => database),
    provider: movedFrom?.provider === "" ? (header.modelProvider ?? provider) : undefined,
  };
}

/** Whether the state database says that the session's lines have no ordinals, although they do: it is told better. */
export function isHistoryWrong({
  movedFrom,
  isPaginated,
}: Pick<DatabaseChanges, "movedFrom"> & { readonly isPaginated: boolean }): boolean {
  return isPaginated && movedFrom?.history === "legacy";
}
