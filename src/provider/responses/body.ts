import type { ModelRequest } from "../../provider.ts";
import { joined, type StreamedBody } from "../wire/body.ts";
import { withoutParameters } from "../wire/without.ts";

/**
 * The body of `POST /responses` (OpenAI Responses API, 2025-08 to 2026-11): everything small first, then `input` with the stored bytes.
 * `reasoning` is sent only when an effort is set, because models that don't reason refuse it.
 */
export function requestBody(request: ModelRequest): StreamedBody {
  const members = withoutParameters(
    {
      model: request.model,
      ...(request.instructions === "" ? {} : { instructions: request.instructions }),
      ...(request.tools.length === 0
        ? {}
        : { tools: request.tools, tool_choice: "auto", parallel_tool_calls: true }),
      ...(request.effort === undefined ? {} : { reasoning: { effort: request.effort, summary: "auto" } }),
      ...(request.sealed ? { include: ["reasoning.encrypted_content"] } : {}),
      store: request.stored !== undefined,
      ...(request.stored?.previous !== undefined && { previous_response_id: request.stored.previous }),
      stream: true,
      prompt_cache_key: request.cacheKey,
    },
    request.without,
  );
  const encoder = new TextEncoder();
  const head = encoder.encode(`${JSON.stringify(members).slice(0, -1)},"input":[`);
  const tail = encoder.encode("]}");
  return {
    bytes: head.length + request.input.bytes + tail.length,
    async *chunks() {
      yield* joined([head], request.input.chunks(), [tail]);
    },
  };
}
