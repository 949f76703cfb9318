import { elements, memberNamed } from "../../../lib/json.ts";

/** The place of a value in a line. */
export interface LinePlace {
  readonly at: number;
  readonly length: number;
}

const openBracket = 0x5b;

/** Where the value of a member of the object at `from` stands in the line; `undefined` where it has no such member. */
export function memberIn(line: Buffer, from: number, name: string): LinePlace | undefined {
  const member = memberNamed(line.subarray(from), name);
  return member && { at: from + member.valueStart, length: member.end - member.valueStart };
}

/** Where a record's payload begins: a bare record is its own. */
export function payloadIn(line: Buffer): number {
  return memberIn(line, 0, "payload")?.at ?? 0;
}

/** Where the elements of the list stand that is the value of a member of the object at `from`; `undefined` where it has no such list. */
export function elementsIn(line: Buffer, from: number, name: string): LinePlace[] | undefined {
  const list = memberIn(line, from, name);
  if (!list || line[list.at] !== openBracket) return undefined;
  return elements(line.subarray(list.at, list.at + list.length)).map(([start, end]) => ({
    at: list.at + start,
    length: end - start,
  }));
}
