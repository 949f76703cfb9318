import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { append } from "./append.ts";
import { codex } from "./codex.ts";
import { gateway } from "./gateway.ts";
import { list } from "./list.ts";
import { open } from "./open.ts";
import { picker } from "./picker.ts";
import { makeScratch } from "./scratch.ts";
import { staleness } from "./shipped.ts";
import { start } from "./start.ts";
import { step } from "./step.ts";
import { type Bench, type Row, table } from "./table.ts";
import { tool } from "./tool.ts";
import { window } from "./window.ts";

// npm run bench -- [--quick | --full] [--only NAME]: see README.md. Every measure compares within this one run; nothing is asserted.

const benches: Readonly<Record<string, (bench: Bench) => Promise<Row[]>>> = {
  append,
  list,
  picker,
  open,
  step,
  window,
  start,
  tool,
  gateway,
  codex,
};

const { values } = given();
const names = values.only === undefined ? Object.keys(benches) : values.only.split(",");
const unknown = names.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no measure "${unknown.join(", ")}". The measures are: ${Object.keys(benches).join(", ")}.\n`,
  );
  process.exit(2);
}

const stale = staleness();
if (stale) process.stdout.write(`${stale}\n`);
const scratch = makeScratch();
const interrupted = (): void => {
  scratch.remove();
  process.exit(130);
};
process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
const rows: Row[] = [];
try {
  const processors = cpus();
  process.stdout.write(
    `Node ${process.version} on ${process.platform} ${release()}, ${processors.length} × ${processors[0]?.model.trim() || process.arch}; ` +
      `files in ${scratch.path} (${scratch.fileSystem})\n`,
  );
  for (const name of names) {
    const began = performance.now();
    process.stdout.write(`${name} … `);
    rows.push(
      ...(await benches[name]!({
        scratch: scratch.path,
        quick: values.quick === true,
        full: values.full === true,
      })),
    );
    process.stdout.write(`${((performance.now() - began) / 1_000).toFixed(0)} s\n`);
  }
} finally {
  scratch.remove();
}
process.stdout.write(`\n${table(rows)}`);

function given() {
  try {
    return parseArgs({
      options: { quick: { type: "boolean" }, full: { type: "boolean" }, only: { type: "string" } },
    });
  } catch (error) {
    process.stderr.write(
      `${(error as Error).message}\nnpm run bench -- [--quick | --full] [--only NAME,…]\n`,
    );
    process.exit(2);
  }
}
