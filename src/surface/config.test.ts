import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, vi } from "vitest";
import { isFailureOf } from "../failure.ts";
import { isRoot } from "../../test/kit/as-user.ts";
import { schemaWords, wordsMissing } from "../../test/kit/schema-words.ts";
import { homeFolder, keyIn, makeProvider, readConfig, undecidedWords } from "./config.ts";
import { fileSchema } from "./config-file.ts";

it.each(["OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"])(
  "%s that is no URL is a mistake of the configuration",
  (variable) => {
    const read = (value: string) => () => readConfig({ home: "/nowhere" }, { [variable]: value }, "/");
    expect(read("https://example.com/v1")).not.toThrow();
    for (const wrong of ["api.example.com", "ftp://example.com", "http://", "http://user:secret@example.com"])
      expect(read(wrong)).toThrow(expect.toSatisfy((error) => isFailureOf(error, "configuration")));
  },
);

it("a variable that is set to nothing counts as one that isn't set", () => {
  const empty = {
    THROUGHLINE_HOME: "",
    THROUGHLINE_MODEL: "",
    THROUGHLINE_APPROVAL: "",
    OPENAI_BASE_URL: "",
  };
  expect(readConfig({ home: "/nowhere" }, empty, "/")).toEqual(readConfig({ home: "/nowhere" }, {}, "/"));
  expect(homeFolder({}, empty)).toBe(homeFolder({}, {}));
  expect(() => homeFolder({ home: "" }, {})).toThrow(
    expect.toSatisfy((error) => isFailureOf(error, "usage")),
  );
});

it("an empty HOME doesn't put sessions into the folder that one is in", () => {
  vi.stubEnv("HOME", "");
  try {
    expect(() => homeFolder({}, {})).toThrow(
      expect.toSatisfy((error) => isFailureOf(error, "configuration")),
    );
    expect(homeFolder({}, { THROUGHLINE_HOME: "/nowhere" })).toBe("/nowhere");
  } finally {
    vi.unstubAllEnvs();
  }
});

it.skipIf(!isRoot)("nor does none at all, for a user whom the system has no entry of", () => {
  vi.stubEnv("HOME", undefined);
  process.seteuid!(54_321);
  try {
    expect(() => homeFolder({}, {})).toThrow(
      expect.toSatisfy((error) => isFailureOf(error, "configuration")),
    );
  } finally {
    process.seteuid!(0);
    vi.unstubAllEnvs();
  }
});

it("a workspace's own file of which nobody has said whether it is trusted is named, and not read", () => {
  const root = mkdtempSync(join(tmpdir(), "config-"));
  const [home, folder] = [join(root, "home"), join(root, "work")];
  const path = join(folder, ".throughline", "config.toml");
  for (const made of [home, dirname(path)]) mkdirSync(made, { recursive: true });
  writeFileSync(path, 'model = "its-own"\n');
  const says = (trusted: string) => {
    writeFileSync(join(home, "config.toml"), trusted);
    const { model, undecided } = readConfig({ home }, {}, folder);
    return [model, undecided];
  };
  const entry = `[workspaces.${JSON.stringify(folder)}]\ntrusted = `;
  expect(says("")).toEqual(["gpt-5.5", path]);
  expect(says(`${entry}true\n`)).toEqual(["its-own", undefined]);
  expect(says(`${entry}false\n`)).toEqual(["gpt-5.5", undefined]);
  const own = join(folder, ".throughline");
  expect(readConfig({ home: own }, {}, folder).undecided, "the home's own file").toBeUndefined();
  expect(undecidedWords(readConfig({ home }, {}, folder), folder)).toContain(entry.split("\n")[0]);
  rmSync(root, { recursive: true });
});

it("what holds for every workspace is refused in the file of one, where nobody would read it", () => {
  const root = mkdtempSync(join(tmpdir(), "config-"));
  const [home, folder] = [join(root, "home"), join(root, "work")];
  const path = join(folder, ".throughline", "config.toml");
  for (const made of [home, dirname(path)]) mkdirSync(made, { recursive: true });
  const trusts = `[workspaces.${JSON.stringify(folder)}]\ntrusted = true\n`;
  writeFileSync(join(home, "config.toml"), trusts);
  for (const text of ['[gateway]\nlisten = "8790"\n', trusts]) {
    writeFileSync(path, text);
    expect(() => readConfig({ home }, {}, folder), text).toThrow(
      /config\.toml:1: (?:gateway|workspaces): is a setting of the home's config\.toml alone\./u,
    );
    expect(readConfig({ home: dirname(path) }, {}, folder), "the home's own file").toMatchObject({});
  }
  // Where /home is a link, HOME goes through it and the folder one is in doesn't.
  symlinkSync(folder, join(root, "link"));
  const linked = readConfig({ home: join(root, "link", ".throughline") }, {}, folder);
  expect(linked.undecided, "the home's own file, by a link").toBeUndefined();
  rmSync(root, { recursive: true });
});

it("a misspelt setting is told with its line and with those that can stand there", () => {
  const home = mkdtempSync(join(tmpdir(), "config-"));
  const read = (toml: string) => () => {
    writeFileSync(join(home, "config.toml"), toml);
    return readConfig({ home }, {}, "/");
  };
  expect(read('effort = "low"\nmodle = "x"\n')).toThrow(
    /config\.toml:2: there is no setting "modle"; known: provider, model, .*gateway, workspaces\. /u,
  );
  expect(read('[providers.work]\nkind = "chat"\nbase_url = "http://a.example/v1"\nkey_env = "K"\n')).toThrow(
    /config\.toml:4: providers\.work: there is no setting "key_env"; known: kind, base_url, env_key, contract, store\. /u,
  );
  expect(read('[providers.work]\nkind = "chat"\nbaseurl = "http://a.example/v1"\n')).toThrow(
    /config\.toml:3: providers\.work: there is no setting "baseurl"; known: kind, base_url, /u,
  );
  expect(read('\n[providers.work]\nkind = "chat"\n')).toThrow(
    /config\.toml:2: providers\.work\.base_url: missing; expected string\. /u,
  );
  expect(read('approval = "maybe"\n')).toThrow(/config\.toml:1: approval: /u);
  rmSync(home, { recursive: true });
});

it("a wrong approval is told of where it was given", () => {
  const read = (approval: string | undefined, variable: string) => () =>
    readConfig(
      { home: "/nowhere", ...(approval !== undefined && { approval }) },
      { THROUGHLINE_APPROVAL: variable },
      "/",
    );
  expect(read("maybe", "all")).toThrow(/--approval takes/u);
  expect(read(undefined, "maybe")).toThrow(/THROUGHLINE_APPROVAL takes/u);
});

it("a provider is reached over HTTP and nothing else", () => {
  const home = mkdtempSync(join(tmpdir(), "config-"));
  const read = (url: string) => () => {
    writeFileSync(join(home, "config.toml"), `[providers.a]\nkind = "chat"\nbase_url = "${url}"\n`);
    return readConfig({ home }, {}, "/");
  };
  expect(read("http://127.0.0.1:8080/v1")).not.toThrow();
  expect(read("https://example.com/v1")).not.toThrow();
  for (const wrong of ["nope", "", "ftp://example.com/v1", "https://user:secret@example.com/v1"])
    expect(read(wrong)).toThrow(expect.toSatisfy((error) => isFailureOf(error, "configuration")));
  rmSync(home, { recursive: true });
});

it("docs/configuration.md and docs/gateway.md have every key and value, and what they show is taken", () => {
  const home = mkdtempSync(join(tmpdir(), "config-"));
  const pages = ["configuration", "gateway"].map((name) =>
    readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), "utf8"),
  );
  expect(wordsMissing(schemaWords(fileSchema), pages.join("\n"))).toEqual([]);
  for (const page of pages) {
    const [, toml = ""] = /^```toml\n([^]*?)^```/mu.exec(page) ?? [];
    writeFileSync(join(home, "config.toml"), toml);
    expect(readConfig({ home }, {}, "/").gateway.listen).toBe("127.0.0.1:8790");
  }
  rmSync(home, { recursive: true });
});

it("the environment's base URL comes before the file's, as docs/configuration.md orders them", () => {
  const home = mkdtempSync(join(tmpdir(), "config-"));
  const table = (name: string) =>
    `[providers.${name}]\nkind = "responses"\nbase_url = "http://file.example/v1"\n`;
  writeFileSync(join(home, "config.toml"), table("openai") + table("work"));
  const urls = (environment: Record<string, string>) => {
    const { openai, work } = readConfig({ home }, environment, "/").providers;
    return [openai?.baseUrl, work?.baseUrl];
  };
  expect(urls({})).toEqual(["http://file.example/v1", "http://file.example/v1"]);
  expect(urls({ OPENAI_BASE_URL: "http://environment.example/v1" })).toEqual([
    "http://environment.example/v1",
    "http://file.example/v1",
  ]);
  rmSync(home, { recursive: true });
});

it("a key comes without the line end of its file, and one that no header takes is told before anything is sent", () => {
  expect(keyIn({ KEY: " sk-1\r\n" }, "KEY")).toBe("sk-1");
  for (const none of [undefined, "", "\n"]) expect(keyIn({ KEY: none }, "KEY")).toBeUndefined();
  for (const wrong of ["sk-1\nsk-2", "sk\u20131", "“sk-1”"])
    expect(() => keyIn({ KEY: wrong }, "KEY")).toThrow(
      expect.toSatisfy((error) => isFailureOf(error, "configuration") && !error.message.includes("sk")),
    );
});

it("a provider is not found under a name that every object has", async () => {
  const config = readConfig({ home: "/nowhere" }, {}, "/");
  for (const name of ["constructor", "__proto__", "toString"])
    await expect(makeProvider(config, name, {})).rejects.toThrow(
      new RegExp(
        String.raw`There is no provider "${name}"\. Known: .*\. Choose one of them with --provider, or `,
        "u",
      ),
    );
});
