import { describe, expect, it } from "vitest";
import { codexConfig, type CodexProvider } from "./codex-config.ts";
import { withCodexProvider } from "./codex-install.ts";

const url = "http://127.0.0.1:8790/v1";
const forOpenai: CodexProvider = {
  url,
  upstream: "https://api.openai.com/v1",
  credential: { kind: "login" },
};
/** The gateway as a provider of its own: Codex's own one sends no token. */
const provider: CodexProvider = { ...forOpenai, tokenVariable: "THROUGHLINE_GATEWAY_TOKEN" };
const edit = (text: string): string => withCodexProvider(text, provider, "config.toml").text;

describe("the provider that Codex's sessions were made with", () => {
  it("keeps its name: the address of Codex's own changes, in its place, and nothing else", () => {
    const install = (text: string): string => withCodexProvider(text, forOpenai, "config.toml").text;
    expect(install("")).toBe(`openai_base_url = "${url}"\n`);
    const text =
      'model = "m" # mine\nmodel_provider = "openai" # for now\n\n[a]\nopenai_base_url = "not this"\n';
    const once = install(text);
    expect(once).toBe(text.replace("now\n", `now\nopenai_base_url = "${url}"\n`));
    expect(install(once)).toBe(once);
    expect(install('"openai_base_url" = "http://old" # why\n')).toBe(`openai_base_url = "${url}" # why\n`);
    expect(withCodexProvider(once, forOpenai, "config.toml").replaced).toBeUndefined();
  });

  it("keeps its name where Codex's own is at another address, in front of which the gateway stands", () => {
    const text = 'openai_base_url = "https://proxy.example/v1"\n';
    const inFront: CodexProvider = {
      ...forOpenai,
      upstream: "https://proxy.example/v1",
      credential: { kind: "variable", name: "OPENAI_API_KEY" },
    };
    expect(withCodexProvider(text, inFront, "config.toml")).toMatchObject({
      place: "openai",
      text: `openai_base_url = "${url}"\n`,
    });
    expect(withCodexProvider(text, forOpenai, "config.toml").replaced).toBe("https://proxy.example/v1");
  });

  it("keeps its name where the gateway stands in front of a chosen one", () => {
    const text = `model_provider = "work"
[model_providers."other"]
base_url = "https://work.example/v1"
[model_providers."work"]
name = "Work"
base_url = "https://work.example/v1/" # ours
env_key = "WORK_KEY"
`;
    const inFront: CodexProvider = {
      ...forOpenai,
      upstream: "https://work.example/v1",
      credential: { kind: "variable", name: "OPENAI_API_KEY" },
    };
    const { text: once, place } = withCodexProvider(text, inFront, "config.toml");
    expect(place).toBe("chosen");
    expect(once).toBe(text.replace("https://work.example/v1/", url));
    expect(withCodexProvider(once, inFront, "config.toml").hunks).toEqual([]);
  });

  it("is named when it gives way to the gateway, which stands in front of another", () => {
    const text = 'model_provider = "work"\n[model_providers.work]\nbase_url = "https://work.example/v1"\n';
    expect(withCodexProvider(text, forOpenai, "config.toml")).toMatchObject({
      place: "gateway",
      replaced: "https://work.example/v1",
    });
  });

  it("is left alone, with the line to write, where its table is written in another way", () => {
    const text =
      'model_provider = "work"\nmodel_providers = { work = { base_url = "https://work.example/v1" } }\n';
    expect(() => withCodexProvider(text, { ...forOpenai, upstream: "https://work.example/v1" }, "c")).toThrow(
      `[model_providers.work]\nbase_url = "${url}"`,
    );
  });
});

describe("the gateway as a provider of its own", () => {
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
env_http_headers = { "x-throughline-token" = "THROUGHLINE_GATEWAY_TOKEN" }
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

  it("is changed before everything else where a text of several lines looks like keys and tables", () => {
    const text =
      'developer_instructions = """\nmodel_provider = "no"\n[not a table]\nretries = 3\n"""\n\n[a]\nb = 1\n';
    const install = withCodexProvider(text, forOpenai, "config.toml");
    expect(install.text).toBe(`openai_base_url = "${url}"\n\n${text}`);
    expect(edit(text)).toMatch(/^model_provider = "throughline"\n\ndeveloper_instructions/u);
  });

  it("is left alone where it can't be read, or not be changed without touching something else", () => {
    expect(() => edit("model = \n")).toThrow(/config\.toml:1:\d+: .*nothing was written/u);
    expect(() => edit('model_providers = { throughline = { name = "x" } }\n')).toThrow(
      /nothing was written/u,
    );
    expect(() => edit('a = """\n[model_providers.throughline]\n"""\n')).toThrow(/yourself/u);
  });
});
