import { describe, expect, it } from "vitest";
import { toolEnvironment } from "./environment.ts";

/** Which of the variables a tool sees. */
const seen = (environment: Record<string, string>, passed?: string[], keys?: string[]): string[] => {
  const env = toolEnvironment(environment, passed, keys);
  return Object.keys(environment).filter((name) => env[name] === environment[name]);
};

const passes = (name: string, value = "x"): boolean => seen({ [name]: value }).length > 0;

describe("the environment of a tool", () => {
  it.each([
    "OPENAI_API_KEY",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "GITHUB_TOKEN",
    "GITHUBTOKEN",
    "PGPASSWORD",
    "MYSQL_PWD",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "NPM_AUTH",
    "npm_config_authToken",
    "npm_config__auth",
    "SENTRY_DSN",
    "openai_api_key",
    "AUTH_TOKEN_2",
    "SESSION_COOKIE",
    "SSHPASS",
    "LDAP_PW",
    "SLACK_WEBHOOK_URL",
    "AZURE_STORAGE_CONNECTION_STRING",
  ])("leaves out %s", (name) => {
    expect(toolEnvironment({ [name]: "x" })).not.toHaveProperty(name);
  });

  it.each([
    "PATH",
    "HOME",
    "PWD",
    "OLDPWD",
    "SSH_AUTH_SOCK",
    "LANG",
    "KEYBOARD",
    "MONKEY_HOME",
    "GIT_AUTHOR_NAME",
    "TOKENIZERS_PARALLELISM",
    "COMPASS",
    "XPC_SERVICE_NAME",
  ])("passes %s", (name) => {
    expect(passes(name)).toBe(true);
  });

  it("leaves out a URL or a connection string with a password, whatever its name", () => {
    expect(passes("DATABASE_URL", "postgres://me:hunter2@db/x")).toBe(false);
    expect(passes("HTTPS_PROXY", "http://proxy:3128")).toBe(true);
    expect(passes("JAVA_OPTS", "-Dproxy=http://me:hunter2@proxy")).toBe(false);
    expect(passes("JDBC", "jdbc:postgresql://me:hunter2@db/x")).toBe(false);
    expect(passes("ConnectionStrings__Main", "Server=db;Database=x;User=me;Password=hunter2")).toBe(false);
    expect(passes("STORAGE", "AccountName=x;AccountKey=aGk=")).toBe(false);
    expect(passes("LS_COLORS", "rs=0:di=01;34:ln=01;36:*.tar=01;31")).toBe(true);
    expect(passes("PS1", "[\\u@\\h:\\w]$ ")).toBe(true);
  });

  it("passes what the person names", () => {
    expect(seen({ NPM_TOKEN: "x" }, ["NPM_TOKEN"])).toEqual(["NPM_TOKEN"]);
  });

  it("leaves out a variable that holds a key, whatever its name", () => {
    expect(seen({ GATEWAY: "x" }, ["GATEWAY"], ["GATEWAY"])).toEqual([]);
    expect(seen({ GATEWAY: "x" })).toEqual(["GATEWAY"]);
  });

  it("leaves out a variable that holds the same key, also if it is named, and no word that stands in for one", () => {
    const key = "0123-4567-89ab-cdef-0123";
    const environment = { GATEWAY: `${key} `, COPY: key, LINE: `x ${key};`, OTHER: "0123" };
    expect(seen(environment, ["COPY"], ["GATEWAY"])).toEqual(["OTHER"]);
    for (const word of ["x", "lm-studio"]) {
      const local = { GATEWAY: word, PATH: `/bin:/opt/${word}/bin` };
      expect(seen(local, [], ["GATEWAY"])).toEqual(["PATH"]);
    }
    expect(seen({ GATEWAY: "lm-studio", COPY: "lm-studio" }, [], ["GATEWAY"])).toEqual([]);
  });

  it("leaves out headers and queries with a token", () => {
    const environment = {
      HDR: "Authorization: Bearer abcdefgh",
      FEED: "https://h/x?a=1&access_token=abc",
      PLAIN: "https://h/x?page=2",
      WORD: "bearer of news",
    };
    expect(seen(environment)).toEqual(["PLAIN", "WORD"]);
  });

  it("has no pager, no colours, and nothing of the crash tests", () => {
    const env = toolEnvironment({
      PAGER: "less",
      TERM: "xterm",
      THROUGHLINE_CRASH_AT: "tool-spawned",
      FORCE_COLOR: "1",
    });
    expect(env).toMatchObject({ PAGER: "cat", GIT_PAGER: "cat", TERM: "dumb", NO_COLOR: "1" });
    expect(env).not.toHaveProperty("THROUGHLINE_CRASH_AT");
    expect(env).not.toHaveProperty("FORCE_COLOR");
  });
});
