// The table of floors of ARCHITECTURE.md, and the rules that follow from it. Pure: check-floors.ts reads the files.
import { posix } from "node:path";

/** From the ground up. A unit is `src/<name>.ts` and `src/<name>/`; it imports itself and lower floors, never a neighbour. */
export const floors: readonly (readonly string[])[] = [
  ["lib"],
  ["failure"],
  ["session"],
  ["replay"],
  ["recovery"],
  ["store", "provider", "tool"],
  ["foreign", "turn"],
  ["runtime"],
  ["agent", "gateway", "simulator"],
  ["surface"],
  ["index"],
];

/** The floors within a folder that is too large for one room. What lies beside those rooms is "."; where no floor names it, it stands above them all. */
const within: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "src/foreign/codex/": [
    ["home"],
    ["rollout"],
    ["examine"],
    ["findings"],
    ["plan"],
    ["list", "takeover", "repair"],
  ],
  "src/foreign/codex/rollout/": [["bytes"], ["record"], ["payload"], ["file", "thread"]],
  "src/gateway/": [["body", "memory", "codex"], ["request", "answer"], ["healing"]],
  "src/surface/": [["command"], ["json"], ["."], ["export"], ["cli", "tui", "demo"], ["program"]],
};

/** Bans beyond the order of the floors. */
const never: Readonly<Record<string, readonly string[]>> = { turn: ["recovery"] };

/** Units whose result depends on their arguments alone, and the packages they may use. */
const pureUnits: readonly string[] = ["failure", "session", "replay", "recovery"];
const purePackages: readonly string[] = ["zod"];

/** Stores and providers are reached through their contract; only these files pick one. */
const concrete =
  /^src\/(?:store\/(?:folder|memory|catalog)|provider\/(?:responses|chat|anthropic))(?=\/|\.tsx?$)/;
const choosers: readonly string[] = ["src/surface/config.ts", "src/index.ts"];

export interface Import {
  readonly specifier: string;
  /** Erased at run time. */
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface SourceFile {
  /** From the root of the repository, with forward slashes: "src/session/event.ts". */
  readonly path: string;
  readonly imports: readonly Import[];
}

export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Every import that goes up, sideways, into a concrete implementation, or out of a pure unit. Test files are free. */
export function findViolations(files: readonly SourceFile[]): Violation[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const violations: Violation[] = [];
  for (const file of files) {
    if (isTest(file.path)) continue;
    if (floorOf(unitOf(file.path)) === -1) {
      violations.push({
        path: file.path,
        line: 1,
        message: `"${unitOf(file.path)}" has no floor; see scripts/floors.ts`,
      });
      continue;
    }
    for (const found of file.imports) {
      const message = judge(file.path, found, byPath);
      if (message !== undefined) violations.push({ path: file.path, line: found.line, message });
    }
  }
  return violations;
}

function judge(from: string, found: Import, files: ReadonlyMap<string, SourceFile>): string | undefined {
  const isPure = pureUnits.includes(unitOf(from));
  if (!isRelative(found.specifier)) {
    if (isPure && !purePackages.includes(packageOf(found.specifier))) {
      return `${unitOf(from)} is pure and imports no "${found.specifier}": take it as an argument`;
    }
    return undefined;
  }

  const to = resolve(from, found.specifier);
  if (!to.startsWith("src/")) return `"${found.specifier}" is outside src`;
  if (!/\.(?:tsx?|json)$/.test(to)) return `"${found.specifier}" must name the file with its extension, .ts`;
  if (isTest(to)) return `"${found.specifier}" is a test file`;

  const [unit, target] = [unitOf(from), unitOf(to)];
  const disorder = judgeOrder(floors, unit, target) ?? judgeWithin(from, to);
  if (disorder !== undefined) return disorder;
  if (never[unit]?.includes(target) === true) return `${unit} never imports ${target}`;

  const implementation = concrete.exec(to)?.[0];
  if (
    implementation !== undefined &&
    implementation !== concrete.exec(from)?.[0] &&
    !choosers.includes(from)
  ) {
    return `${implementation} is a concrete ${target}: only ${choosers.join(", ")} and tests import it`;
  }

  if (isPure && !found.typeOnly) {
    const impure = findImpurity(to, files, new Set());
    if (impure !== undefined) return `${unit} is pure, but through "${found.specifier}" it reaches ${impure}`;
  }
  return undefined;
}

/** Within folders that have floors of their own. */
function judgeWithin(from: string, to: string): string | undefined {
  for (const [folder, rooms] of Object.entries(within)) {
    if (!from.startsWith(folder) || !to.startsWith(folder)) continue;
    const order = rooms.some((names) => names.includes(".")) ? rooms : [...rooms, ["."]];
    const disorder = judgeOrder(order, roomOf(from, folder), roomOf(to, folder));
    if (disorder !== undefined) return disorder;
  }
  return undefined;
}

/** The folder in `folder` that a file lies in; "." of a file beside those. */
function roomOf(path: string, folder: string): string {
  const [room, ...rest] = path.slice(folder.length).split("/");
  return rest.length > 0 ? room! : ".";
}

function judgeOrder(order: typeof floors, name: string, target: string): string | undefined {
  const [floor, targetFloor] = [floorOf(name, order), floorOf(target, order)];
  const unknown = floor === -1 ? name : targetFloor === -1 ? target : undefined;
  if (unknown !== undefined) return `"${unknown}" has no floor; see scripts/floors.ts`;
  if (targetFloor > floor) return `${name} imports ${target}, which is on a higher floor`;
  if (targetFloor === floor && target !== name)
    return `${name} imports ${target}, its neighbour on the same floor`;
  return undefined;
}

/** A lower floor that isn't held to purity itself (lib) may be used by a pure unit as far as the files used are pure. */
function findImpurity(
  path: string,
  files: ReadonlyMap<string, SourceFile>,
  seen: Set<string>,
): string | undefined {
  if (seen.has(path) || pureUnits.includes(unitOf(path))) return undefined;
  seen.add(path);
  for (const found of files.get(path)?.imports ?? []) {
    if (found.typeOnly) continue;
    if (isRelative(found.specifier)) {
      const further = findImpurity(resolve(path, found.specifier), files, seen);
      if (further !== undefined) return further;
    } else if (!purePackages.includes(packageOf(found.specifier))) {
      return `"${found.specifier}" in ${path}`;
    }
  }
  return undefined;
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith(".");
}

function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path);
}

function resolve(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

function unitOf(path: string): string {
  return path.replace(/^src\//, "").replace(/\/.*$|\.tsx?$/, "");
}

function floorOf(unit: string, order = floors): number {
  return order.findIndex((units) => units.includes(unit));
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
