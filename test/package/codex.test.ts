// `throughline/codex` as somebody else's program has it: from the packed package, in another folder.
import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RepairChanges } from "../../src/foreign/codex.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "throughline-package-"));
const installed = join(folder, "node_modules", "throughline");
const codexHome = join(folder, "codex");
afterAll(() => rmSync(folder, { recursive: true }));

/** The package as npm would install it; what it depends on is linked, so that no registry is asked. */
beforeAll(async () => {
  const packing = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const { stdout } = await run("npm", packing, { cwd: root, maxBuffer: 2 ** 26 });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  mkdirSync(installed, { recursive: true });
  await run("tar", ["-xzf", join(folder, filename), "-C", installed, "--strip-components=1"]);
  const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of [...Object.keys(dependencies), "@types/node"]) {
    const at = join(folder, "node_modules", name);
    mkdirSync(dirname(at), { recursive: true });
    symlinkSync(join(root, "node_modules", name), at);
  }
  const rollouts = join(root, "src/foreign/codex/fixtures/0.130.0/sessions");
  cpSync(rollouts, join(codexHome, "sessions"), { recursive: true });
  const [damaged] = readdirSync(join(codexHome, "sessions", "2026", "11", "20"));
  const path = join(codexHome, "sessions", "2026", "11", "20", damaged!);
  writeFileSync(path, readFileSync(path).subarray(0, -20));
}, 120_000);

const program = `
  import { contractNamed, folderStore, type SessionStore } from "throughline";
  import { diagnose, exportThread, type Finding, importThread, listThreads, previewRepair, type RepairPlan, repairRollout, threadAt, undoRepair } from "throughline/codex";

  export async function tend(codexHome: string, home: string) {
    const { threads } = await listThreads(codexHome);
    const findings: Finding[] = [];
    for await (const each of diagnose(threads.map(({ path }) => path))) findings.push(...each.findings);
    const plans: RepairPlan[] = [];
    for (const { path } of threads) plans.push(await previewRepair(path, { home }));
    const needed = plans.find((plan) => plan.isNeeded);
    const done = needed && (await repairRollout(needed.path, { home }));
    const undone = needed && (await undoRepair(needed.path, { home }));
    return { threads, findings, plan: needed, states: [done?.journal.state, undone?.journal.state], backup: done?.folder.original };
  }

  export async function takeAll(store: SessionStore, codexHome: string, path: string) {
    const thread = await threadAt(path);
    if (!thread) throw new Error("no rollout");
    const settings = () => ({ provider: "p", model: "m", instructionsHash: "", approval: "ask" as const });
    const taken = await importThread({ store, settings }, thread);
    return { taken, contract: contractNamed("openai"), written: await exportThread(store, taken.id, { codexHome }) };
  }

  export const storeOf = (home: string) => folderStore(home, { version: "1" });
`;

it("its types check under nodenext, declarations and all, in a module and in a script that requires it", async () => {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(folder, "tend.ts"), program);
  writeFileSync(
    join(folder, "required.cts"),
    'import codex = require("throughline/codex");\nexport const kinds = Object.keys(codex.catalogue);\n',
  );
  const compilerOptions = {
    module: "nodenext",
    target: "es2023",
    strict: true,
    declaration: true,
    outDir: "out",
    types: ["node"],
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["tend.ts", "required.cts"] }),
  );
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const { stdout } = await run(process.execPath, [compiler, "-p", folder]).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe("");
});

it("it runs there, required too, and takes a session from one home to another", async () => {
  const script = `
    import { createRequire } from "node:module";
    const { tend, takeAll, storeOf } = await import("./out/tend.js");
    const required = createRequire(import.meta.url)("throughline/codex");
    const [codexHome, home] = process.argv.slice(1);
    const { threads, findings, plan, states, backup } = await tend(codexHome, home);
    const store = storeOf(home);
    const { taken, written } = await takeAll(store, codexHome, threads[0].path);
    await store.close();
    const listed = (await required.listThreads(codexHome)).threads.length - threads.length;
    const kinds = [...new Set(findings.filter(required.needsRepair).map(({ kind }) => kind))];
    console.log(JSON.stringify({ kinds, changes: plan.changes, states, backup, did: taken.did, listed, bytes: written.bytes > 0 }));`;
  const args = ["--input-type=module", "--eval", script, codexHome, join(folder, "own")];
  const { stdout } = await run(process.execPath, args, { cwd: folder });
  const { changes, ...told } = JSON.parse(stdout) as { changes: RepairChanges };
  expect(Object.values(changes.kinds).map(({ count }) => count)).toEqual([changes.count]);
  expect(told).toEqual({
    kinds: expect.arrayContaining(["torn-tail"]),
    states: ["done", "undone"],
    backup: expect.stringContaining(join(folder, "own", "repairs")),
    did: "made",
    listed: 1,
    bytes: true,
  });
});

it("its findings are those that doctor prints", async () => {
  const env = { ...process.env, CODEX_HOME: codexHome, THROUGHLINE_HOME: join(folder, "own") };
  const bin = join(installed, "bin", "throughline.mjs");
  const doctor = await run(process.execPath, [bin, "doctor", "--json"], { env, cwd: folder }).catch(
    (error: { stdout: string }) => error,
  );
  const { rollouts } = JSON.parse(doctor.stdout) as {
    rollouts: { path: string; findings: { mends?: string }[] }[];
  };
  const script = `
    import { diagnose } from "throughline/codex";
    const found = [];
    for await (const { thread, sealed, error, ...rest } of diagnose(process.argv.slice(1)))
      found.push({ ...rest, session: thread, sealed: sealed.map(({ tail, malformed, ...each }) => each) });
    console.log(JSON.stringify(found));`;
  const args = ["--input-type=module", "--eval", script, ...rollouts.map(({ path }) => path)];
  const { stdout } = await run(process.execPath, args, { cwd: folder });
  const told = rollouts.map((each) => ({
    ...each,
    findings: each.findings.map(({ mends, ...finding }) => ({
      ...finding,
      ...(mends !== undefined && { mends: mends.startsWith("throughline repair ") ? "repair" : mends }),
    })),
  }));
  expect(told.flatMap(({ findings }) => findings).length).toBeGreaterThan(3);
  expect(JSON.parse(stdout)).toEqual(told);
});
