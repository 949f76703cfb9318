/** A tool as the model is told of it: a JSON-schema function, or a custom tool that takes raw text (Responses API, 2025-08). */
export type ToolDefinition =
  | { type: "function"; name: string; description: string; parameters: object; strict?: boolean }
  | { type: "custom"; name: string; description: string; format?: object };
