import { createHash } from "node:crypto";

/** What a signature is sealed over. */
export const digestOf = (thinking: string): string => createHash("sha256").update(thinking).digest("hex");

/** The API's signatures are standard base64 and have nothing to say to a client; a seal's own form would tell its age. */
export function signatureOf(seal: string): string {
  return Buffer.concat([Buffer.of(0x12), Buffer.from(seal, "base64url")]).toString("base64");
}

/** The seal in a signature, or `undefined` for what was never one. */
export function sealOf(signature: string): string | undefined {
  const bytes = Buffer.from(signature, "base64");
  if (bytes[0] !== 0x12 || bytes.toString("base64") !== signature) return undefined;
  const seal = bytes.subarray(1).toString("base64url");
  return seal.padEnd(Math.ceil(seal.length / 4) * 4, "=");
}
