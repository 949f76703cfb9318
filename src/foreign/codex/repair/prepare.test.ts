import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { historyIndex } from "../../../../test/kit/codex-databases.ts";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { previewRepair } from "./prepare.ts";
import { repairRollout } from "./repair.ts";

const root = temporaryFolder();

const [source] = codexRollouts("0.169.0");
const { thread } = source!;
const whole = readFileSync(source!.path, "latin1");
const lines = whole.split("\n").slice(0, -1);
const next = Number(/"ordinal":(\d+)/u.exec(lines.at(-1)!)![1]) + 1;
const codex = join(root, "codex");
const sessions = join(codex, "sessions", "2026", "11", "20");
const path = join(sessions, basename(source!.path));
beforeEach(() => {
  rmSync(codex, { recursive: true, force: true });
  mkdirSync(sessions, { recursive: true });
});

interface Index {
  readonly of?: string;
  readonly offset?: number;
  readonly ordinal?: number;
  readonly turn?: number;
}

/** Codex's history index, as far as it has read the file. */
const indexed = ({ of = thread, offset = whole.length, ordinal = next, turn = 0 }: Index): string =>
  historyIndex(codex, { thread: of, offset, ordinal, turns: [turn] });

/** Another session that goes on from the file, at its end. */
function forked(): void {
  const id = "01a1fe21-a4f7-7732-aaac-cfb0c4572f0c";
  const header = JSON.parse(lines[0]!) as { payload: object };
  const history_base = { thread_id: thread, end_ordinal_exclusive: next, end_byte_offset: whole.length };
  const line = JSON.stringify({ ...header, ordinal: next, payload: { ...header.payload, id, history_base } });
  writeFileSync(join(sessions, `rollout-2026-11-23T11-00-00-${id}.jsonl`), `${line}\n`);
}

const second = lines[0]!.length + 1;
const garbage = lines.with(4, "#".repeat(lines[4]!.length)).join("\n");
const control = lines.with(4, lines[4]!.replace('"payload"', '\u0002"payload"')).join("\n");
const torn = `${whole}{"timestamp":"2026-`;
const [fits, astray] = [{}, { offset: 9e9 }];

it.each<[string, string, Index | undefined, "anew" | "stays", ("fork" | "needless")?]>([
  ["that fits a whole file", whole, { turn: second }, "stays", "needless"],
  ["that has read more than there is", whole, astray, "anew"],
  ["with a turn that begins where no line does", whole, { turn: second + 1 }, "anew"],
  ["that waits for a later ordinal than the next one", whole, { ordinal: next + 1 }, "anew"],
  ["that has read what is mended", `${control}\n`, fits, "anew"],
  ["that has read what nothing is left of, or read it when it was whole", `${garbage}\n`, fits, "stays"],
  ["that hasn't come to what is mended", `${control}\n`, { offset: second, ordinal: 1 }, "stays"],
  ["that has read all but the end that is torn", torn, fits, "stays"],
  ["of another session", `${control}\n`, { of: "01a1fe21-a4f7-7732-aaac-cfb0c4572f0d" }, "stays"],
  ["that isn't there", `${control}\n`, undefined, "stays"],
  ["of a file that another one goes on from, which Codex doesn't make again", whole, astray, "stays", "fork"],
])("a repair has Codex make its index anew, or leaves it: one %s", async (_what, text, index, told, how) => {
  writeFileSync(path, text, "latin1");
  if (index) indexed(index);
  if (how === "fork") forked();
  const plan = await previewRepair(path, { home: join(root, "own"), seals: { which: "none" } });
  expect([plan.forgetsIndex, plan.isNeeded]).toEqual([told === "anew", how === undefined]);
  expect(readFileSync(path, "latin1")).toBe(text);
});

it("of a repair that is looked at, or broken off before it is carried out, nothing is left", async () => {
  writeFileSync(path, `${garbage}\n`, "latin1");
  const home = join(root, "looked-at");
  const left = (): string[] => readdirSync(join(home, "repairs"));
  expect((await previewRepair(path, { home })).mended).toEqual({ "unparsable-line": 1 });
  expect(left()).toEqual([]);
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  await expect(repairRollout(path, { home, signal })).rejects.toBe(reason);
  expect(left()).toEqual([]);
  expect(readFileSync(path, "latin1")).toBe(`${garbage}\n`);
});
