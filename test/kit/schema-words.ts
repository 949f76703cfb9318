import { z } from "zod";

/** What a schema lets a person write: every key, and every value that it names. Without duplicates. */
export function schemaWords(schema: z.ZodType): string[] {
  const words = new Set<string>();
  const collect = (part: unknown): void => {
    if (typeof part !== "object" || part === null) return;
    const { properties, enum: values = [], const: value } = part as z.core.JSONSchema.BaseSchema;
    for (const word of [...Object.keys(properties ?? {}), ...values, value])
      if (typeof word === "string") words.add(word);
    for (const inner of Object.values(part)) collect(inner);
  };
  collect(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
  return [...words];
}

/** Those words that a page nowhere has as code. */
export function wordsMissing(words: readonly string[], page: string): string[] {
  const code = [...page.matchAll(/^```[^]*?^```|`[^`\n]+`/gmu)].join("\n");
  return words.filter((word) => !new RegExp(`(?<![\\w-])${word}(?![\\w-])`, "u").test(code));
}
