import { invalidRequest, type Refusal } from "./refusal.ts";

// What OpenAI's APIs say of a body that isn't as it has to be (as of 2026-11). `param`: the member's path, "input[2].call_id".

export function notJson(): Refusal {
  return invalidRequest(
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
  );
}

export function missing(param: string): Refusal {
  return invalidRequest(`Missing required parameter: '${param}'.`, {
    param,
    code: "missing_required_parameter",
  });
}

export function wrongType(param: string, expected: string, got: unknown): Refusal {
  return invalidRequest(`Invalid type for '${param}': expected ${expected}, but got ${named(got)} instead.`, {
    param,
    code: "invalid_type",
  });
}

export function unknownValue(param: string, value: unknown, known: readonly string[]): Refusal {
  const names = known.map((name) => `'${name}'`).join(", ");
  return invalidRequest(`Invalid value: '${String(value)}'. Supported values are: ${names}.`, {
    param,
    code: "invalid_value",
  });
}

export function emptyString(param: string): Refusal {
  return invalidRequest(
    `Invalid '${param}': empty string. Expected a string with minimum length 1, but got an empty string instead.`,
    { param, code: "empty_string" },
  );
}

export function emptyArray(param: string): Refusal {
  return invalidRequest(
    `Invalid '${param}': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
    { param, code: "empty_array" },
  );
}

export function longString(param: string, most: number, length: number): Refusal {
  return invalidRequest(
    `Invalid '${param}': string too long. Expected a string with maximum length ${most}, but got a string with length ${length} instead.`,
    { param, code: "string_above_max_length" },
  );
}

/** How the API names a JSON value in its errors. */
export function named(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  switch (typeof value) {
    case "object":
      return "an object";
    case "number":
      return Number.isInteger(value) ? "an integer" : "a decimal";
    case "boolean":
      return "a boolean";
    default:
      return `a ${typeof value}`;
  }
}
