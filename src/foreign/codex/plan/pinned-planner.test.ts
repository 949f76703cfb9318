// A file that another one goes on from: the record at which it does is at the byte that the other names, or nothing before it moves.
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fc } from "../../../../test/kit/property.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { expect, it } from "vitest";
import { examine } from "../examine/examine.ts";
import type { Edit } from "./edit.ts";
import { EditedFile } from "./edited-file.ts";
import { pinned, PinnedPlanner } from "./pinned-planner.ts";

const root = temporaryFolder();
const id = "01a1fd7f-7f19-7713-9a44-8f943967cbfd";
const path = join(root, `rollout-2026-11-21T09-45-53-${id}.jsonl`);
const timestamp = "2026-11-21T09:45:53.780Z";

const shiftOf = ({ bytes, length }: Edit): number => (bytes === "blank" ? 0 : bytes.length - length);

/** Edits of a file of so many bytes, none of which touch each other. */
const size = 400;
const someEdits = fc
  .array(
    fc.record({
      at: fc.nat(size / 10).map((nth) => 10 * nth),
      length: fc.nat(9),
      bytes: fc.option(fc.tuple(fc.nat(15), fc.constantFrom("", "\n")), { freq: 8 }),
    }),
    { maxLength: 5 },
  )
  .map((all) =>
    [...new Map(all.map((each) => [each.at, each])).values()].map(({ at, length, bytes }): Edit => ({
      at,
      length,
      bytes: bytes === null ? "blank" : Buffer.from("x".repeat(bytes[0]) + bytes[1]),
      kind: "lost-message",
      line: 1,
      says: "",
    })),
  );

it("what is put in or taken out before it brings it there, filled up with spaces, or isn't done", () => {
  fc.assert(
    fc.property(someEdits, fc.nat(size), fc.integer({ min: -30, max: 60 }), (edits, place, missing) => {
      const pin = { offset: Math.max(0, place + missing), ordinal: 7 };
      const found = { bytes: size, end: size, placeOf: () => place, ordinals: { regressed: 0, next: 9 } };
      const isBefore = ({ at }: Edit): boolean => at <= place && at < pin.offset;
      const movedBy = (all: readonly Edit[]): number =>
        all.filter(isBefore).reduce((sum, edit) => sum + shiftOf(edit), 0);
      const done = [...pinned(() => edits, found, pin)];

      const moving = edits.filter((edit) => isBefore(edit) && shiftOf(edit) !== 0);
      const room = pin.offset - place - movedBy(edits);
      const isFillable = moving.some(({ bytes }) => bytes.toString().endsWith("\n"));
      if (moving.length > 0 && (room === 0 || (room > 0 && isFillable))) {
        expect(place + movedBy(done)).toBe(pin.offset);
        const unfilled = done.map((edit) => ({
          ...edit,
          bytes: edit.bytes.toString().replace(/ +\n$/u, "\n"),
        }));
        expect(unfilled).toEqual(edits.map((edit) => ({ ...edit, bytes: edit.bytes.toString() })));
      } else expect(done).toEqual(edits.filter((edit) => !moving.includes(edit)));
    }),
    { numRuns: 300 },
  );
});

type Line = "record" | "indented" | "blank" | "count";
const lineOf = (is: Line, ordinal: number, filling: number): string => {
  if (is === "blank") return " ".repeat(filling);
  const payload =
    is === "count"
      ? { type: "token_count", info: "x".repeat(filling) }
      : { type: "agent_message", message: "x".repeat(filling) };
  const record = JSON.stringify({ timestamp, ordinal, type: "event_msg", payload });
  return is === "indented" ? " ".repeat(filling) + record : record;
};
const header = JSON.stringify({
  timestamp,
  ordinal: 0,
  type: "session_meta",
  payload: {
    id,
    timestamp,
    cwd: "/w",
    originator: "codex_exec",
    cli_version: "0.169.0",
    history_mode: "paginated",
  },
});

it("where there are too many bytes before it, those go that say nothing, then counts of tokens but the last, and no others", async () => {
  const lines = fc.array(
    fc.tuple(fc.constantFrom<Line>("record", "indented", "blank", "count", "count"), fc.nat(20)),
    { maxLength: 7 },
  );
  await fc.assert(
    fc.asyncProperty(
      lines,
      fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 600 })),
      fc.constantFrom("\n", "\n", "\r\n"),
      async (all, excess, ending) => {
        const own = all.map(([is, filling], nth) => lineOf(is, nth + 1, filling));
        const before = [header, ...own].map((line) => line + ending).join("");
        const behind = lineOf("record", 99, 3) + ending;
        writeFileSync(path, before + behind);
        const pin = { offset: Math.max(1, before.length - excess), ordinal: 99 };
        const found = await examine(path);
        const fd = openSync(path, "r");
        const options = { seals: { which: "none" }, now: 0, path, pin } as const;
        const planner = new PinnedPlanner(found, options, new EditedFile(fd, found.bytes));
        expect(planner.stretched()).toEqual([]);
        const edits = [...planner.shrunk()];
        closeSync(fd);
        const parts: string[] = [];
        let read = 0;
        for (const { at, length, bytes } of edits.toSorted((a, b) => a.at - b.at)) {
          parts.push(before.slice(read, at), bytes.toString());
          read = at + length;
        }
        const made = [...parts, before.slice(read)].join("");

        const isToStay = (line: string): boolean => line !== "" && !line.includes("token_count");
        const records = (text: string): string[] => text.split("\n").map((line) => line.trim());
        expect(records(made).filter(isToStay)).toEqual(records(before).filter(isToStay));
        const counts = own.filter((line) => line.includes("token_count"));
        if (counts.length > 0) expect(records(made)).toContain(counts.at(-1));

        const wanted = before.length - pin.offset;
        for (const { length, bytes } of edits) expect(bytes.length).toBeLessThan(length);
        const returns = ending === "\n" ? 0 : all.length + 1;
        const idle = ending === "\n" ? all.reduce((sum, [is, filling]) => sum + idleIn(is, filling), 0) : 0;
        const most = counts.slice(0, -1).reduce((sum, line) => sum + line.length + ending.length, idle);
        const isFitting = ending === "\n" && all.some(([is, filling]) => idleIn(is, filling) === wanted);
        if (isFitting) expect(edits).toHaveLength(1);
        if (returns > 0 && returns <= wanted) expect(made).toBe(before.replaceAll("\r", ""));
        // A line's own ending can't go alone.
        else if (edits.length === 0) expect(wanted).toBeGreaterThan(most - ending.length);
        else expect(made.length).toBe(pin.offset);
      },
    ),
    { numRuns: 60 },
  );
});

/** Bytes of a line that say nothing. */
function idleIn(is: Line, filling: number): number {
  return is === "blank" ? filling + 1 : is === "indented" ? filling : 0;
}
