// Writes the pages of docs/ that are made from code.
import { mkdirSync, writeFileSync } from "node:fs";
import { catalogueDocument } from "../src/failure/document.ts";
import { findingsDocument } from "../src/foreign/codex/findings/findings-document.ts";
import { jsonDocument, jsonSchemas } from "../src/surface/json/document.ts";

const folder = new URL("../docs/", import.meta.url);
mkdirSync(folder, { recursive: true });
const pages = {
  "failures.md": catalogueDocument(),
  "codex-findings.md": findingsDocument(),
  "json.md": jsonDocument(),
  "json.schema.json": `${JSON.stringify(jsonSchemas(), null, 2)}\n`,
};
for (const [name, text] of Object.entries(pages)) {
  writeFileSync(new URL(name, folder), text);
  console.log(`docs/${name}`);
}
