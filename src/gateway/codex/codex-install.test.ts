import { describe, expect, it } from "vitest";
import { codexConfig, type CodexProvider } from "./codex-config.ts";
import { withCodexProvider } from "./codex-install.ts";

const provider: CodexProvider = {
  url: "http://127.0.0.1:8790/v1",
  credential: { kind: "login" },
  needsToken: false,
};
const edit = (text: string): string => withCodexProvider(text, provider, "config.toml").text;

describe("Codex's configuration", () => {
  it("is written where there is none", () => {
    expect(edit("")).toBe(codexConfig(provider));
    expect(edit("\n")).toBe(codexConfig(provider));
  });

  it("keeps every comment, key and blank line, and changes only its own", () => {
    const text = `# mine
model = "gpt-5.5" # the one I like
model_provider = "openai" # for now

[profiles.fast] # quick
model = "o4-mini"

# the others
[model_providers.work]
name = "Work"
base_url = "https://work.example/v1"
`;
    expect(edit(text)).toBe(
      `${text.replace('"openai" # for now', '"throughline" # for now')}
[model_providers.throughline]
name = "Throughline gateway"
base_url = "http://127.0.0.1:8790/v1"
wire_api = "responses"
supports_websockets = false
requires_openai_auth = true
`,
    );
  });

  it("done twice is done once", () => {
    for (const text of ["", 'model = "m"\n', "[a]\nb = 1\n"]) {
      const once = edit(text);
      expect(edit(once)).toBe(once);
      expect(withCodexProvider(once, provider, "config.toml").hunks).toEqual([]);
    }
  });

  it("gives way to another address in its own place", () => {
    const once = `${edit('model = "m"\n')}\n# about the next\n[next]\na = 1\n`;
    const other = withCodexProvider(once, { ...provider, url: "http://127.0.0.1:9999/v1" }, "config.toml");
    expect(other.text).toBe(once.replace("8790", "9999"));
    expect(other.hunks).toHaveLength(1);
  });

  it("puts the choice before the first table, wherever that is", () => {
    expect(edit('[a]\nmodel_provider = "not this"\n')).toMatch(
      /^model_provider = "throughline"\n\n\[a\]\nmodel_provider = "not this"\n/u,
    );
    expect(edit('notify = [\n  "x",\n]\n[a]\nb = 1\n')).toMatch(/^model_provider = "throughline"\n/u);
  });

  it("says when a profile chooses another provider", () => {
    const text = 'profile = "p"\n[profiles.p]\nmodel_provider = "openai"\n';
    expect(withCodexProvider(text, provider, "config.toml").profile).toBe("p");
  });

  it("keeps its line ends, and numbers beyond what a number holds", () => {
    const given = 'model_provider = "openai" # for now\r\na = 9007199254740993\r\n[b]\r\nc = 1';
    const text = edit(given);
    expect(text).toContain(
      'model_provider = "throughline" # for now\r\na = 9007199254740993\r\n[b]\r\nc = 1\r\n',
    );
    expect(text).not.toMatch(/[^\r]\n/u);
  });

  it("knows its own names in any quotes", () => {
    for (const name of [`"model_providers"."throughline"`, "'model_providers'.'throughline'"]) {
      const text = edit(`'model_provider' = "openai"\n[${name}]\nname = "old"\n`);
      expect(text).toBe(codexConfig(provider).replace("\n\n", "\n"));
    }
  });

  it("is left alone where it can't be read, or not be changed without touching something else", () => {
    expect(() => edit("model = \n")).toThrow(/config\.toml:1:\d+: .*nothing was written/u);
    expect(() => edit('model_providers = { throughline = { name = "x" } }\n')).toThrow(
      /nothing was written/u,
    );
    expect(() => edit('a = """\n[model_providers.throughline]\n"""\n')).toThrow(/yourself/u);
  });
});
