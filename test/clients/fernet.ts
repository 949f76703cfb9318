import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/**
 * Fernet tokens by their specification (github.com/fernet/spec): 0x80, the time in big-endian seconds, an IV, AES-128-CBC, and an
 * HMAC-SHA256 over all of that, in padded base64url.
 */
export class FernetKey {
  readonly #signing = randomBytes(16);
  readonly #encryption = randomBytes(16);

  seal(text: string, atSeconds = Math.floor(Date.now() / 1_000)): string {
    const head = Buffer.alloc(9);
    head[0] = 0x80;
    head.writeBigUInt64BE(BigInt(atSeconds), 1);
    const iv = randomBytes(16);
    const cipher = createCipheriv("aes-128-cbc", this.#encryption, iv);
    const signed = Buffer.concat([head, iv, cipher.update(text, "utf8"), cipher.final()]);
    const token = Buffer.concat([signed, this.#mac(signed)]).toString("base64");
    return token.replaceAll("+", "-").replaceAll("/", "_");
  }

  /** The text, or nothing when this key did not seal the token or a byte of it was changed. */
  open(token: string): string | undefined {
    if (!/^[\w-]+={0,2}$/u.test(token) || token.length % 4 !== 0) return undefined;
    const bytes = Buffer.from(token, "base64url");
    if (bytes.length < 73 || bytes[0] !== 0x80) return undefined;
    const signed = bytes.subarray(0, -32);
    if (!timingSafeEqual(bytes.subarray(-32), this.#mac(signed))) return undefined;
    const decipher = createDecipheriv("aes-128-cbc", this.#encryption, signed.subarray(9, 25));
    return Buffer.concat([decipher.update(signed.subarray(25)), decipher.final()]).toString("utf8");
  }

  #mac(bytes: Uint8Array): Buffer {
    return createHmac("sha256", this.#signing).update(bytes).digest();
  }
}
