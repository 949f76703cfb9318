import type { Examination } from "../examine/examination.ts";
import { isDeepStrictEqual } from "node:util";
import type { CodexDatabases } from "../home/databases.ts";
import {
  indexKey,
  indexMisfit,
  isIndexOfAnother,
  leadsTo,
  placeMisfit,
  type ReadSoFar,
} from "../home/misfits.ts";
import { homeOf, listRollouts } from "../home/places.ts";
import type { NamedPlace, FirstPrompt } from "../home/thread-rows.ts";
import type { PlanOptions } from "../plan/plan-options.ts";
import { isMeantBy } from "../rollout/file/lineage.ts";
import { picture, previewIn } from "../rollout/file/preview.ts";
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
  /** The first prompt that the state database is told, where it has none, or the one that was first while this one was lost. */
  readonly firstPrompt?: FirstPrompt | undefined;
}

/** A rollout before and after what is changed in it. */
export interface Repaired {
  readonly path: string;
  readonly thread: string | undefined;
  /** A copy of it as it was, unpacked, and how far that was read. */
  readonly original: string;
  readonly had: ReadSoFar;
  /** A copy of it once it is repaired, and what is found in that. */
  readonly repaired: string;
  readonly found: Examination;
  readonly changes: GatheredChanges;
}

/** What has to become of Codex's databases for them to fit a rollout that is repaired; they are only read. */
export async function databaseChanges(
  { path, thread, original, had, repaired, found, changes }: Repaired,
  { pin, provider }: PlanOptions,
  databases: CodexDatabases | undefined,
): Promise<DatabaseChanges> {
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
  const firstPrompt = await firstPrompts(places, { path, original, repaired });
  const wrong = places.filter((place) => isMisplaced(place) || firstPrompt(place) !== undefined);
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
    firstPrompt: movedFrom && firstPrompt(movedFrom),
  };
}

/** Tells of a place what its row has to be told of the first prompt, if anything. */
async function firstPrompts(
  places: readonly NamedPlace[],
  { path, original, repaired }: Pick<Repaired, "path" | "original" | "repaired">,
): Promise<(place: NamedPlace) => FirstPrompt | undefined> {
  const isListed = places.some(({ prompts }) => prompts?.["preview"] !== undefined);
  const prompt = isListed ? await previewIn(repaired) : undefined;
  if (prompt === undefined) return () => undefined;
  // While the first prompt was lost, Codex took the one behind it.
  const taken = await previewIn(original);
  return (place) => {
    const had = Object.entries(place.prompts ?? {}).filter(
      ([column, value]) =>
        value !== prompt &&
        (value === "" || value === taken) &&
        // Codex gives no title to a picture.
        !(column === "title" && prompt === picture),
    );
    const isWrong = leadsTo(place.path, path) && had.some(([column]) => column === "preview");
    return isWrong ? { prompt, had: Object.fromEntries(had) } : undefined;
  };
}

/** Whether the state database says that the session's lines have no ordinals, although they do: it is told better. */
export function isHistoryWrong({
  movedFrom,
  isPaginated,
}: Pick<DatabaseChanges, "movedFrom"> & { readonly isPaginated: boolean }): boolean {
  return isPaginated && movedFrom?.history === "legacy";
}
