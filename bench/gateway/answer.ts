/** Tells the mock upstream how long there is between two events of an answer, in milliseconds. */
export interface Pace {
  paceMs: number;
}

const count = 200;

const event = (type: string, sequence: number, data: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, ...data })}\n\n`;

/** The events of every answer, as text: a message that comes in small pieces, in the shapes of the Responses API. */
export const events: readonly string[] = Array.from({ length: count }, (_, index) => {
  const response = { id: "resp_bench", object: "response", model: "gpt-5.5", output: [] };
  const part = { item_id: "msg_bench", output_index: 0, content_index: 0 };
  const item = { id: "msg_bench", type: "message", role: "assistant", content: [] };
  if (index === 0)
    return event("response.created", index, { response: { ...response, status: "in_progress" } });
  if (index === 1)
    return event("response.in_progress", index, { response: { ...response, status: "in_progress" } });
  if (index === 2) return event("response.output_item.added", index, { output_index: 0, item });
  if (index === count - 2) return event("response.output_item.done", index, { output_index: 0, item });
  if (index === count - 1) {
    const usage = { input_tokens: 16_000, output_tokens: 400, total_tokens: 16_400 };
    return event("response.completed", index, { response: { ...response, status: "completed", usage } });
  }
  return event("response.output_text.delta", index, {
    ...part,
    delta: ` word${index}`,
    obfuscation: "8Kx2mQ",
  });
});

/** Bytes of an answer's events. */
export const answerBytes = Buffer.byteLength(events.join(""));
