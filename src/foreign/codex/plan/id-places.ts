import { memberCut, members, parseJson } from "../../../lib/json.ts";
import { elementsIn, type LinePlace, memberIn, payloadIn } from "./line-places.ts";

/**
 * Where the ids of a line's items stand that are among these: each member with a comma, so that the line is JSON without it. A summary's
 * line has the items that it keeps. The ids are as examinations read them: their bytes as Latin-1.
 */
export function idPlaces(line: Buffer, ids: ReadonlySet<string>): LinePlace[] {
  const payload = payloadIn(line);
  const kept = elementsIn(line, payload, "replacement_history");
  return (kept ?? [{ at: payload }]).flatMap(({ at }) => {
    const id = memberIn(line, at, "id");
    const value = id && parseJson(line.toString("latin1", id.at, id.at + id.length));
    const cut = typeof value === "string" && ids.has(value) && memberCut(members(line.subarray(at)), "id");
    return cut ? [{ at: at + cut[0], length: cut[1] - cut[0] }] : [];
  });
}
