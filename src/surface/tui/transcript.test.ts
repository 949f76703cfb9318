import { expect, it } from "vitest";
import { helpRows } from "./help.ts";
import { painter } from "./style.ts";
import { blockLines } from "./transcript.ts";
import { columnsOf } from "./wrap.ts";

const added = `+ok();${" ".repeat(100)}evil();`;
const patch = `*** Begin Patch\n*** Update File: a.js\n@@\n${added}\n*** End Patch`;
const linesOf = (kind: "patch" | "call"): string[] =>
  blockLines(
    kind === "patch" ? { kind, text: patch } : { kind, text: "apply_patch a.js", patch },
    40,
    painter(false),
  );

it("the help tells in one column what its commands and keys do", () => {
  const lines = blockLines({ kind: "help", rows: helpRows() }, 100, painter(false));
  const told = lines
    .filter((line) => line.trim() !== "")
    .map((line) => /^(?:\S+(?: \S+)*)? {2,}(?=\S)/u.exec(line)?.[0].length);
  expect(new Set(told).size).toBe(1);
});

it("a patch that is asked about is shown to the ends of its lines, and cut only once it is made", () => {
  const asked = linesOf("patch");
  expect(asked.map((line) => line.slice(line.startsWith("      ") ? 6 : 2)).join("")).toContain(added);
  expect(asked.filter((line) => columnsOf(line) > 40)).toEqual([]);
  expect(linesOf("call").join("\n")).not.toContain("evil");
});
