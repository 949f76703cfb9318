import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fc } from "../../../../test/kit/property.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { expect, test } from "vitest";
import { applyEdits } from "./apply-edits.ts";
import type { Edit } from "../plan/edit.ts";
import { PlannedEdits } from "./planned-edits.ts";

const folder = temporaryFolder();
let files = 0;

const edit = (at: number, length: number, bytes: Buffer | "blank"): Edit => ({
  at,
  length,
  bytes,
  kind: "unparsable-line",
  line: 1,
  says: "",
});

function planned(edits: readonly Edit[]): { plan: PlannedEdits; path: string } {
  const path = join(folder, `${files++}.edits`);
  const plan = new PlannedEdits(path);
  for (const one of edits) plan.add(one);
  return { plan, path };
}

const given = ({ plan }: { plan: PlannedEdits }): unknown[] =>
  plan
    .inOrder()
    .map(({ at, length, bytes }) => [at, length, bytes === "blank" ? bytes : bytes.toString()])
    .toArray();

test("edits come back by their places, those at one place as they were added, whatever their bytes are", () => {
  const size = fc.oneof({ weight: 9, arbitrary: fc.nat(40) }, fc.constantFrom(20_000, 700_000, 1_100_000));
  const one = fc.tuple(fc.nat(50), fc.nat(5), fc.option(size));
  fc.assert(
    fc.property(fc.array(one, { maxLength: 30 }), (all) => {
      const edits = all.map(([at, length, bytes], nth) =>
        edit(at, length, bytes === null ? "blank" : Buffer.from(String(nth).repeat(bytes).slice(0, bytes))),
      );
      const plan = planned(edits);
      const expected = edits
        .toSorted((a, b) => a.at - b.at)
        .map(({ at, length, bytes }) => [at, length, bytes.toString()]);
      expect(given(plan)).toEqual(expected);
      expect(given(plan)).toEqual(expected);
      plan.plan.close();
      expect(existsSync(plan.path)).toBe(false);
    }),
    { numRuns: 60 },
  );
});

test("bytes that lie in more parts of the file than are held at once come back whole", () => {
  const count = 120;
  const edits = Array.from({ length: count }, (_, nth) =>
    edit(
      (nth * 53) % count,
      0,
      Buffer.from(
        String(nth)
          .repeat(25_000)
          .slice(0, 25_000 + nth),
      ),
    ),
  );
  const { plan } = planned(edits);
  expect(given({ plan })).toEqual(
    edits.toSorted((a, b) => a.at - b.at).map(({ at, length, bytes }) => [at, length, bytes.toString()]),
  );
  plan.close();
});

test("tens of thousands are carried out, also those that were planned from the end on", async () => {
  const lines = Array.from({ length: 30_000 }, (_, at) => `${at}\n`);
  const file = join(folder, "lines");
  writeFileSync(file, lines.join(""));
  let at = 0;
  const edits = lines.map((line, nth) => {
    const made = edit(at, nth % 2 === 0 ? 0 : line.length, nth % 3 === 0 ? "blank" : Buffer.from(`<${nth}>`));
    at += line.length;
    return made;
  });
  const expected = lines.map((line, nth) => {
    const own = nth % 3 === 0 ? " ".repeat(nth % 2 === 0 ? 0 : line.length) : `<${nth}>`;
    return own + (nth % 2 === 0 ? line : "");
  });
  const { plan } = planned(edits.toReversed());
  expect(plan.isShifting).toBe(true);
  await applyEdits(file, plan);
  plan.close();
  expect(readFileSync(file, "utf8")).toBe(expected.join(""));
});

test.each([
  ["in place", []],
  ["beside the file, as another edit moves what follows", [edit(3, 0, Buffer.from("new"))]],
])("what stands around megabytes that become spaces stays: %s", async (_how, more) => {
  const [at, length] = [2 ** 20 + 700, 2 ** 20 + 500];
  const file = join(folder, `long-${files++}`);
  const [before, behind] = ["a".repeat(at), "b".repeat(2 ** 20 + 300)];
  writeFileSync(file, before + "?".repeat(length) + behind);
  const { plan } = planned([...more, edit(at, length, "blank")]);
  await applyEdits(file, plan);
  plan.close();
  const head = more.length === 0 ? before : `aaanew${before.slice(3)}`;
  expect(readFileSync(file, "utf8") === head + " ".repeat(length) + behind).toBe(true);
});
