// An output that comes after its call was answered, because Codex was still running the call when its session was taken over.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { importPlan } from "../../../../test/kit/import-plan.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { opened, take } from "../../../../test/kit/taken-over.ts";
import { contractNamed } from "../../../replay/contracts.ts";
import { project } from "../../../replay/project.ts";
import type { LogRecord } from "../../../session/event.ts";
import { visibleItems } from "../../../store/visible-items.ts";

test("a call that was under way when its session was taken over has its output once Codex has gone on", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "rollout.jsonl");
  const fixtures = codexRollouts("0.130.0");
  const all = readFileSync(fixtures.find((file) => file.path.includes("01a1fac6-9157"))!.path);
  const plan = importPlan();
  writeFileSync(path, all.subarray(0, all.indexOf("\n", all.indexOf('"type":"function_call"')) + 1));
  const { id } = await take(plan, path);
  writeFileSync(path, all);
  expect(await take(plan, path)).toMatchObject({ did: "grown", id });

  const { history } = await opened(plan.store, id);
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
