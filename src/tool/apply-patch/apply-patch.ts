import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import { z } from "zod";
import { hasCode, messageOf } from "../../lib/system.ts";
import { crashPoint } from "../../lib/fault.ts";
import { visible } from "../../lib/printable.ts";
import { counted } from "../../lib/words.ts";
import { outcomeUnknown } from "../../replay/pair.ts";
import { sanitise } from "../../session/item.ts";
import type { Tool, ToolContext, ToolOutcome, ToolState } from "../../tool.ts";
import { makeSpool, readSpoolRecord, replaceJson, SpoolDamaged, spoolFiles } from "../spool.ts";
import { carryOut, type CarriedOut } from "./carry-out.ts";
import { definition } from "./definition.ts";
import { parsePatch, type Section } from "./parse.ts";
import { planPatch } from "./plan.ts";
import { commitRecord, readRecord, stagePlan, type PatchRecord } from "./record.ts";
import { ledTo } from "./target.ts";

/**
 * Changes files as a patch says: all of them or none. Everything is worked out in memory and staged in the spool before the first file
 * is touched; the record that says so is the commit point, and after a crash the next owner carries the record through (R26).
 */
export const applyPatch: Tool = {
  definition,
  replay: "never",
  // Two patches of one response may change the same file: the second is made for what the first one leaves.
  exclusive: true,

  approval(call, { workspace }) {
    const parsed = parsePatch(call.input);
    if (!parsed.ok) return undefined;
    return {
      title: `Change ${counted(parsed.sections.length, "file")}`,
      detail: parsed.sections.map((section) => visible(describe(section, workspace))).join("\n"),
      patch: visible(call.input),
    };
  },

  inspect({ spool }) {
    return Promise.resolve(patchState(spool));
  },

  async run(call, context) {
    return apply(call.input, context);
  },
};

/** What `exit.json` holds. */
const patchExit = z.object({ output: z.string(), status: z.enum(["ok", "failed"]), durationMs: z.number() });
type PatchExit = z.infer<typeof patchExit>;

/** How a patch stands; with its outcome or its record, where there is one. */
type PatchState =
  | Extract<ToolState, { state: "not-started" | "unknown" }>
  | { state: "finished"; exit: PatchExit }
  | { state: "resumable"; what: string; record: PatchRecord };

function patchState(spool: string): PatchState {
  try {
    const exit = readSpoolRecord(spool, spoolFiles.exit, patchExit);
    if (exit) return { state: "finished", exit };
    const record = readRecord(spool);
    if (!record) return { state: "not-started" };
    return { state: "resumable", what: `a patch of ${counted(record.ops.length, "file")}`, record };
  } catch (error) {
    if (error instanceof SpoolDamaged) return { state: "unknown", why: error.message };
    throw error;
  }
}

function apply(input: string, context: ToolContext): ToolOutcome {
  const { spool, workspace, signal } = context;
  const began = performance.now();
  const refuse = (why: string, status: "failed" | "cancelled" | "unknown" = "failed"): ToolOutcome => ({
    output: sanitise(why),
    status,
    durationMs: Math.round(performance.now() - began),
  });

  const state = patchState(spool);
  if (state.state === "unknown") return refuse(`${outcomeUnknown}: ${state.why}.`, "unknown");
  if (state.state === "finished") return state.exit;

  const earlier = state.state === "resumable" ? state.record : undefined;
  let record = earlier;
  if (!record) {
    const parsed = parsePatch(input);
    if (!parsed.ok) return refuse(`apply_patch failed; no file was changed.\n${parsed.why}`);
    const planned = planPatch(workspace, parsed.sections);
    if (!planned.ok) return refuse(`apply_patch failed; no file was changed.\n${planned.why}`);
    if (signal.aborted) return refuse("Not applied: cancelled.", "cancelled");
    try {
      makeSpool(spool);
      const staged = stagePlan(spool, planned.plan);
      crashPoint("patch-staged");
      record = commitRecord(spool, staged);
      if (record.id !== staged.id) rmSync(join(spool, staged.stage), { recursive: true });
    } catch (error) {
      if (!hasCode(error, "ENOSPC", "EDQUOT", "EROFS", "EACCES", "EIO")) throw error;
      return refuse(
        `apply_patch failed; no file was changed.\nThe patch could not be staged: ${messageOf(error)}`,
      );
    }
    crashPoint("patch-recorded");
  }

  const carried = carryOut(spool, record, earlier !== undefined);
  crashPoint("patch-applied");
  const outcome: PatchExit = {
    ...report(record, carried),
    durationMs: Math.round(performance.now() - began),
  };
  replaceJson(spool, spoolFiles.exit, outcome);
  return outcome;
}

function report(record: PatchRecord, carried: CarriedOut): Omit<PatchExit, "durationMs"> {
  const shown = (path: string): string => relative(record.root, path) || path;
  const files = record.summary.join("\n");
  switch (carried.kind) {
    case "applied":
      return { status: "ok", output: sanitise(`Success. Updated the following files:\n${files}\n`) };
    case "conflicts": {
      const paths = carried.paths.map((path) => `! ${shown(path)}`).join("\n");
      const head =
        "The patch was interrupted by a crash and completed, but these files were changed by somebody else in between and were left as they are:";
      return {
        status: "failed",
        output: sanitise(
          `${head}\n${paths}\nThe patch as a whole:\n${files}\nRead those files before changing them.\n`,
        ),
      };
    }
    case "rolled-back": {
      const kept = carried.kept.map((path) => `! ${path}`).join("\n");
      const head = `apply_patch failed at ${shown(carried.path)}: ${carried.why}.`;
      const rest =
        kept === "" ? "No file was changed." : `These files could not be put back; the others were:\n${kept}`;
      return { status: "failed", output: sanitise(`${head}\n${rest}\n`) };
    }
  }
}

/** A section in a line, with where links lead: `notes.md` may be `.git/config`. */
function describe(section: Section, workspace: string): string {
  const placed = (path: string): string => {
    const led = ledTo(workspace, path);
    return led === undefined ? path : `${path} (a link leads to ${led})`;
  };
  const path = placed(section.path);
  if (section.kind === "add") return `A ${path}`;
  if (section.kind === "delete") return `D ${path}`;
  return section.moveTo === undefined ? `M ${path}` : `M ${path} -> ${placed(section.moveTo)}`;
}
