import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isFailureOf } from "../failure.ts";
import { readConfig } from "./config.ts";

it.each(["OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"])(
  "%s that is no URL is a mistake of the configuration",
  (variable) => {
    const read = (value: string) => () => readConfig({ home: "/nowhere" }, { [variable]: value }, "/");
    expect(read("https://example.com/v1")).not.toThrow();
    for (const wrong of ["api.example.com", "ftp://example.com", "http://"])
      expect(read(wrong)).toThrow(expect.toSatisfy((error) => isFailureOf(error, "configuration")));
  },
);

it("a provider is reached over HTTP and nothing else", () => {
  const home = mkdtempSync(join(tmpdir(), "config-"));
  const read = (url: string) => () => {
    writeFileSync(join(home, "config.toml"), `[providers.a]\nkind = "chat"\nbase_url = "${url}"\n`);
    return readConfig({ home }, {}, "/");
  };
  expect(read("http://127.0.0.1:8080/v1")).not.toThrow();
  expect(read("https://example.com/v1")).not.toThrow();
  expect(read("ftp://example.com/v1")).toThrow(
    expect.toSatisfy((error) => isFailureOf(error, "configuration")),
  );
  rmSync(home, { recursive: true });
});
