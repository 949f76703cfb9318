import type { Failure } from "../../failure.ts";
import { isPacked } from "../body/plain-body.ts";

/** The name under which an endpoint that doesn't read compressed bodies is remembered, among the parameters that it doesn't take. */
export const encodingParameter = "content-encoding";

/** How an endpoint refuses a compressed body that it can't read: as broken JSON, or as JSON without a model. */
const statuses: ReadonlySet<number> = new Set([400, 415, 422]);
const classes: ReadonlySet<string> = new Set([
  "request-malformed",
  "unknown-provider-failure",
  "model-missing",
]);

/**
 * Whether a refusal may be about a body that is compressed. Codex compresses its requests with zstd (0.144 on), also for endpoints that
 * don't take that (reports against mlflow, agentgateway, codex2api and others, 2026).
 */
export function mayBeUnread({ class: failureClass, signal }: Failure, encoding: string | undefined): boolean {
  return isPacked(encoding) && statuses.has(signal?.status ?? 0) && classes.has(failureClass);
}
