/**
 * Kinds of items that lines without an envelope hold (up to about 0.33). Other programs, and people, write lines of their own into
 * rollouts, with a type and no payload: Codex ignores them, and they are no items of the thread.
 */
export const bareKinds: ReadonlySet<string> = new Set([
  "message",
  "reasoning",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
  "local_shell_call",
  "local_shell_call_output",
  "web_search_call",
]);
