import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { commands } from "../command/commands.ts";
import { jsonDocument, jsonSchemas } from "./document.ts";
import { outputs } from "./outputs.ts";

const committed = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), "utf8");

describe("docs/json.md", () => {
  it("and docs/json.schema.json are what the schemas say today (`npm run docs` writes them)", () => {
    expect(committed("json.md")).toBe(jsonDocument());
    expect(committed("json.schema.json")).toBe(`${JSON.stringify(jsonSchemas(), null, 2)}\n`);
  });

  it("knows every command of the table, and no other (src/surface/json/outputs.ts)", () => {
    const events = ["exec", "exec resume", "resume", "gateway", "demo"];
    const names = commands
      .filter(({ name, json }) => json !== false && !events.includes(name))
      .map(({ name }) => name);
    expect(Object.keys(outputs).sort()).toEqual(names.sort());
  });

  it("says of every member what it is", () => {
    expect(jsonDocument().match(/^\| `[^|]*\| (?!\[)[^|]*\|\s*\|$/gmu) ?? []).toEqual([]);
  });
});
