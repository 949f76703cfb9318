import type { Damage } from "../store.ts";

const damagesNamed = 5;

/** What the person is told of a damaged log: each damage with its place, the first few of many. */
export function damageNotices(damage: readonly Damage[]): string[] {
  const named = damage
    .slice(0, damagesNamed)
    .map((each) => `the log is damaged${placeWords(each)}: ${each.why}; everything else was kept`);
  const more = damage.length - named.length;
  return more > 0
    ? [...named, `the log is damaged in ${more} more places; throughline show names them`]
    : named;
}

/** A torn tail was moved to a file of its own, which its words name. */
function placeWords({ kind, from, to, line }: Damage): string {
  if (kind === "torn-tail") return "";
  return ` (${line === undefined ? "" : `line ${line}, `}bytes ${from} to ${to})`;
}
