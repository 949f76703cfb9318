// The scanner behind src/lib/json-scan.ts, in AssemblyScript (TypeScript that becomes WebAssembly): strings are passed over sixteen bytes at
// a time, which JavaScript can't. Twice as fast as the same in JavaScript (decisions/0018).
import {
  deepest,
  endsAt,
  escapedAt,
  hasSurrogates,
  headAt,
  inList,
  isBeyondAscii,
  isObject,
  longestName,
  maskAt,
  mostWanted,
  nameAt,
  nextAt,
  slotAt,
  stackAt,
  startsAt,
  tableBytes,
  tablesAt,
  unwanted,
  withinAt,
} from "../src/lib/json-scan-layout.ts";

const quote: u32 = 0x22;
const backslash: u32 = 0x5c;
const comma: u32 = 0x2c;
const colon: u32 = 0x3a;
const openBrace: u32 = 0x7b;
const closeBrace: u32 = 0x7d;
const openBracket: u32 = 0x5b;
const closeBracket: u32 = 0x5d;
const dash: u32 = 0x2d;
const plus: u32 = 0x2b;
const dot: u32 = 0x2e;
const zero: u32 = 0x30;
const stack: usize = stackAt;

/** Whether the string that `stringEnd` passed last has escapes. */
let isEscaped: bool = false;
/** `hasSurrogates` and `isBeyondAscii` of this scan. */
let told: i32 = 0;

/**
 * Scans the bytes from `start` to `end`, which something has to follow that is no part of JSON (one 0 is enough), and sixteen bytes of
 * memory. The answer has `isObject` where `JSON.parse` would accept them as an object that begins at once; the shape then says where its
 * wanted members stand. Without it they are not JSON, no object, or not handled here (a wanted member twice, an escape in a name beside
 * wanted ones, nesting too deep).
 */
export function scan(shape: usize, start: usize, end: usize): i32 {
  let escaped: u32 = 0;
  told = 0;
  for (let slot = 0; slot < mostWanted; slot += 4)
    v128.store(shape + ((slot as usize) << 2), i8x16.splat(0), startsAt);
  if (load<u8>(start) != openBrace) return 0;
  let depth: usize = 0;
  let within: i32 = 0;
  let at = past(start + 1);
  if (load<u8>(at) == closeBrace) {
    return isEnd(at + 1, end) ? isObject : 0;
  }
  while (true) {
    if (at >= end) return 0;
    let slot: i32 = -1;
    let inner: i32 = unwanted;
    if (within != inList) {
      if (load<u8>(at) != quote) return 0;
      const behind = stringEnd(at + 1, end);
      if (behind == 0) return 0;
      if (within != unwanted) {
        // It may be the name of a wanted member.
        if (isEscaped) return 0;
        const wanted = candidate(shape, within, at + 1, behind - at - 2);
        if (wanted != 0) {
          slot = load<i32>(wanted, slotAt);
          inner = load<i32>(wanted, withinAt);
          if (load<u32>(shape + ((slot as usize) << 2), startsAt) != 0) return 0;
        }
      }
      at = past(behind);
      if (load<u8>(at) != colon) return 0;
      at = past(at + 1);
    }
    if (slot >= 0) store<u32>(shape + ((slot as usize) << 2), at as u32, startsAt);
    const first: u32 = load<u8>(at);
    if (first == quote) {
      at = stringEnd(at + 1, end);
      if (at == 0) return 0;
      if (slot >= 0 && isEscaped) escaped |= 1 << slot;
    } else if (first == openBrace || first == openBracket) {
      at = past(at + 1);
      if (load<u8>(at) != (first == openBrace ? closeBrace : closeBracket)) {
        if (depth == deepest) return 0;
        store<i32>(stack + (depth << 3), within);
        store<i32>(stack + (depth << 3), slot, 4);
        depth++;
        within = first == openBracket ? inList : inner;
        continue;
      }
      at++;
    } else {
      at = scalarEnd(at);
      if (at == 0) return 0;
    }
    if (slot >= 0) store<u32>(shape + ((slot as usize) << 2), at as u32, endsAt);
    while (true) {
      at = past(at);
      const byte: u32 = load<u8>(at);
      if (byte == comma) break;
      if (byte != (within == inList ? closeBracket : closeBrace)) return 0;
      at++;
      if (depth == 0) {
        store<u32>(shape, escaped, escapedAt);
        return isEnd(at, end) ? isObject | told : 0;
      }
      depth--;
      within = load<i32>(stack + (depth << 3));
      const closed = load<i32>(stack + (depth << 3), 4);
      if (closed >= 0) store<u32>(shape + ((closed as usize) << 2), at as u32, endsAt);
    }
    at = past(at + 1);
  }
}

/** 1 where the bytes from `start` to `end` are characters of base64 or base64url, without padding; else 0. */
export function isBase64(start: usize, end: usize): i32 {
  // "/" stands right before the digits.
  return isMadeOf(start, end, 0x2f, plus) ? 1 : 0;
}

/** 1 where the bytes from `start` to `end` are ASCII letters, digits, "_" and "-"; else 0. */
export function isWord(start: usize, end: usize): i32 {
  return isMadeOf(start, end, zero, dash) ? 1 : 0;
}

/** Whether they are letters, "_", "-", `other`, and what stands from `first` to the digits' end. */
function isMadeOf(start: usize, end: usize, first: u32, other: u32): bool {
  let at = start;
  for (; at + 16 <= end; at += 16) {
    const bytes = v128.load(at);
    const letters = i8x16.sub(v128.or(bytes, i8x16.splat(0x20)), i8x16.splat(0x61));
    const digits = i8x16.sub(bytes, i8x16.splat(first as i8));
    const others = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x2d)), i8x16.eq(bytes, i8x16.splat(0x5f))),
      i8x16.eq(bytes, i8x16.splat(other as i8)),
    );
    const taken = v128.or(
      v128.or(i8x16.lt_u(letters, i8x16.splat(26)), i8x16.lt_u(digits, i8x16.splat((0x3a - first) as i8))),
      others,
    );
    if (i8x16.bitmask(taken) != 0xffff) return false;
  }
  for (; at < end; at++) {
    const byte: u32 = load<u8>(at);
    const isOther = byte == dash || byte == 0x5f || byte == other;
    if (!isOther && (byte | 0x20) - 0x61 >= 26 && byte - first >= 0x3a - first) return false;
  }
  return true;
}

/** The candidate that has the name of `length` bytes at `start`, or 0. */
function candidate(shape: usize, within: i32, start: usize, length: usize): usize {
  if (length > (longestName as usize)) return 0;
  const table = shape + (within as usize) * tableBytes;
  let wanted: usize = load<u32>(table + (length << 2), tablesAt);
  while (wanted != 0) {
    if ((load<u64>(start) & load<u64>(wanted, maskAt)) == load<u64>(wanted, headAt)) {
      const name: usize = load<u32>(wanted, nameAt);
      let at: usize = 8;
      while (at < length && load<u8>(start + at) == load<u8>(name + at)) at++;
      if (at >= length) return wanted;
    }
    wanted = load<u32>(wanted, nextAt);
  }
  return 0;
}

/** The offset after the string whose first character is at `at`; 0 where it is none that ends before `end`. */
function stringEnd(at: usize, end: usize): usize {
  isEscaped = false;
  while (at < end) {
    const bytes = v128.load(at);
    const ends = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
      i8x16.lt_u(bytes, i8x16.splat(0x20)),
    );
    const mask = i8x16.bitmask(ends);
    const beyond = i8x16.bitmask(bytes);
    if (mask == 0) {
      if (beyond != 0) told |= isBeyondAscii;
      at += 16;
      continue;
    }
    const length = ctz(mask);
    if (beyond & ((1 << length) - 1)) told |= isBeyondAscii;
    at += length;
    const byte: u32 = load<u8>(at);
    if (byte == quote) return at + 1;
    if (byte != backslash) return 0;
    isEscaped = true;
    at = escapeEnd(at + 1);
    if (at == 0) return 0;
  }
  return 0;
}

/** The offset after the escape whose backslash stands before `at`; 0 where it is none. */
function escapeEnd(at: usize): usize {
  switch (load<u8>(at) as u32) {
    case 0x6e: // n
    case quote:
    case backslash:
    case 0x74: // t
    case 0x72: // r
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
      return at + 1;
    case 0x75: // u
      for (let digit = at + 1; digit < at + 5; digit++) if (!isHex(load<u8>(digit))) return 0;
      // The escapes D8 to DF, in either case.
      if ((load<u8>(at + 1) | 0x20) == 0x64 && load<u8>(at + 2) >= 0x38) told |= hasSurrogates;
      return at + 5;
    default:
      return 0;
  }
}

/** The offset after a number, `true`, `false` or `null`; 0 where there is none. */
function scalarEnd(at: usize): usize {
  // The words, read as little-endian numbers.
  switch (load<u8>(at) as u32) {
    case 0x74:
      return load<u32>(at) == 0x65757274 ? at + 4 : 0;
    case 0x66:
      return load<u32>(at + 1) == 0x65736c61 ? at + 5 : 0;
    case 0x6e:
      return load<u32>(at) == 0x6c6c756e ? at + 4 : 0;
    default:
      return numberEnd(at);
  }
}

function numberEnd(at: usize): usize {
  if (load<u8>(at) == dash) at++;
  let end = load<u8>(at) == zero ? at + 1 : digitsEnd(at);
  if (end == at) return 0;
  if (load<u8>(end) == dot) {
    const fraction = end + 1;
    end = digitsEnd(fraction);
    if (end == fraction) return 0;
  }
  if ((load<u8>(end) | 0x20) == 0x65) {
    const sign: u32 = load<u8>(end + 1);
    const exponent = sign == plus || sign == dash ? end + 2 : end + 1;
    end = digitsEnd(exponent);
    if (end == exponent) return 0;
  }
  return end;
}

function digitsEnd(at: usize): usize {
  while ((load<u8>(at) as u32) - zero < 10) at++;
  return at;
}

function isHex(byte: u32): bool {
  return byte - zero < 10 || (byte | 0x20) - 0x61 < 6;
}

function isSpace(byte: u32): bool {
  return byte <= 0x20 && (byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09);
}

/** The offset of the first byte from `at` on that is no white space. */
function past(at: usize): usize {
  while (isSpace(load<u8>(at))) at++;
  return at;
}

/** Whether nothing but white space stands from `at` to `end`. */
function isEnd(at: usize, end: usize): bool {
  while (at < end && isSpace(load<u8>(at))) at++;
  return at == end;
}
