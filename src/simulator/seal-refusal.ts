import type { JsonObject } from "../lib/json.ts";
import { invalidRequest, refuse, type Refusal } from "./refusal.ts";

/**
 * The wordings in which providers and relays were seen to refuse a sealed blob that they can't open (2025-12 to 2026-11), by the name that a
 * scenario chooses them with.
 */
export const sealRefusalNames = [
  "coded",
  "coded-reason",
  "item",
  "event",
  "failed",
  "uncoded",
  "zero-code",
  "invalid-request-body",
  "thinking-signature",
  "xai",
  "caller-bound",
  "mixed-issuers",
  "content-type",
  "token-expired",
  "wrapped",
  "wrapped-raw",
] as const;

/** The name of such a wording (`seal.refusal` of a scenario). */
export type SealRefusalName = (typeof sealRefusalNames)[number];

/** What the wordings say of the blob that doesn't open. */
interface SealWords {
  /** Without a reason. */
  readonly short: string;
  readonly long: string;
  /** With the item's id where it was sent with one: clients that detach ids get the blob, elided. */
  readonly named: string;
  /** What the refusal is about, for the record of requests. */
  readonly about: string;
}

/** The refusal of one sealed item. A compaction item is named by its id where the wording names items. */
export function refuseSeal(name: SealRefusalName, item: JsonObject): Refusal {
  const blob = String(item["encrypted_content"]);
  const elided = blob.length > 8 ? `${blob.slice(0, 4)}...${blob.slice(-4)}` : blob;
  const short = `The encrypted content ${elided} could not be verified.`;
  const reason = "Reason: Encrypted content could not be decrypted or parsed.";
  const long = `${short} ${reason}`;
  const { id } = item;
  const named =
    typeof id === "string" ? `The encrypted content for item ${id} could not be verified. ${reason}` : long;
  return refusals[name]({ short, long, named, about: `sealed content refused (${name})` });
}

const coded = (message: string, about: string): Refusal =>
  invalidRequest(message, { code: "invalid_encrypted_content", about });

const refusals: Readonly<Record<SealRefusalName, (words: SealWords) => Refusal>> = {
  coded: ({ short, about }) => coded(short, about),
  "coded-reason": ({ long, about }) => coded(long, about),
  item: ({ named, about }) => coded(named, about),
  event: ({ long, about }) => ({ ...coded(long, about), as: "event" }),
  failed: ({ long, about }) => ({ ...coded(long, about), as: "failed" }),
  uncoded: ({ long, about }) =>
    refuse(400, { message: long, type: "invalid_request_error", param: null }, { about }),
  // A relay's envelope, seen 2026-09: a number for a code and a trace id after the text.
  "zero-code": ({ long, about }) =>
    refuse(
      400,
      {
        code: 0,
        message: `${long} trace_id: 4bf92f3577b34da6a3ce929d0e0e4736`,
        type: "invalid_request_error",
      },
      { about },
    ),
  "invalid-request-body": ({ long, about }) => invalidRequest(long, { code: "invalid_request_body", about }),
  "thinking-signature": ({ long, about }) =>
    invalidRequest(long, { code: "thinking_signature_invalid", about }),
  xai: ({ about }) => ({
    kind: "refusal",
    status: 400,
    about,
    body: {
      code: "Client specified an invalid argument",
      error:
        "Could not decrypt the provided encrypted_content. Ensure the value is the unmodified encrypted_content from a previous response.",
    },
  }),
  "caller-bound": ({ about }) =>
    invalidRequest(
      "Upstream request failed: [invalid_request_error] reasoning `encrypted_content` was not issued to this caller",
      { about },
    ),
  "mixed-issuers": ({ about }) =>
    invalidRequest("Conflicting authenticated continuation identities.", {
      param: "input",
      code: "invalid_value",
      about,
    }),
  "content-type": ({ about }) => ({
    kind: "refusal",
    status: 400,
    about,
    body: { detail: "Unsupported content type" },
  }),
  "token-expired": ({ about }) =>
    refuse(
      401,
      {
        message: "Provided authentication token is expired. Please try signing in again.",
        type: "invalid_request_error",
        param: null,
        code: "token_expired",
      },
      { about },
    ),
  wrapped: ({ long, about }) =>
    refuse(
      502,
      { message: JSON.stringify(coded(long, about).body), type: "upstream_error", code: 502 },
      { about },
    ),
  "wrapped-raw": ({ long, about }) =>
    refuse(
      502,
      {
        message: "Provider returned error",
        code: 502,
        metadata: { raw: JSON.stringify(coded(long, about).body), provider_name: "OpenAI" },
      },
      { about },
    ),
};
