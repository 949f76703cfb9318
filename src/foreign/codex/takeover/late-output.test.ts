// An output that comes after its call was answered, because Codex was still running the call when its session was taken over.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { importPlan } from "../../../../test/kit/import-plan.ts";
import { contractNamed } from "../../../replay/contracts.ts";
import { project } from "../../../replay/project.ts";
import type { LogRecord } from "../../../session/event.ts";
import { advance, createHistory } from "../../../session/history.ts";
import { visibleItems } from "../../../store/visible-items.ts";
import { listRollouts } from "../home/places.ts";
import { threadAt } from "./find.ts";
import { importThread } from "./import.ts";

test("a call that was under way when its session was taken over has its output once Codex has gone on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "throughline-late-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "rollout.jsonl");
  const fixtures = listRollouts(join(import.meta.dirname, "../fixtures/0.130.0"));
  const all = readFileSync(fixtures.find((file) => file.path.includes("01a1fac6-9157"))!.path);
  const plan = importPlan();
  const take = async () => importThread(plan, (await threadAt(path))!);
  writeFileSync(path, all.subarray(0, all.indexOf("\n", all.indexOf('"type":"function_call"')) + 1));
  const { id } = await take();
  writeFileSync(path, all);
  expect(await take()).toMatchObject({ did: "grown", id });

  const history = createHistory();
  await plan.store.read(id, { record: (record) => advance(history, record) });
  const origin = ({ event }: LogRecord): unknown => event.type === "item-added" && event.origin;
  const projection = project(contractNamed("openai"), { issuer: "x", quarantines: [] }, history.items);
  const outputs = [...projection.elements()].filter(
    ({ record }) => record.event.kind === "function_call_output",
  );
  expect(outputs).not.toEqual([]);
  for (const { record } of outputs) expect(origin(record)).toBe("tool");
  expect([...projection.report()].map(({ rule }) => rule)).not.toContain("output-without-call");
  // An export tells the same.
  expect((await visibleItems(plan.store, id)).map(origin)).not.toContain("repair");
});
