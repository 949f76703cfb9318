// What a public signature names can be imported by that name: a program that wraps a function of ours, with declarations of its own, is
// refused by the compiler (TS2742, TS2883) where it can't.
import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { exports } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8")) as {
  exports: Record<string, { types?: string }>;
};
const entries = Object.values(exports).flatMap(({ types }) =>
  types === undefined ? [] : resolve(root, types),
);

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** A file of declarations: what it declares, and where its other names come from. */
interface Declared {
  readonly declarations: ReadonlyMap<string, Node>;
  readonly imported: ReadonlyMap<string, { file: string; name: string }>;
  /** Under their names outside. */
  readonly reexported: ReadonlyMap<string, { file: string; name: string }>;
  /** `export * from`. */
  readonly all: readonly string[];
  readonly own: ReadonlySet<string>;
}

const files = new Map<string, Declared>();

it("every type that a public signature names is exported", () => {
  const open = entries.flatMap((entry) => namesOf(entry).map((name) => found(entry, name)));
  const isPublic = new Set(open.map((place) => place && key(place)));
  const missing = new Set<string>();
  for (const place of open) {
    const declaration = place && read(place.file).declarations.get(place.name);
    for (const name of declaration ? typesIn(declaration) : []) {
      const used = found(place!.file, name);
      // What its own file keeps to itself, the compiler writes out.
      if (used && read(used.file).own.has(used.name) && !isPublic.has(key(used)))
        missing.add(`${key(used)}, for ${place!.name}`);
    }
  }
  expect([...missing]).toEqual([]);
});

const key = ({ file, name }: { file: string; name: string }): string => `${name} of ${relative(root, file)}`;

/** Where what a file knows by this name is declared; `undefined` when that is in another package. */
function found(file: string, name: string): { file: string; name: string } | undefined {
  const { declarations, imported, reexported, all } = read(file);
  if (declarations.has(name)) return { file, name };
  const from = imported.get(name) ?? reexported.get(name);
  if (from) return found(from.file, from.name);
  return all.map((other) => found(other, name)).find((place) => place !== undefined);
}

function namesOf(file: string): string[] {
  const { reexported, own, all } = read(file);
  return [...reexported.keys(), ...own, ...all.flatMap(namesOf)];
}

function read(file: string): Declared {
  const known = files.get(file);
  if (known) return known;
  const { program, module } = parseSync(file, readFileSync(file, "utf8"));
  const declarations = new Map<string, Node>();
  for (const statement of program.body as unknown as Node[]) {
    const declaration = (statement["declaration"] ?? statement) as Node;
    const declared = (declaration["declarations"] as Node[] | undefined) ?? [declaration];
    for (const { id } of declared as { id?: { name?: string } }[])
      if (id?.name !== undefined) declarations.set(id.name, declaration);
  }
  const imported = new Map<string, { file: string; name: string }>();
  for (const { moduleRequest, entries: names } of module.staticImports)
    for (const { importName, localName } of names)
      if (moduleRequest.value.startsWith("."))
        imported.set(localName.value, {
          file: target(file, moduleRequest.value),
          name: importName.name ?? "*",
        });
  const reexported = new Map<string, { file: string; name: string }>();
  const all: string[] = [];
  const own = new Set<string>();
  for (const { entries: names } of module.staticExports)
    for (const { moduleRequest, importName, exportName, localName } of names) {
      if (!moduleRequest) own.add(exportName.name ?? localName.name ?? "");
      else if (exportName.name === null) all.push(target(file, moduleRequest.value));
      else
        reexported.set(exportName.name, {
          file: target(file, moduleRequest.value),
          name: importName.name ?? exportName.name,
        });
    }
  const declared = { declarations, imported, reexported, all, own };
  files.set(file, declared);
  return declared;
}

const target = (from: string, specifier: string): string =>
  resolve(from, "..", specifier.replace(/\.tsx?$/u, ".d.ts"));

/** The names of the types that a declaration is written with. */
function typesIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(typesIn);
  if (typeof node !== "object" || node === null) return [];
  const { typeName, ...rest } = node as { typeName?: { name?: string } };
  return [...(typeName?.name === undefined ? [] : [typeName.name]), ...Object.values(rest).flatMap(typesIn)];
}
