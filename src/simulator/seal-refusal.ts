import type { JsonObject } from "../lib/json.ts";
import { invalidRequest, refuse, type Refusal } from "./refusal.ts";

/**
 * The wordings in which providers were seen to refuse a sealed blob that they can't open (2025-12 to 2026-11), by the name that a
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

/** The wordings in which providers and relays refuse a sealed blob that doesn't open (`seal.refusal`). */
export type SealRefusalName = (typeof sealRefusalNames)[number];

const reason = "Reason: Encrypted content could not be decrypted or parsed.";

/** The refusal of one sealed item. A compaction item is named by its id where the wording names items. */
export function refuseSeal(name: SealRefusalName, item: JsonObject): Refusal {
  const blob = String(item["encrypted_content"]);
  const id = typeof item["id"] === "string" ? item["id"] : undefined;
  const elided = blob.length > 8 ? `${blob.slice(0, 4)}...${blob.slice(-4)}` : blob;
  const short = `The encrypted content ${elided} could not be verified.`;
  const long = `${short} ${reason}`;
  const code = "invalid_encrypted_content";
  const about = `sealed content refused (${name})`;
  const coded = (message: string): Refusal => invalidRequest(message, { code, about });
  switch (name) {
    case "coded":
      return coded(short);
    case "coded-reason":
      return coded(long);
    case "item":
      // Only an item that was sent with its id can be named by it; clients that detach ids get the elided blob.
      return coded(
        id === undefined ? long : `The encrypted content for item ${id} could not be verified. ${reason}`,
      );
    case "event":
      return { ...coded(long), as: "event" };
    case "failed":
      return { ...coded(long), as: "failed" };
    case "uncoded":
      return refuse(400, { message: long, type: "invalid_request_error", param: null }, { about });
    case "zero-code":
      // A relay's envelope, seen 2026-09: a number for a code and a trace id after the text.
      return refuse(
        400,
        {
          code: 0,
          message: `${long} trace_id: 4bf92f3577b34da6a3ce929d0e0e4736`,
          type: "invalid_request_error",
        },
        { about },
      );
    case "invalid-request-body":
      return invalidRequest(long, { code: "invalid_request_body", about });
    case "thinking-signature":
      return invalidRequest(long, { code: "thinking_signature_invalid", about });
    case "xai":
      return {
        kind: "refusal",
        status: 400,
        about,
        body: {
          code: "Client specified an invalid argument",
          error:
            "Could not decrypt the provided encrypted_content. Ensure the value is the unmodified encrypted_content from a previous response.",
        },
      };
    case "caller-bound":
      return invalidRequest(
        "Upstream request failed: [invalid_request_error] reasoning `encrypted_content` was not issued to this caller",
        {
          about,
        },
      );
    case "mixed-issuers":
      return invalidRequest("Conflicting authenticated continuation identities.", {
        param: "input",
        code: "invalid_value",
        about,
      });
    case "content-type":
      return { kind: "refusal", status: 400, about, body: { detail: "Unsupported content type" } };
    case "token-expired":
      return refuse(
        401,
        {
          message: "Provided authentication token is expired. Please try signing in again.",
          type: "invalid_request_error",
          param: null,
          code: "token_expired",
        },
        { about },
      );
    case "wrapped":
      return refuse(
        502,
        { message: JSON.stringify(coded(long).body), type: "upstream_error", code: 502 },
        { about },
      );
    case "wrapped-raw":
      return refuse(
        502,
        {
          message: "Provider returned error",
          code: 502,
          metadata: { raw: JSON.stringify(coded(long).body), provider_name: "OpenAI" },
        },
        { about },
      );
    default:
      return name satisfies never;
  }
}
