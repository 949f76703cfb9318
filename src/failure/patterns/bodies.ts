// The bodies of recorded refusals, as most backends shape them.

/** OpenAI's, and that of many who speak its wires. */
export const openai = (message: string, code: string | null = null, param: string | null = null): object => ({
  error: { message, type: "invalid_request_error", param, code },
});

/** Anthropic's. */
export const anthropic = (message: string, type = "invalid_request_error"): object => ({
  type: "error",
  error: { type, message },
});

/** The data of the event that ends a response which failed. */
export const failed = (code: string, message: string): object => ({
  type: "response.failed",
  response: { status: "failed", error: { code, message } },
});
