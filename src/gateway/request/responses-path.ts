/** How the path ends of a request for a response, for a compaction, or for the count of input tokens; a query may follow. */
export const responsesPath = /\/responses(?:\/(?:compact|input_tokens))?\/?(?=\?|$)/u;
