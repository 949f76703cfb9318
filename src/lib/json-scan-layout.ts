// What the scanner (assembly/json-scan.ts) and those who call it (json-scan.ts) know of each other: numbers only, because AssemblyScript
// reads this file too.

/** Deeper nesting isn't scanned. */
export const deepest = 64;
/** At most so many wanted members: each has one bit of a number. */
export const mostWanted = 32;
/** Longer names of members aren't wanted. */
export const longestName = 63;

/** What is open: a list, an object with no wanted member, or (from 0 on) the index of an object with some. */
export const inList = -2;
export const unwanted = -1;

// The answer's bits.
/** The bytes are a JSON object. */
export const isObject = 1;
/** A string has an escape of half a surrogate pair. */
export const hasSurrogates = 2;
/** A string has a byte beyond ASCII. */
export const isBeyondAscii = 4;

// Offsets within a shape: what is wanted, and where the last scan found it.
/** Where each wanted member's value begins, and the offset after it; 0 where it is missing. 32-bit numbers, as all that follows. */
export const startsAt = 0;
export const endsAt = 4 * mostWanted;
/** One bit for each wanted member: it is a string with escapes. */
export const escapedAt = 8 * mostWanted;
/** For each object, from the outermost on, and each length of a name: its first candidate, or 0. */
export const tablesAt = 512;
export const tableBytes = 4 * (longestName + 1);

// Offsets within a candidate, a member that is wanted.
/** The first eight bytes of its name, and ones where the name has some. */
export const headAt = 0;
export const maskAt = 8;
export const slotAt = 16;
/** Index of its value, where wanted members lie in it; else `unwanted`. */
export const withinAt = 20;
/** The next candidate of that object and length, or 0. */
export const nextAt = 24;
/** Where its whole name stands. */
export const nameAt = 28;
export const candidateBytes = 32;

/** Where the scanner keeps what is open: two numbers for each depth. */
export const stackAt = 64;
/** The first byte that isn't the scanner's own. */
export const freeAt = stackAt + 8 * deepest;
