import { z } from "zod";
import { scenarioSchema } from "./scenario.ts";

/** What is wrong with a scenario at one place, and what is allowed there. */
export function explain(issue: z.core.$ZodIssue, value: unknown): string {
  const where = issue.path
    .map((part, at) => (typeof part === "number" ? `[${part + 1}]` : `${at === 0 ? "" : "."}${String(part)}`))
    .join("");
  const subject = where === "" ? "the scenario" : where;
  switch (issue.code) {
    case "unrecognized_keys": {
      const allowed = allowedKeys(issue.path, value);
      return `${subject} has no ${issue.keys.map((key) => `"${key}"`).join(", ")}; allowed: ${allowed.join(", ")}`;
    }
    case "invalid_union": {
      const kinds = faultKinds().join(", ");
      return issue.path.at(-1) === "kind" ? `${subject} is one of: ${kinds}` : `${subject}: ${issue.message}`;
    }
    case "custom":
      return `${subject}: ${issue.message}`;
    case "invalid_value":
      return `${subject} is one of: ${issue.values.map(String).join(", ")}`;
    default:
      return `${subject}: ${issue.message}`;
  }
}

function faultKinds(): string[] {
  return faultOptions().map(kindOf);
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
