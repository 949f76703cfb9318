import type { ServerResponse } from "node:http";

/** An answer of the gateway's own. `code` is a failure's class where there is one. */
export interface OwnAnswer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

/** Answers in the shape of the API's errors, so that clients show the message. Does nothing when an answer has begun. */
export function answerError(response: ServerResponse, { status, code, message, headers }: OwnAnswer): void {
  if (response.headersSent || response.destroyed) return;
  const body = JSON.stringify({ error: { message, type: "throughline_gateway", param: null, code } });
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    [failureHeader]: code,
    ...headers,
  });
  response.end(body);
}

/** Names the class of the failure on answers that carry one. */
export const failureHeader = "x-throughline-failure";

/**
 * The `response.failed` event that ends a stream which was cut after output: what was delivered counts, nothing is repeated, and the
 * client is told that the answer is not whole. `sequence` is its `sequence_number`, `response` the id of the response that was cut, where
 * it is known.
 */
export function failedEvent(
  sequence: number,
  response: string | undefined,
  error: { readonly code: string; readonly message: string },
): string {
  const data = {
    type: "response.failed",
    sequence_number: sequence,
    response: {
      id: response ?? null,
      object: "response",
      status: "failed",
      error,
      incomplete_details: null,
    },
  };
  return `event: response.failed\ndata: ${JSON.stringify(data)}\n\n`;
}
