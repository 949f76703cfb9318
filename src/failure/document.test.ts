import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { failureClasses } from "./catalogue.ts";
import { catalogueDocument } from "./document.ts";

describe("docs/failures.md", () => {
  it("is what the catalogue says today (`npm run docs` writes it)", () => {
    const committed = readFileSync(new URL("../../docs/failures.md", import.meta.url), "utf8");
    expect(committed).toBe(catalogueDocument());
  });

  it("names every class", () => {
    const text = catalogueDocument();
    for (const name of failureClasses) expect(text).toContain(`| \`${name}\` |`);
  });
});
