import { code } from "./json-scan-code.ts";
import {
  candidateBytes,
  freeAt,
  headAt,
  longestName,
  maskAt,
  nameAt,
  nextAt,
  slotAt,
  tableBytes,
  tablesAt,
  unwanted,
  withinAt,
} from "./json-scan-layout.ts";

/** Where the bytes that are scanned stand in the scanner's memory; before them stands what is wanted. */
const base = 2 ** 16;
/** So many bytes are copied there at once: of lines that stand side by side the next ones are there already. */
const window = 2 ** 20;
/** Longer texts are not scanned. What the memory may grow to is reserved at once. */
const longest = 2 ** 26;
/** The scanner may read so many bytes behind them. */
const slack = 32;
const pageBytes = 2 ** 16;

/** What is used of the global one, which Node's types don't have. */
declare const WebAssembly: {
  Memory: new (pages: { initial: number; maximum: number }) => {
    readonly buffer: ArrayBuffer;
    grow(pages: number): void;
  };
  Module: new (binary: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: object };
  validate(binary: Uint8Array): boolean;
};

/** What assembly/json-scan.ts exports. */
interface Functions {
  scan(shape: number, start: number, end: number): number;
  isBase64(start: number, end: number): number;
  isWord(start: number, end: number): number;
}

/** Whose bytes are scanned: a `JsonSkim`. */
type User = object;

/**
 * The scanner (assembly/json-scan.ts) with its memory, one for the process: bytes are copied into it to be scanned. It grows with the
 * longest line, and stays.
 */
export class Scanner {
  readonly #memory: { readonly buffer: ArrayBuffer; grow(pages: number): void };
  readonly #functions: Functions;
  #free = freeAt;
  #bytes: Buffer;
  /** All of the memory, in which numbers are little-endian; made anew when it grows. */
  view: DataView;
  /** Whose bytes are there, and which of them. */
  #user: User | undefined;
  #from = 0;
  #to = 0;

  constructor(binary: Buffer) {
    const pages = (bytes: number): number => (base + bytes) / pageBytes + 1;
    const memory = new WebAssembly.Memory({ initial: pages(window), maximum: pages(longest) });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
    this.#memory = memory;
    this.#functions = instance.exports as Functions;
    this.#bytes = Buffer.from(memory.buffer);
    this.view = new DataView(memory.buffer);
  }

  /** Takes memory for good for a shape with these members (json-scan-layout.ts); returns where it stands. */
  addShape(paths: readonly string[]): number {
    const objects = ["", ...paths.filter((path) => paths.some((other) => other.startsWith(`${path}.`)))];
    const shape = this.#take(tablesAt + objects.length * tableBytes);
    for (const [slot, path] of paths.entries()) {
      const dotAt = path.lastIndexOf(".");
      const parent = objects.indexOf(path.slice(0, Math.max(0, dotAt)));
      const name = Buffer.from(path.slice(dotAt + 1));
      if (parent < 0) throw new Error(`${path} is wanted of an object that isn't`);
      if (name.length > longestName) throw new Error(`${path} has too long a name to be wanted`);
      const within = objects.indexOf(path);
      const candidate = this.#take(candidateBytes);
      const whole = this.#take(name.length);
      this.#bytes.set(name, whole);
      this.#bytes.set(name.subarray(0, 8), candidate + headAt);
      this.#bytes.fill(0xff, candidate + maskAt, candidate + maskAt + Math.min(8, name.length));
      const first = shape + tablesAt + parent * tableBytes + 4 * name.length;
      this.#put(candidate + slotAt, slot);
      this.#put(candidate + withinAt, within > 0 ? within : unwanted);
      this.#put(candidate + nextAt, this.view.getInt32(first, true));
      this.#put(candidate + nameAt, whole);
      this.#put(first, candidate);
    }
    return shape;
  }

  #put(at: number, number: number): void {
    this.view.setInt32(at, number, true);
  }

  #take(bytes: number): number {
    const at = this.#free;
    this.#free += Math.ceil(bytes / 8) * 8;
    if (this.#free > base) throw new Error("too many lists of wanted members");
    return at;
  }

  /** Says that the bytes which are scanned for `user` have changed. */
  forget(user: User): void {
    if (this.#user === user) this.#user = undefined;
  }

  /**
   * Scans the user's bytes from `start` to `end`; returns the answer's bits (json-scan-layout.ts), and leaves in the shape where the
   * wanted members stand, which is `shift` more than in the bytes. Of too long a text the answer is 0.
   */
  scan(shape: number, user: User, bytes: Buffer, start: number, end: number): number {
    if (end - start > longest) return 0;
    const shift = this.#shift(user, bytes, start, end);
    return this.#functions.scan(shape, start + shift, end + shift);
  }

  /** Whether the user's bytes from `start` to `end` are nothing but characters of base64 or base64url, without padding. */
  isBase64(user: User, bytes: Buffer, start: number, end: number): boolean {
    const shift = this.#shift(user, bytes, start, end);
    return this.#functions.isBase64(start + shift, end + shift) === 1;
  }

  /** Whether they are nothing but ASCII letters, digits, `_` and `-`. */
  isWord(user: User, bytes: Buffer, start: number, end: number): boolean {
    const shift = this.#shift(user, bytes, start, end);
    return this.#functions.isWord(start + shift, end + shift) === 1;
  }

  /** What to add to an offset in the bytes that were scanned last to get one in memory. */
  get shift(): number {
    return base - this.#from;
  }

  /** As `shift`, when the user's bytes from `start` to `end` stand in memory. */
  #shift(user: User, bytes: Buffer, start: number, end: number): number {
    if (this.#user !== user || start < this.#from || end > this.#to) this.#load(user, bytes, start, end);
    return this.shift;
  }

  #load(user: User, bytes: Buffer, start: number, end: number): void {
    const to = Math.min(bytes.length, Math.max(end, start + window));
    const behind = base + to - start;
    if (behind + slack > this.#bytes.length) {
      this.#memory.grow(Math.ceil((behind + slack - this.#bytes.length) / pageBytes));
      this.#bytes = Buffer.from(this.#memory.buffer);
      this.view = new DataView(this.#memory.buffer);
    }
    this.#bytes.set(bytes.subarray(start, to), base);
    this.#bytes.fill(0, behind, behind + slack);
    this.#user = user;
    this.#from = start;
    this.#to = to;
  }
}

/** `null`: there can't be one. */
let scanner: Scanner | null | undefined;

/**
 * The process' scanner. None in a Node without a compiler (`--jitless`), or on a processor without the instructions (of before 2008): there
 * nothing is skimmed, and all that could be is parsed.
 */
export function theScanner(): Scanner | undefined {
  if (scanner === undefined) {
    const binary = Buffer.from(code, "base64");
    const isPossible = typeof WebAssembly === "object" && WebAssembly.validate(binary);
    scanner = isPossible ? new Scanner(binary) : null;
  }
  return scanner ?? undefined;
}
