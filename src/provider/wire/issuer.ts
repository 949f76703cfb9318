import { createHash } from "node:crypto";

/**
 * Who seals what an endpoint answers: its origin and path, and 12 hex digits of a SHA-256 over the account, or over the key when no
 * account is known. An Azure deployment that stands in the path (`/openai/deployments/<name>`) is part of it, and an `api-version` is
 * not. The same key behind another URL is another issuer: gateways seal for themselves (OpenCode, Azure Foundry, 2026);
 * so is the same URL on another wire, whose seals have another shape: `wire` names it where it isn't the Responses API.
 */
export function issuerOf(baseUrl: string, credential: string | undefined, wire?: string): string {
  const url = new URL(baseUrl);
  const hash = createHash("sha256")
    .update(credential ?? "")
    .digest("hex");
  const place = `${url.origin}${url.pathname.replace(/\/+$/u, "")}#${hash.slice(0, 12)}`;
  return wire === undefined ? place : `${wire} ${place}`;
}
