/** A search for tools that Codex itself does has a call id; one of the provider's has none, and needs no answer. */
export const toolSearch = { call: "tool_search_call", output: "tool_search_output" } as const;

/** As Codex answers a search that was broken off: nothing happens when it is done again. */
export const nothingFound = (call: string): object => ({
  type: toolSearch.output,
  call_id: call,
  status: "completed",
  execution: "client",
  tools: [],
});
