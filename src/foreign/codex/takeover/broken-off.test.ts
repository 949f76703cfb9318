// A call that was broken off in mid-file, as where Codex was killed and gone on with: it is answered as it is read, without a mended copy.
import { appendFileSync, cpSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { importPlan } from "../../../../test/kit/import-plan.ts";
import { opened, take } from "../../../../test/kit/taken-over.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { contractNamed } from "../../../replay/contracts.ts";
import { project } from "../../../replay/project.ts";
import type { EventOf } from "../../../session/event.ts";
import { mendedCopy } from "../repair/mended-copy.ts";
import { repairRollout } from "../repair/repair.ts";
import type { ImportPlan } from "./import-plan.ts";

/** The next request's items, by their headers. */
async function sent({ store }: ImportPlan, id: string): Promise<EventOf<"item-added">[]> {
  const { history } = await opened(store, id);
  const projection = project(contractNamed("openai"), { issuer: "x", quarantines: [] }, history.items);
  return [...projection.elements()].map(({ record }) => record.event as EventOf<"item-added">);
}

function planIn(folder: string): ImportPlan {
  return { ...importPlan(), mended: (path) => mendedCopy(path, join(folder, "own")) };
}

test.each([
  ["0.98.0", "01a1fac4-5389"],
  ["0.130.0", "01a1fac6-b6d5"],
  ["0.169.0", "01a1fab6-ff00"],
])("%s: as its repaired file has it, and with the output that Codex writes late", async (version, thread) => {
  const folder = temporaryFolder();
  const fixture = codexRollouts(version).find(({ path }) => path.includes(thread))!;
  const path = join(folder, basename(fixture.path));
  cpSync(fixture.path, path);
  const plan = planIn(folder);
  const { id, isMended } = await take(plan, path);
  expect(isMended).toBe(false);
  const outputs = async (): Promise<unknown[]> =>
    (await sent(plan, id)).flatMap(({ kind, origin }) => (kind.endsWith("_output") ? [origin] : []));
  expect(await outputs()).toEqual(["repair"]);

  const repaired = join(temporaryFolder(), basename(path));
  cpSync(path, repaired);
  await repairRollout(repaired, { home: join(folder, "own"), seals: { which: "none" } });
  const other = planIn(folder);
  expect(await take(other, repaired)).toMatchObject({ id, isMended: false });
  const named = (items: EventOf<"item-added">[]): unknown[] => items.map(({ kind, call }) => [kind, call]);
  expect(named(await sent(plan, id))).toEqual(named(await sent(other, id)));

  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const records = lines.map((line) => JSON.parse(line) as { ordinal?: number; payload: JsonObject });
  const { call_id } = records.find(({ payload }) => payload["type"] === "function_call")!.payload;
  const last = records.at(-1)!;
  const ordinal = last.ordinal === undefined ? {} : { ordinal: last.ordinal + 1 };
  const payload = { type: "function_call_output", call_id, output: "done" };
  appendFileSync(path, `${JSON.stringify({ ...last, ...ordinal, type: "response_item", payload })}\n`);
  expect(await take(plan, path)).toMatchObject({ did: "grown", id });
  expect(await outputs()).toEqual(["tool"]);
});
