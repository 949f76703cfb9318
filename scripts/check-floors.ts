// Run by `npm run lint`: prints every import in src that breaks the floors, and exits 1 when there is one.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";
import { findViolations, type Import, type SourceFile } from "./floors.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const files = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
  .map((entry) => readSource(join(entry.parentPath, entry.name)));
const violations = findViolations(files);
for (const { path, line, message } of violations) process.stderr.write(`${path}:${line}: ${message}\n`);
process.stdout.write(`floors: ${files.length} files, ${violations.length} violations\n`);
process.exitCode = violations.length === 0 ? 0 : 1;

function readSource(path: string): SourceFile {
  const text = readFileSync(path, "utf8");
  const { module } = parseSync(path, text);
  const at = (offset: number): number => text.slice(0, offset).split("\n").length;
  const imports: Import[] = [];
  for (const { moduleRequest, entries, start } of module.staticImports) {
    const typeOnly = entries.length > 0 && entries.every((entry) => entry.isType);
    imports.push({ specifier: moduleRequest.value, typeOnly, line: at(start) });
  }
  for (const { entries, start } of module.staticExports) {
    for (const { moduleRequest, isType } of entries) {
      if (moduleRequest !== null)
        imports.push({ specifier: moduleRequest.value, typeOnly: isType, line: at(start) });
    }
  }
  for (const { moduleRequest } of module.dynamicImports) {
    const literal = /^(["'`])(.*)\1$/s.exec(text.slice(moduleRequest.start, moduleRequest.end));
    if (literal?.[2] !== undefined) {
      imports.push({ specifier: literal[2], typeOnly: false, line: at(moduleRequest.start) });
    }
  }
  return { path: relative(root, path).split(sep).join("/"), imports };
}
