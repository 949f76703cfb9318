import { Failure } from "../failure.ts";
import type { Damage } from "../store.ts";

/** What lists and views say of a log that holds no event. */
export const noEvent = "no line of its log is an event of a session";

/** The failure for a log without any event to go on with; it names what still works. */
export function noSessionIn(id: string, path: string): Failure<"session-damaged"> {
  const message =
    `${path} holds no event of a session that can be read; it was left as it is. ` +
    `Put it out of the list with: throughline archive ${id}, or delete it with: throughline delete ${id}`;
  return new Failure("session-damaged", message, { path });
}

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
  if (kind === "missing") return ` (before ${line === undefined ? `byte ${from}` : `line ${line}`})`;
  return ` (${line === undefined ? "" : `line ${line}, `}bytes ${from} to ${to})`;
}
