import { isSystemError } from "../../../lib/system.ts";
import { counted, quoted } from "../../../lib/words.ts";
import { examine } from "../examine/examine.ts";
import type { Examination } from "../examine/examination.ts";
import { isSealRefused } from "./error-text.ts";
import { type Finding, finding } from "./finding.ts";
import { chosenSeals, type SealChoice } from "./seal-choice.ts";
import type { SealedBlob } from "../examine/sealed-blobs.ts";
import { understand } from "./understand.ts";
import { homeOf, listRollouts } from "../home/places.ts";
import type { HistoryBase } from "../rollout/record/header.ts";
import { lineageOf } from "../rollout/file/lineage.ts";

const title = "sealed content that is refused stands in a file that this one goes on from";

/**
 * The files that a rollout goes on from and whose sealed content the provider refuses, too, as findings that name the repair of each. A
 * repair of the rollout itself leaves their blobs where they are, and the next resume sends them again. With "dead" they are told only where
 * the rollout's last turn was refused for sealed content. An error that names a blob which none of these files holds is about the rollout's
 * own. Once a refused summary is taken out, all that it stood for is sent again, so that all sealed content before it counts.
 */
export async function sealedBases(
  path: string,
  own: Pick<Examination, "header" | "turns" | "seals">,
  { which }: SealChoice,
  now: number,
): Promise<Finding[]> {
  const { header, turns } = own;
  const error = turns.error?.message;
  const isRefused = which === "dead" && error !== undefined && isSealRefused(error);
  const [base, home] = [header?.historyBase, homeOf(path)];
  if (base === undefined || home === undefined || !(isRefused || which === "all")) return [];
  const understood = isRefused ? understand(error, now) : undefined;
  const named = understood?.seals;
  const isSummary =
    understood?.failure?.class === "sealed-compaction-rejected" ||
    (named !== undefined && holdsSummary(own, named, now));
  try {
    return await sealedIn(home, base, isSummary ? undefined : named, now);
  } catch (failure) {
    // A file that can't be read is told where it is diagnosed itself.
    if (isSystemError(failure)) return [];
    throw failure;
  }
}

async function sealedIn(
  home: string,
  base: HistoryBase,
  named: SealChoice | undefined,
  now: number,
): Promise<Finding[]> {
  const files = listRollouts(home);
  const before = files.find(({ rollout }) => rollout === base.rollout);
  if (before === undefined) return [];
  const { segments } = await lineageOf(before, files);
  let isNamed = named?.which !== "named";
  let found: Finding[] = [];
  const opened: Finding[] = [];
  for (const segment of segments) {
    const { file, until = base } = segment;
    const examined = await examine(file.path);
    const sent = (choice: SealChoice): SealedBlob[] =>
      chosenSeals(examined, choice, now).filter(({ at }) => at < (until.endOffset ?? Infinity));
    if (!isNamed && sent(named!).length > 0) {
      isNamed = true;
      // The first one that is sent and can't be opened is named: those before it can be, or stand before the summary that it is.
      if (holdsSummary(examined, named!, now)) found = opened;
    }
    const { length: count } = sent({ which: "all" });
    if (count === 0) continue;
    const detail = `${counted(count, "blob")} in ${file.path}`;
    const mends = `throughline repair ${quoted(file.path)} --sealed --write`;
    (isNamed ? found : opened).push({ ...finding("seal-refused", [], { detail }), title, mends });
  }
  return found;
}

function holdsSummary(
  examined: Pick<Examination, "header" | "seals" | "turns">,
  choice: SealChoice,
  now: number,
): boolean {
  return chosenSeals(examined, choice, now).some((blob) => blob.in === "compaction");
}
