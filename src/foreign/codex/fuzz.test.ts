// Rollouts that disks, editors and sync tools have been at: whatever is in the file, what can be read is taken over, and the log is sound.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codexRollouts } from "../../../test/kit/codex-home.ts";
import { fc } from "../../../test/kit/property.ts";
import { temporaryFolder } from "../../../test/kit/temporary-folder.ts";
import { expect, test } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { isJsonObject } from "../../lib/json.ts";
import { isFailureOf } from "../../failure.ts";
import { advance, createHistory } from "../../session/history.ts";
import { describeItem } from "../../session/item.ts";
import { memoryStore } from "../../store/memory/memory-store.ts";
import { threadAt } from "./takeover/find.ts";
import { importThread } from "./takeover/import.ts";
import type { ImportPlan } from "./takeover/import-plan.ts";
import { lastMessages } from "./list/last-messages.ts";
import { scanRollout } from "./list/scan.ts";

/** More with `THROUGHLINE_FUZZ=10000`. */
const runs = Number(process.env["THROUGHLINE_FUZZ"] ?? 150);

const contents = ["0.29.0", "0.36.0", "0.98.0", "0.130.0", "0.169.0"].flatMap((version) =>
  codexRollouts(version).map(({ path }) => ({
    path,
    bytes: readFileSync(path),
  })),
);

type Damage = (lines: Buffer[]) => Buffer[];

const at = fc.nat({ max: 1_000_000 });
const damage: fc.Arbitrary<Damage> = fc.oneof(
  at.map((place): Damage => (lines) => {
    const all = joined(lines);
    return [all.subarray(0, place % (all.length + 1))];
  }),
  fc.tuple(at, fc.integer({ min: 0, max: 7 })).map(([place, bit]): Damage => (lines) => {
    const all = Buffer.from(joined(lines));
    if (all.length > 0) all[place % all.length]! ^= 1 << bit;
    return [all];
  }),
  fc.tuple(at, at).map(([a, b]): Damage => (lines) => {
    const swapped = [...lines];
    const [one, other] = [a % lines.length, b % lines.length];
    [swapped[one], swapped[other]] = [swapped[other]!, swapped[one]!];
    return swapped;
  }),
  at.map((a): Damage => (lines) => [...lines, lines[a % lines.length]!]),
  at.map(
    (a): Damage =>
      (lines) =>
        lines.filter((_, index) => index !== a % lines.length),
  ),
  fc.tuple(at, fc.nat({ max: 5_000 })).map(([a, length]): Damage => (lines) => [
    ...lines.slice(0, a % lines.length),
    Buffer.alloc(length),
    ...lines.slice(a % lines.length),
  ]),
  fc.tuple(at, fc.json()).map(([a, json]): Damage => (lines) => [
    ...lines.slice(0, a % lines.length),
    Buffer.from(`${json}\n`),
    ...lines.slice(a % lines.length),
  ]),
  at.map((a): Damage => (lines) => {
    const long = Buffer.from(
      `${JSON.stringify({ timestamp: "2026-01-01T00:00:00Z", type: "response_item", payload: { type: "function_call_output", call_id: "c", output: "x".repeat(3_000_000) } })}\n`,
    );
    return [...lines.slice(0, a % lines.length), long, ...lines.slice(a % lines.length)];
  }),
  fc.constant<Damage>((lines) => [Buffer.from("\uFEFF"), ...lines]),
  fc.constant<Damage>((lines) => [
    Buffer.from(joined(lines).toString("latin1").replaceAll("\n", "\r\n"), "latin1"),
  ]),
);

const joined = (lines: readonly Buffer[]): Buffer => Buffer.concat(lines);

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf("\n", start);
    lines.push(bytes.subarray(start, end < 0 ? bytes.length : end + 1));
    if (end < 0) break;
    start = end + 1;
  }
  return lines.length > 0 ? lines : [Buffer.alloc(0)];
}

const plan: Omit<ImportPlan, "store"> = {
  clock: systemClock,
  issuer: () => "elsewhere",
  settings: () => ({ provider: "p", model: "m", instructionsHash: "", approval: "ask" }),
  workspace: ({ cwd = "" }) => Promise.resolve({ path: cwd }),
};

test(
  "a damaged rollout is read as far as it can be, and makes a sound log",
  { timeout: 600_000 },
  async () => {
    const folder = temporaryFolder();
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: contents.length - 1 }),
        fc.array(damage, { minLength: 1, maxLength: 3 }),
        async (which, damages) => {
          const { path: source, bytes } = contents[which]!;
          const path = join(folder, source.split("/").at(-1)!);
          let lines = linesOf(bytes);
          for (const change of damages) lines = linesOf(joined(change(lines)));
          const content = joined(lines);
          writeFileSync(path, content);

          const thread = await threadAt(path);
          scanRollout(thread!.file);
          await lastMessages(path, 5);
          const store = memoryStore({ version: "1" });
          try {
            const { id } = await importThread({ ...plan, store }, thread!);
            const history = createHistory();
            const report = await store.read(id, { record: (record) => advance(history, record) });
            expect(report.damage).toEqual([]);
            expect(history.openCalls.size).toBe(0);
            for (const { event, body } of history.items) {
              const item = await store.body(id, body);
              const parsed: unknown = JSON.parse(Buffer.from(item).toString());
              expect(isJsonObject(parsed) && parsed["type"]).toBe(event.kind);
              const { cut, sealed } = describeItem(item)!;
              expect(event.sealed).toEqual(sealed);
              expect(event.cut).toEqual(cut);
            }
          } catch (error) {
            // Nothing in it says whose session it is.
            if (!isFailureOf(error, "session-damaged")) throw error;
          } finally {
            await store.close();
          }
          expect(readFileSync(path).equals(content)).toBe(true);
        },
      ),
      { numRuns: runs },
    );
  },
);
