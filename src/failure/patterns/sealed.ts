import type { FailureSignal } from "../../failure.ts";
import type { SealRefusal } from "../catalogue.ts";
import { type Pattern, words } from "../pattern.ts";
import { openai } from "./bodies.ts";

// "The encrypted content gAAA...c90= could not be verified." quotes the head, which all blobs share, and the tail.
const refusal =
  /^the encrypted content(?: for item (?<item>[a-z]+_\w+))?(?: (?<blob>[\w+/=.…-]+))? could not be (?:verified|decrypted)/iu;

/** What a refusal names. A blob's tail counts only where the error elided its middle. */
function sealRefusal(signal: FailureSignal): SealRefusal {
  const found = refusal.exec(words(signal));
  const data: SealRefusal = {};
  const item = found?.groups?.["item"] ?? itemIn(signal);
  if (item) data.item = item;
  const tail =
    /(?:\.{2,}|…)([\w+/=-]{2,})$/u.exec(found?.groups?.["blob"] ?? "")?.[1] ??
    /\bgAAAA[\w+/=-]{100,}/u.exec(signal.message)?.[0].slice(-16);
  if (tail) data.tail = tail;
  const place = /\binput\[(\d+)\]/u;
  const index = (place.exec(signal.param ?? "") ?? place.exec(words(signal).slice(0, 80)))?.[1];
  if (index !== undefined) data.index = Number(index);
  return data;
}

/** Relays give the id a member of its own, or the parameter's. */
function itemIn({ param, details }: FailureSignal): string | undefined {
  const told = [param, details?.["item_id"], details?.["item"]];
  return told.find((name) => typeof name === "string" && /^(?:rs|cmp|amsg|fco?)_\w+$/u.test(name)) as
    | string
    | undefined;
}

const openaiText = "The encrypted content gAAA...c90= could not be verified.";

/** Refusals of sealed reasoning and of sealed compactions, by every backend that was seen to refuse them (2025–2026). */
export const sealed: readonly Pattern[] = [
  {
    class: "sealed-compaction-rejected",
    rows: [4],
    text: /^the encrypted content for item cmp_\w+ could not be (?:verified|decrypted)/iu,
    data: sealRefusal,
    samples: [
      {
        source: "Codex: a compaction sealed by another account",
        status: 400,
        body: openai(
          "The encrypted content for item cmp_0a1b2c could not be verified. Reason: Encrypted content could not be decrypted or parsed.",
          "invalid_encrypted_content",
        ),
        data: { item: "cmp_0a1b2c" },
      },
    ],
  },
  {
    class: "sealed-reasoning-rejected",
    rows: [13],
    statuses: [400, 422],
    param: /\bencrypted_content$/u,
    data: sealRefusal,
    samples: [
      {
        source: "a refusal that names the member and nothing else that is known",
        status: 400,
        body: openai(
          "The value was produced by a different organization.",
          "invalid_value",
          "input[4].encrypted_content",
        ),
        data: { index: 4 },
      },
    ],
  },
  {
    class: "sealed-reasoning-rejected",
    rows: [1, 2, 3, 5],
    codes: ["invalid_encrypted_content"],
    data: sealRefusal,
    samples: [
      {
        source: "OpenAI, Azure Responses",
        status: 400,
        body: openai(openaiText, "invalid_encrypted_content"),
        data: { tail: "c90=" },
      },
      {
        source: "OpenAI, Azure Responses 2026",
        status: 400,
        body: openai(
          `${openaiText} Reason: Encrypted content could not be decrypted or parsed.`,
          "invalid_encrypted_content",
        ),
        data: { tail: "c90=" },
      },
      {
        source: "ChatGPT backend",
        status: 400,
        body: openai(
          "The encrypted content for item rs_68af could not be verified. Reason: Encrypted content could not be decrypted or parsed.",
          "invalid_encrypted_content",
        ),
        data: { item: "rs_68af" },
      },
      {
        source: "Responses, SSE frame",
        event: "error",
        body: {
          type: "error",
          error: { type: "invalid_request_error", code: "invalid_encrypted_content", message: openaiText },
          status: 400,
        },
        data: { tail: "c90=" },
      },
      {
        source: "Responses, response.failed",
        event: "response.failed",
        body: {
          type: "response.failed",
          response: {
            id: "resp_1",
            status: "failed",
            error: { code: "invalid_encrypted_content", message: openaiText },
          },
        },
        data: { tail: "c90=" },
      },
      {
        source: "a gateway that wraps the 400 in a 502",
        status: 502,
        body: {
          error: {
            message: JSON.stringify(openai(openaiText, "invalid_encrypted_content")),
            code: 502,
            type: "upstream_error",
          },
        },
        data: { tail: "c90=" },
      },
      {
        source: "OpenRouter: error.metadata.raw",
        status: 502,
        body: {
          error: {
            message: "Provider returned error",
            code: 502,
            metadata: {
              provider_name: "OpenAI",
              raw: JSON.stringify(openai(openaiText, "invalid_encrypted_content")),
            },
          },
        },
        data: { tail: "c90=" },
      },
    ],
  },
  {
    class: "sealed-reasoning-rejected",
    rows: [6],
    text: refusal,
    data: sealRefusal,
    samples: [
      {
        source: "GitHub Copilot, no code",
        status: 400,
        body: { error: { message: openaiText } },
        data: { tail: "c90=" },
      },
      {
        source: "GitHub Copilot",
        status: 400,
        body: { error: { message: openaiText, code: "invalid_request_body" } },
        data: { tail: "c90=" },
      },
      {
        source: "plain text body",
        status: 400,
        body: `Bad Request: ${openaiText}\n`,
        data: { tail: "c90=" },
      },
    ],
  },
  {
    class: "sealed-reasoning-rejected",
    rows: [7],
    codes: ["thinking_signature_invalid"],
    data: sealRefusal,
    samples: [
      {
        source: "GitHub Copilot",
        status: 400,
        body: { error: { message: "Thinking signature is invalid.", code: "thinking_signature_invalid" } },
        data: {},
      },
    ],
  },
  {
    class: "sealed-reasoning-rejected",
    rows: [8],
    text: /^(?:could not decrypt the provided encrypted_content\b|could not decode the compaction blob\b|encrypted content is not supported\.?$)/iu,
    data: sealRefusal,
    samples: [
      {
        source: "xAI",
        status: 400,
        body: {
          code: "Client specified an invalid argument",
          error:
            "Could not decrypt the provided encrypted_content. Ensure the value is the unmodified encrypted_content from a previous response.",
        },
        data: {},
      },
    ],
  },
  {
    class: "sealed-reasoning-rejected",
    rows: [9],
    text: /^reasoning `?encrypted_content`? was not issued to this caller/iu,
    data: sealRefusal,
    samples: [
      {
        source: "OpenCode gateway",
        status: 400,
        body: {
          error: {
            message: "Upstream request failed: reasoning `encrypted_content` was not issued to this caller",
          },
        },
        data: {},
      },
    ],
  },
  {
    class: "sealed-reasoning-rejected",
    rows: [10],
    text: /^conflicting authenticated continuation identities/iu,
    data: sealRefusal,
    samples: [
      {
        source: "Azure Foundry",
        status: 400,
        body: {
          error: {
            message: "Conflicting authenticated continuation identities.",
            param: "input",
            code: "invalid_value",
          },
        },
        data: {},
      },
    ],
  },
  {
    class: "sealed-reasoning-rejected",
    rows: [11],
    statuses: [400],
    sealedSent: true,
    text: /^unsupported content type\.?$/iu,
    data: sealRefusal,
    samples: [
      {
        source: "ChatGPT Codex, with sealed items in the request",
        status: 400,
        body: { detail: "Unsupported content type" },
        data: {},
      },
    ],
  },
  {
    class: "sealed-reasoning-rejected",
    rows: [13],
    text: /^\[?input\[\d+\]\.encrypted_content\]?/iu,
    data: sealRefusal,
    samples: [
      {
        source: "Responses",
        status: 400,
        body: openai(
          "[input[6].encrypted_content] [invalid_type] Invalid type for 'input[6].encrypted_content': expected a string, but got an object instead.",
        ),
        data: { index: 6 },
      },
    ],
  },
];
