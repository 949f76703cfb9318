import { z } from "zod";
import { demoEvent, execEvent, gatewayEvent } from "./events.ts";
import { error, outputs } from "./outputs.ts";
import { jsonVersion } from "./print.ts";

/** The part of JSON Schema that the shapes use. */
interface Shape {
  $ref?: string;
  title?: string;
  description?: string;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, Shape>;
  required?: string[];
  items?: Shape;
  anyOf?: Shape[];
  oneOf?: Shape[];
  $defs?: Record<string, Shape>;
  additionalProperties?: unknown;
}

/** Every kind of output: its name and its schema. */
const kinds: readonly (readonly [string, z.ZodType])[] = [
  ...[...new Set<z.ZodType>(Object.values(outputs))].map((schema) => {
    const names = Object.entries(outputs).filter(([, other]) => other === schema);
    return [names.map(([name]) => `throughline ${name}`).join(", "), schema] as const;
  }),
  ["throughline exec, throughline resume", execEvent],
  ["throughline gateway", gatewayEvent],
  ["throughline demo", demoEvent],
  ["An error", error],
];

/** `docs/json.schema.json`: all outputs as JSON Schema, which allows for members that later versions add. */
export function jsonSchemas(): object {
  const defs: Record<string, Shape> = {};
  const schemas = kinds.map(([name, schema]) => {
    const { $defs = {}, ...shape } = shapeOf(schema);
    Object.assign(defs, $defs);
    return [name.replaceAll("throughline ", ""), shape] as const;
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `What Throughline prints with --json, version ${jsonVersion}`,
    $defs: { ...defs, ...Object.fromEntries(schemas) },
  };
}

/** `docs/json.md`, made from the schemas that tests check real output against. */
export function jsonDocument(): string {
  const defs: Record<string, Shape> = {};
  const sections = kinds.map(([name, schema]) => {
    const shape = shapeOf(schema);
    Object.assign(defs, shape.$defs);
    return section(name, shape);
  });
  const parts = [
    "# JSON output",
    "",
    "Made by `npm run docs` from `src/surface/json`; change it there. [json.schema.json](json.schema.json) is the same as JSON Schema.",
    "",
    `With \`--json\` a command prints one object on one line of stdout, with \`"schema": ${jsonVersion}\` in it; \`exec\`, \`resume\`, \`gateway\` and \`demo\` print one event a line,`,
    "and the version stands in `thread.started`, `gateway.listening`, `gateway.config` and `demo.ended`; `resume` without a session prints the object of `sessions`, and an error. Within a version members and events may be added; one that is renamed, removed or comes to mean something else",
    "makes a new version. What is meant for people stays on stderr. Members are called as in the log, times are milliseconds since 1970; the events of `exec` are",
    "called as those of `codex exec --json`, and their times are ISO 8601. The exit status is the same as without `--json`.",
    ...sections.flat(),
    "",
    "# Shapes",
    ...Object.entries(defs)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .flatMap(([name, shape]) => ["", `## ${name}`, "", `${sentence(shape.title)}`, ...variants(shape)]),
  ];
  return `${parts.join("\n")}\n`;
}

function shapeOf(schema: z.ZodType): Shape {
  const made = z.toJSONSchema(schema, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties;
    },
  }) as Shape & { $schema?: string };
  delete made.$schema;
  return made;
}

function section(name: string, shape: Shape): string[] {
  const type = shape.properties?.["type"]?.const;
  return ["", `## ${name}`, ...(type === undefined ? [] : ["", `\`${String(type)}\`:`]), ...variants(shape)];
}

/** The shape as one table, or, for a union, one for each of its variants. */
function variants(shape: Shape): string[] {
  const several = shape.oneOf ?? shape.anyOf;
  if (!several) return table(shape);
  return several.flatMap((variant) => {
    const type = variant.properties?.["type"]?.const;
    const title = type === undefined ? sentence(variant.title).slice(0, -1) : `\`${String(type)}\``;
    return ["", `${title}:`, ...table(variant)];
  });
}

function table(shape: Shape): string[] {
  const rows = rowsOf(shape, "").filter(
    ([member, type]) => member !== "schema" && !/^type.*`$/u.test(member + type),
  );
  return [
    "",
    "| member | type | |",
    "|---|---|---|",
    ...rows.map(([member, type, words]) => `| \`${member}\` | ${type} | ${words.replaceAll("|", "\\|")} |`),
  ];
}

/** The rows of a table: member, type, meaning. Nested members are included unless they are a shape with a table of its own. */
function rowsOf({ properties = {}, required = [] }: Shape, before: string): [string, string, string][] {
  return Object.entries(properties).flatMap(([name, shape]) => {
    const member = `${before}${name}${required.includes(name) ? "" : "?"}`;
    const { inner, suffix } = element(shape);
    const parts = (inner.anyOf ?? inner.oneOf ?? [inner]).filter(({ properties: own }) => own);
    return [
      [member, typeOf(shape), shape.description ?? ""],
      ...parts.flatMap((part) => rowsOf(part, `${member}${suffix}.`)),
    ];
  });
}

function element(shape: Shape): { inner: Shape; suffix: string } {
  return shape.type === "array" && shape.items
    ? { inner: shape.items, suffix: "[]" }
    : { inner: shape, suffix: "" };
}

function typeOf(shape: Shape): string {
  if (shape.$ref) {
    const name = shape.$ref.replace("#/$defs/", "");
    return `[${name}](#${name})`;
  }
  if (shape.const !== undefined) return `\`${JSON.stringify(shape.const)}\``;
  if (shape.enum) return shape.enum.map((value) => `\`${JSON.stringify(value)}\``).join(", ");
  if (shape.type === "array") return `${typeOf(shape.items ?? {})}[]`;
  const several = shape.anyOf ?? shape.oneOf;
  if (several) return [...new Set(several.map(typeOf))].join(" or ");
  return shape.type ?? "any";
}

function sentence(text = ""): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
