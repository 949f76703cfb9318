// Run by `npm run lint`: prints what src exports and nobody needs, and exits 1 when there is any: a value that no other file imports, and
// anything that only tests import and its own file doesn't use either. A type may be exported with the function that takes it.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";

const root = fileURLToPath(new URL("..", import.meta.url));
/** What is imported from outside: the sub-paths of package.json, and what bin/throughline.mjs starts. */
const entries = [
  "src/index.ts",
  "src/store/conformance.ts",
  "src/provider/conformance.ts",
  "src/gateway.ts",
  "src/foreign/codex.ts",
  "src/simulator/server.ts",
  "src/surface/cli/main.ts",
];

interface Use {
  by: string;
  /** `*` for all of them. */
  name: string;
}

const uses = new Map<string, Use[]>();
const exported: { path: string; name: string; line: number; isType: boolean; isUsedHere: boolean }[] = [];

for (const folder of ["src", "assembly", "test", "bench", "examples", "scripts"]) {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    if (entry.isFile() && /\.tsx?$/u.test(entry.name)) read(join(entry.parentPath, entry.name));
}

const unused = exported.filter(({ path, name, isType, isUsedHere }) => {
  if (entries.includes(path) || isTest(path)) return false;
  const found = (uses.get(path) ?? []).filter((use) => use.name === name || use.name === "*");
  if (found.length === 0) return !(isType && isUsedHere);
  return !isUsedHere && found.every(({ by }) => isTest(by));
});
for (const { path, name, line } of unused)
  process.stderr.write(`${path}:${line}: ${name} is exported and used by nobody else\n`);
process.stdout.write(`exports: ${exported.length} names, ${unused.length} unused\n`);
process.exitCode = unused.length === 0 ? 0 : 1;

function isTest(path: string): boolean {
  return path.startsWith("test/") || /\.test\.tsx?$|\/fixtures\//u.test(path);
}

function read(path: string): void {
  const text = readFileSync(path, "utf8");
  const by = relative(root, path).split(sep).join("/");
  const { module } = parseSync(path, text);
  const use = (specifier: string, name: string): void => {
    if (!specifier.startsWith(".")) return;
    const target = relative(root, resolve(dirname(path), specifier))
      .split(sep)
      .join("/");
    uses.set(target, [...(uses.get(target) ?? []), { by, name }]);
  };
  for (const { moduleRequest, entries: names } of module.staticImports)
    for (const { importName } of names) use(moduleRequest.value, importName.name ?? "*");
  for (const { moduleRequest } of module.dynamicImports)
    use(text.slice(moduleRequest.start + 1, moduleRequest.end - 1), "*");
  for (const { entries: names } of module.staticExports) {
    for (const { moduleRequest, importName, exportName, start, isType } of names) {
      if (moduleRequest) use(moduleRequest.value, importName.name ?? "*");
      const { name } = exportName;
      if (!by.startsWith("src/") || name === null) continue;
      const line = text.slice(0, start).split("\n").length;
      const isUsedHere = [...text.matchAll(new RegExp(`\\b${name}\\b`, "gu"))].length > 1;
      exported.push({ path: by, name, line, isType, isUsedHere });
    }
  }
}
