import { parse, TomlError } from "smol-toml";
import { z } from "zod";
import { Failure } from "../failure.ts";
import { readText } from "../lib/open-file.ts";
import { takeBackWords } from "../lib/owner.ts";
import { hasCode, systemWords } from "../lib/system.ts";
import { lineOf } from "../lib/toml-line.ts";
import { quoted } from "../lib/words.ts";

/** Whether a URL has neither user nor password. True for what is no URL, which has an error of its own. */
export const hasNoLogin = (text: string): boolean => {
  const url = URL.parse(text);
  return !url || (url.username === "" && url.password === "");
};

const inHomeOnly = z.undefined({ error: "is a setting of the home's config.toml alone" }).optional();

/** The members of a workspace's own file. Strict: a misspelt name is an error and never ignored. */
export const workspaceSchema = z.strictObject({
  provider: z.string().optional(),
  model: z.string().optional(),
  effort: z.string().optional(),
  approval: z.enum(["ask", "all", "none"]).optional(),
  /** Seconds without a byte from the provider after which the stream counts as dead. */
  stream_idle_timeout: z.number().positive().optional(),
  /** Tokens from which on the context is summarised. */
  compact_at: z.int().positive().optional(),
  /** Variables that tools see although they look like secrets. */
  pass_env: z.array(z.string()).optional(),
  providers: z
    .record(
      z.string(),
      z.strictObject({
        kind: z.enum(["responses", "chat", "anthropic"]),
        base_url: z.url({ protocol: /^https?$/u }).refine(hasNoLogin, {
          error:
            "a user and a password don't go into a URL; the key stands in the variable that env_key names",
        }),
        env_key: z.string().optional(),
        contract: z.string().optional(),
        /** Whether the provider is to keep the responses (OpenAI's `store`). */
        store: z.boolean().optional(),
      }),
    )
    .optional(),
  gateway: inHomeOnly,
  workspaces: inHomeOnly,
});

/** The members of the home's file: those of a workspace's, and some that only make sense for all workspaces. */
export const fileSchema = workspaceSchema.extend({
  /** Defaults for the options of `throughline gateway`. */
  gateway: z
    .strictObject({
      listen: z.string().optional(),
      upstreams: z.array(z.string()).optional(),
      allow_hosts: z.array(z.string()).optional(),
      allow_origins: z.array(z.string()).optional(),
      wait_for_limits: z.boolean().optional(),
      /** The environment variable that holds the token. */
      token_env: z.string().optional(),
    })
    .optional(),
  /** Folders whose own `.throughline/config.toml` is read. */
  workspaces: z.record(z.string(), z.strictObject({ trusted: z.boolean() })).optional(),
});
/** What a file of settings says: the home's, or a workspace's. */
export type ConfigFile = z.infer<typeof fileSchema>;

const configurationPage = "What can stand there: docs/configuration.md";

/** Reads a file of settings, empty where there is none. Throws `configuration` with the file, the line and what is allowed there. */
export function readConfigFile(path: string, schema: z.ZodType<ConfigFile>): ConfigFile {
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return {};
    throw new Failure(
      "configuration",
      `${path} can't be read: ${systemWords(error)}. ${takeBackWords(error, path) ?? `Mend that, or move it away: ls -l ${quoted(path)}`}`,
      { path },
      { cause: error },
    );
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const why = error.message.split("\n")[0];
    throw new Failure(
      "configuration",
      `${path}:${error.line}:${error.column}: ${why}. ${configurationPage}`,
      { path },
      { cause: error },
    );
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const { issues } = checked.error;
  // Where one that is needed is misspelt, the misspelling says more than that it is missing.
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys : [];
  const at = issue?.path.join(".");
  const why =
    unknown.length > 0
      ? `there is no setting ${unknown.map((key) => `"${key}"`).join(", ")}; known: ${settingsAt(schema, issue!.path).join(", ")}`
      : (issue?.message ?? "is not as it should be").replace(
          /^Invalid input: (expected .*), received undefined$/u,
          "missing; $1",
        );
  const line = lineOf(text, [...(issue?.path ?? []), ...unknown.slice(0, 1)]);
  throw new Failure("configuration", `${path}:${line}: ${at ? `${at}: ` : ""}${why}. ${configurationPage}`, {
    path,
  });
}

/** The settings that can stand in the table at the path. */
function settingsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: z.ZodType | undefined = schema;
  for (const part of path) {
    if (at instanceof z.ZodRecord) at = within(at.valueType as z.ZodType);
    else at = at instanceof z.ZodObject ? within(at.shape[String(part)] as z.ZodType) : undefined;
  }
  if (!(at instanceof z.ZodObject)) return [];
  return Object.entries(at.shape).flatMap(([name, of]) =>
    within(of as z.ZodType) instanceof z.ZodUndefined ? [] : [name],
  );
}

const within = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
