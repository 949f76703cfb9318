import { z } from "zod";
import { scenarioSchema } from "./scenario.ts";

/** Where the issue is in the document: an unknown key is to be found at its own line. */
export function pathOf(issue: z.core.$ZodIssue): PropertyKey[] {
  return issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0]!] : issue.path;
}

/** What is wrong with a scenario at one place, and what is allowed there. */
export function explain(issue: z.core.$ZodIssue, value: unknown): string {
  const subject = subjectOf(issue.path);
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.map((key) => `"${key}"`).join(", ");
    return `${subject} has no ${keys}; allowed: ${allowedKeys(issue.path, value).join(", ")}`;
  }
  const allowed = allowedValues(issue);
  if (issue.path.length > 0 && valueAt(issue.path, value) === undefined) {
    const wanted = allowed === undefined ? wantedIn(issue.message) : `one of: ${allowed.join(", ")}`;
    return `${subject} is missing; ${wanted}`;
  }
  return allowed === undefined
    ? `${subject}: ${issue.message}`
    : `${subject} is one of: ${allowed.join(", ")}`;
}

/** "expected array" of "Invalid input: expected array, received undefined". */
const wantedIn = (message: string): string =>
  message.replace(/^Invalid input: (expected .*), received undefined$/u, "$1");

/** "turn 1, step 2, say": as a reader counts. */
function subjectOf(path: readonly PropertyKey[]): string {
  const parts: string[] = [];
  for (const part of path) {
    if (typeof part === "number") parts.push(`${parts.pop() ?? ""} ${part + 1}`);
    else parts.push(String(part));
  }
  return parts.length === 0 ? "the scenario" : parts.join(", ");
}

function allowedValues(issue: z.core.$ZodIssue): readonly string[] | undefined {
  if (issue.code === "invalid_value") return issue.values.map(String);
  return issue.code === "invalid_union" && issue.path.at(-1) === "kind"
    ? faultOptions().map(kindOf)
    : undefined;
}

function valueAt(path: readonly PropertyKey[], value: unknown): unknown {
  return path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part], value);
}

function faultOptions(): z.ZodObject[] {
  const faults = unwrap(scenarioSchema.shape.fault);
  const union = faults instanceof z.ZodArray ? unwrap(faults.element as z.ZodType) : undefined;
  return union instanceof z.ZodDiscriminatedUnion ? (union.options as z.ZodObject[]) : [];
}

function kindOf(option: z.ZodObject): string {
  const kind = option.shape["kind"];
  return kind instanceof z.ZodLiteral ? String(kind.value) : "";
}

/** The keys of the object at the path. */
function allowedKeys(path: readonly PropertyKey[], value: unknown): string[] {
  let schema: z.ZodType | undefined = unwrap(scenarioSchema);
  let at: unknown = value;
  for (const part of path) {
    at = (at as Record<PropertyKey, unknown> | undefined)?.[part];
    if (schema instanceof z.ZodArray) schema = unwrap(schema.element as z.ZodType);
    else if (schema instanceof z.ZodObject) schema = unwrap(schema.shape[String(part)] as z.ZodType);
    if (schema instanceof z.ZodDiscriminatedUnion) {
      const kind = (at as { kind?: unknown } | undefined)?.kind;
      schema = faultOptions().find((option) => kindOf(option) === kind);
    }
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}
