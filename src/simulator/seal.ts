import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";

/** A Fernet key (https://github.com/fernet/spec): 16 bytes to sign with, 16 to encrypt with. */
export interface FernetKey {
  readonly signing: Buffer;
  readonly encryption: Buffer;
}

/** The key that 32 bytes make, as bytes or as the spec's base64url text. */
export function fernetKey(key: Uint8Array | string): FernetKey {
  const bytes = typeof key === "string" ? Buffer.from(key, "base64url") : Buffer.from(key);
  if (bytes.length !== 32) throw new RangeError(`a Fernet key is 32 bytes, got ${bytes.length}`);
  return { signing: bytes.subarray(0, 16), encryption: bytes.subarray(16) };
}

const version = 0x80;
const ivStart = 9;
const cipherStart = 25;
const macBytes = 32;
const cipherBlock = 16;

/** A Fernet token, base64url with padding. `at` is in milliseconds since 1970; the token keeps whole seconds. */
export function fernetSeal(
  key: FernetKey,
  plain: string,
  at: number,
  iv: Uint8Array = randomBytes(16),
): string {
  const cipher = createCipheriv("aes-128-cbc", key.encryption, iv);
  const head = Buffer.alloc(cipherStart);
  head[0] = version;
  head.writeBigUInt64BE(BigInt(Math.floor(at / 1000)), 1);
  head.set(iv, ivStart);
  const signed = Buffer.concat([head, cipher.update(plain, "utf8"), cipher.final()]);
  const token = Buffer.concat([signed, mac(key, signed)]).toString("base64url");
  return token.padEnd(Math.ceil(token.length / 4) * 4, "=");
}

/** The plain text of a token, or `undefined` when the key did not make it or a byte of it was changed. */
export function fernetOpen(key: FernetKey, token: string): string | undefined {
  if (!/^[\w-]+={0,2}$/.test(token)) return undefined;
  const bytes = Buffer.from(token, "base64url");
  if (bytes.length < cipherStart + cipherBlock + macBytes || bytes[0] !== version) return undefined;
  const signed = bytes.subarray(0, -macBytes);
  if (!timingSafeEqual(mac(key, signed), bytes.subarray(-macBytes))) return undefined;
  const encrypted = signed.subarray(cipherStart);
  if (encrypted.length % cipherBlock !== 0) return undefined;
  const decipher = createDecipheriv("aes-128-cbc", key.encryption, signed.subarray(ivStart, cipherStart));
  return Buffer.concat([decipher.update(encrypted), decipher.final()]).toString("utf8");
}

/**
 * The text with as many NULs behind it as give a token without padding. Refusals quote a token's last four letters: with `==` among them
 * one in 256 tokens has the same, and what a client does then would hang on chance (`recovery/rungs.ts` for what Throughline does).
 */
function filledUp(plain: string): string {
  const period = 3 * cipherBlock;
  // The cipher adds at least one byte.
  const bytes = Buffer.byteLength(plain) + 1;
  return plain + "\0".repeat(Math.ceil(bytes / period) * period - bytes);
}

function mac(key: FernetKey, signed: Uint8Array): Buffer {
  return createHmac("sha256", key.signing).update(signed).digest();
}

/**
 * The keys of one simulated provider. Each account has its own key (what one account's key sealed no other opens), and rotating takes
 * all accounts to the next generation. Keys are derived from the seed, so that two processes with one seed open each other's blobs.
 */
export class SealKeys {
  readonly #seed: string;
  #accepted: number;
  readonly #derived = new Map<string, FernetKey>();
  #generation: number;

  /** `accepted` is the number of earlier generations that still open. */
  constructor(seed: string, options: { generation?: number; accepted?: number } = {}) {
    this.#seed = seed;
    this.#generation = options.generation ?? 0;
    this.#accepted = options.accepted ?? 0;
  }

  get generation(): number {
    return this.#generation;
  }

  rotate(): number {
    return ++this.#generation;
  }

  /** How many earlier generations open from now on. */
  accept(generations: number): void {
    this.#accepted = generations;
  }

  seal(account: string, plain: string, at: number): string {
    return fernetSeal(this.#key(account, this.#generation), filledUp(plain), at);
  }

  open(account: string, token: string): string | undefined {
    for (let back = 0; back <= this.#accepted && back <= this.#generation; back++) {
      const plain = fernetOpen(this.#key(account, this.#generation - back), token);
      if (plain !== undefined) return plain.replace(/\0+$/u, "");
    }
    return undefined;
  }

  #key(account: string, generation: number): FernetKey {
    const name = `${generation} ${account}`;
    const known = this.#derived.get(name);
    if (known) return known;
    const key = fernetKey(new Uint8Array(hkdfSync("sha256", this.#seed, "throughline simulator", name, 32)));
    this.#derived.set(name, key);
    return key;
  }
}

/** Who a request comes from, as far as seals are bound to it: a hash of the credential, never the credential itself. */
export function accountOf(credential: string | undefined): string {
  return credential === undefined
    ? "anonymous"
    : createHash("sha256").update(credential).digest("hex").slice(0, 16);
}
