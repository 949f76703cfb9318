// Writes the pages of docs/ that are made from code.
import { mkdirSync, writeFileSync } from "node:fs";
import { catalogueDocument } from "../src/failure/document.ts";

const folder = new URL("../docs/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("failures.md", folder), catalogueDocument());
console.log("docs/failures.md");
