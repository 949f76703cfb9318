/** An item of a request's input, as it was sent. */
export type Item = Readonly<Record<string, unknown>>;

/** How an endpoint says no. */
export interface Refusal {
  status: number;
  body: unknown;
  headers?: Readonly<Record<string, string>>;
}

/** In which of the observed ways (failures.md, rows 1-8) a blob that can't be opened is refused. */
export type SealWording =
  | "coded"
  | "coded-reason"
  | "named-item"
  | "uncoded"
  | "plain-text"
  | "xai"
  | "error-event"
  | "failed-event"
  | "wrapped-502"
  | "wrapped-raw-502";

const invalid = (message: string, code: string | null = null, param: string | null = null): Refusal => ({
  status: 400,
  body: { error: { message, type: "invalid_request_error", param, code } },
});

/**
 * What the Responses API requires of a request's input under `store: false`, in the order and the words in which it was seen to object.
 * Nothing for an input that it takes.
 */
export function objection(
  body: Item,
  open: (blob: string) => boolean,
  wording: SealWording,
): Refusal | undefined {
  const { input } = body;
  if (!Array.isArray(input))
    return invalid("Invalid type for 'input': expected an array.", "invalid_type", "input");
  const items = input as Item[];
  return (
    envelope(body) ??
    shapes(items) ??
    identities(items) ??
    sealed(items, open, wording) ??
    pairs(items) ??
    followers(items)
  );
}

function envelope(body: Item): Refusal | undefined {
  if (typeof body["model"] !== "string")
    return invalid("Missing required parameter: 'model'.", "missing_required_parameter", "model");
  const known = [
    "model",
    "instructions",
    "input",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "include",
  ];
  known.push(
    "store",
    "stream",
    "prompt_cache_key",
    "text",
    "service_tier",
    "max_output_tokens",
    "metadata",
    "truncation",
    // Sent by the Codex CLI (0.169), which the API serves.
    "client_metadata",
  );
  for (const key of Object.keys(body)) {
    if (!known.includes(key)) return invalid(`Unknown parameter: '${key}'.`, "unknown_parameter", key);
  }
  if (body["store"] !== false) return invalid("This organization requires store to be false.", null, "store");
  const tools = (body["tools"] ?? []) as Item[];
  // Hosted tools (web_search) have no name.
  const names = tools.flatMap((tool) => (typeof tool["name"] === "string" ? [tool["name"]] : []));
  if (new Set(names).size !== names.length) return invalid("Duplicate tool names.", null, "tools");
  for (const [at, tool] of tools.entries()) {
    if (tool["type"] === "function" && typeof tool["parameters"] !== "object")
      return invalid(
        `Missing required parameter: 'tools[${at}].parameters'.`,
        "missing_required_parameter",
        `tools[${at}].parameters`,
      );
  }
  return undefined;
}

const longest = 10_485_760;

function shapes(items: readonly Item[]): Refusal | undefined {
  for (const [at, item] of items.entries()) {
    const text = JSON.stringify(item);
    if (/\\u0000/u.test(text) || !text.isWellFormed() || /\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])/iu.test(text))
      return invalid("The request body is not valid JSON: no low surrogate in string", null, `input[${at}]`);
    for (const [key, value] of Object.entries(item)) {
      if (typeof value === "string" && value.length > longest)
        return invalid(
          `Invalid 'input[${at}].${key}': string too long. Expected a string with maximum length ${longest}, but got a string with length ${value.length} instead.`,
          "string_above_max_length",
          `input[${at}].${key}`,
        );
    }
    const type = item["type"] ?? "message";
    const content = item["content"];
    const unknown = type === "message" ? unknownValue(item) : undefined;
    if (unknown) return invalid(unknown.message, "invalid_value", `input[${at}]${unknown.of}`);
    if (type === "message" && Array.isArray(content)) {
      for (const part of content as Item[]) {
        if (part["text"] === "")
          return invalid("text content blocks must be non-empty", null, `input[${at}].content`);
        if (typeof part["text"] === "string" && part["text"].length > longest)
          return invalid(
            `Invalid 'input[${at}].content[0].text': string too long.`,
            "string_above_max_length",
            `input[${at}].content[0].text`,
          );
      }
    }
    if (type === "item_reference")
      return invalid(`Item with id '${String(item["id"])}' not found.`, null, "input");
  }
  return undefined;
}

/** A message's role or kind of part that the API doesn't know there. */
function unknownValue({ role, content }: Item): { message: string; of: string } | undefined {
  if (!["assistant", "system", "developer", "user"].includes(String(role)))
    return {
      message: `Invalid value: '${String(role)}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.`,
      of: ".role",
    };
  const known =
    role === "assistant"
      ? ["output_text", "refusal"]
      : ["input_text", "input_image", "input_file", "scoped_content", "encrypted_content"];
  const kinds = Array.isArray(content) ? (content as Item[]).map((part) => String(part["type"])) : [];
  const nth = kinds.findIndex((kind) => !known.includes(kind));
  const values = known.map((kind) => `'${kind}'`);
  const message = `Invalid value: '${kinds[nth]}'. Supported values are: ${values.slice(0, -1).join(", ")} and ${values.at(-1)}.`;
  return nth < 0 ? undefined : { message, of: `.content[${nth}]` };
}

const prefixes: Readonly<Record<string, string>> = {
  reasoning: "rs",
  message: "msg",
  function_call: "fc",
  custom_tool_call: "ctc",
  web_search_call: "ws",
};

function identities(items: readonly Item[]): Refusal | undefined {
  const seen = new Set<string>();
  for (const [at, item] of items.entries()) {
    const call = item["call_id"];
    if (typeof call === "string" && call.length > 64)
      return invalid(
        `Invalid 'input[${at}].call_id': string too long. Expected a string with maximum length 64, but got a string with length ${call.length} instead.`,
        "string_above_max_length",
        `input[${at}].call_id`,
      );
    const id = item["id"];
    if (typeof id !== "string") continue;
    const type = String(item["type"] ?? "message");
    const prefix = prefixes[type];
    if (prefix !== undefined && !id.startsWith(`${prefix}_`))
      return invalid(
        `Invalid 'input[${at}].id': '${id}'. Expected an ID that begins with '${prefix}'.`,
        "invalid_value",
        `input[${at}].id`,
      );
    if (id.length > 64)
      return invalid(
        `Invalid 'input[${at}].id': string too long. Expected a string with maximum length 64, but got a string with length ${id.length} instead.`,
        "string_above_max_length",
        `input[${at}].id`,
      );
    if (seen.has(id))
      return invalid(
        `Duplicate item found with id ${id}. Remove duplicate items from your input and try again.`,
        null,
        "input",
      );
    seen.add(id);
    if (type === "reasoning" && typeof item["encrypted_content"] !== "string")
      return {
        status: 404,
        body: {
          error: {
            message: `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
            type: "invalid_request_error",
            param: "input",
            code: null,
          },
        },
      };
  }
  return undefined;
}

function sealed(
  items: readonly Item[],
  open: (blob: string) => boolean,
  wording: SealWording,
): Refusal | undefined {
  for (const [at, item] of items.entries()) {
    const parts = [item["content"], item["output"]].flatMap((list) => (Array.isArray(list) ? list : []));
    // In these words whether a tool's output or a message between agents holds it (openai/codex and gateways, 2026-07 to 11).
    if (
      (parts as Item[]).some(
        (part) => part["type"] === "encrypted_content" && !open(String(part["encrypted_content"])),
      )
    )
      return invalid(
        "Encrypted function output content could not be decrypted or decoded.",
        "invalid_encrypted_content",
      );
    const blob = item["encrypted_content"];
    if (blob === undefined || blob === null) continue;
    if (typeof blob !== "string")
      return invalid(
        `[input[${at}].encrypted_content] [invalid_type] Invalid type for 'input[${at}].encrypted_content': expected a string, but got an object instead.`,
      );
    if (!open(blob)) return sealRefusal(blob, item, wording);
  }
  return undefined;
}

function sealRefusal(blob: string, item: Item, wording: SealWording): Refusal {
  const text = `The encrypted content ${blob.slice(0, 4)}...${blob.slice(-4)} could not be verified.`;
  const coded = invalid(text, "invalid_encrypted_content");
  switch (wording) {
    case "coded":
      return coded;
    case "coded-reason":
      return invalid(
        `${text} Reason: Encrypted content could not be decrypted or parsed.`,
        "invalid_encrypted_content",
      );
    case "named-item":
      return invalid(
        `The encrypted content for item ${String(item["id"] ?? "rs_0000")} could not be verified. Reason: Encrypted content could not be decrypted or parsed.`,
        "invalid_encrypted_content",
      );
    case "uncoded":
      return { status: 400, body: { error: { message: text } } };
    case "plain-text":
      return { status: 400, body: `${text}\n`, headers: { "content-type": "text/plain" } };
    case "xai":
      return {
        status: 400,
        body: {
          code: "Client specified an invalid argument",
          error:
            "Could not decrypt the provided encrypted_content. Ensure the value is the unmodified encrypted_content from a previous response.",
        },
      };
    case "error-event": {
      const error = {
        type: "invalid_request_error",
        code: "invalid_encrypted_content",
        message: text,
        param: null,
      };
      return { status: 200, body: { type: "error", error, status: 400, sequence_number: 2 } };
    }
    case "failed-event": {
      const error = { code: "invalid_encrypted_content", message: text };
      return {
        status: 200,
        body: {
          type: "response.failed",
          response: { id: "resp_0", object: "response", status: "failed", error, output: [] },
        },
      };
    }
    case "wrapped-502":
      return {
        status: 502,
        body: {
          error: {
            message: `Upstream request failed: ${JSON.stringify(coded.body)}`,
            type: "upstream_error",
            code: 502,
          },
        },
      };
    case "wrapped-raw-502": {
      const metadata = { provider_name: "OpenAI", raw: JSON.stringify(coded.body) };
      return { status: 502, body: { error: { message: "Provider returned error", code: 502, metadata } } };
    }
  }
}

function pairs(items: readonly Item[]): Refusal | undefined {
  const ofKind = (kind: string): string[] =>
    items.filter((item) => item["type"] === kind).map((item) => String(item["call_id"]));
  for (const kind of ["function_call", "custom_tool_call"]) {
    const calls = ofKind(kind);
    const outputs = ofKind(`${kind}_output`);
    const noun = kind === "function_call" ? "function call" : "custom tool call";
    for (const call of calls) {
      if (
        outputs.filter((output) => output === call).length !== calls.filter((other) => other === call).length
      )
        return invalid(`No tool output found for ${noun} ${call}.`, null, "input");
    }
    for (const output of outputs) {
      if (!calls.includes(output))
        return invalid(`No tool call found for ${noun} output with call_id ${output}.`, null, "input");
    }
  }
  return undefined;
}

/** Reasoning must be followed by what it led to. */
function followers(items: readonly Item[]): Refusal | undefined {
  for (const [at, item] of items.entries()) {
    if (item["type"] !== "reasoning") continue;
    const next = items[at + 1];
    const made =
      next !== undefined &&
      (next["role"] === "assistant" || /(?:^reasoning|_call)$/u.test(String(next["type"])));
    if (!made)
      return invalid(
        `Item '${String(item["id"] ?? `input[${at}]`)}' of type 'reasoning' was provided without its required following item.`,
        null,
        "input",
      );
  }
  return undefined;
}
