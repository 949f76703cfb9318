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
  "src/surface/program/main.ts",
];

interface Use {
  by: string;
  /** `*` for all of them. */
  name: string;
  /** Of what is only described (`import type *`) or imported as a whole while it runs: the words of which some name what is used. */
  words?: ReadonlySet<string>;
}

const uses = new Map<string, Use[]>();
const exported: { path: string; name: string; line: number; isType: boolean; isUsedHere: boolean }[] = [];

for (const folder of ["src", "assembly", "test", "bench", "examples", "scripts"]) {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    if (entry.isFile() && /\.tsx?$/u.test(entry.name)) read(join(entry.parentPath, entry.name));
}

const unused = exported.filter(({ path, name, isType, isUsedHere }) => {
  if (entries.includes(path) || isTest(path)) return false;
  const found = (uses.get(path) ?? []).filter(
    (use) => use.name === name || (use.name === "*" && use.words?.has(name) !== false),
  );
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
  const { module, comments } = parseSync(path, text);
  const code = withoutComments(text, comments);
  const words = new Set(code.match(/[\w$]+/gu));
  const use = (specifier: string, name: string, isPart = false): void => {
    if (!specifier.startsWith(".")) return;
    const target = relative(root, resolve(dirname(path), specifier))
      .split(sep)
      .join("/");
    uses.set(target, [...(uses.get(target) ?? []), { by, name, ...(isPart && { words }) }]);
  };
  for (const { moduleRequest, entries: names } of module.staticImports)
    for (const { importName, isType } of names) use(moduleRequest.value, importName.name ?? "*", isType);
  for (const { moduleRequest } of module.dynamicImports)
    use(text.slice(moduleRequest.start + 1, moduleRequest.end - 1), "*", true);
  for (const { entries: names } of module.staticExports) {
    for (const { moduleRequest, importName, exportName, start, isType } of names) {
      if (moduleRequest) use(moduleRequest.value, importName.name ?? "*");
      const { name } = exportName;
      if (!by.startsWith("src/") || name === null) continue;
      const line = text.slice(0, start).split("\n").length;
      const isUsedHere = [...code.matchAll(new RegExp(`\\b${name}\\b`, "gu"))].length > 1;
      exported.push({ path: by, name, line, isType, isUsedHere });
    }
  }
}

function withoutComments(text: string, comments: readonly { start: number; end: number }[]): string {
  let [code, from] = ["", 0];
  for (const { start, end } of comments) {
    code += text.slice(from, start);
    from = end;
  }
  return code + text.slice(from);
}
