import { quoted } from "../../lib/words.ts";
import type { Finding } from "../../foreign/codex/findings/finding.ts";
import { packedPath } from "../../foreign/codex/home/places.ts";
import type { RepairPlan } from "../../foreign/codex/repair/prepare.ts";
import type { Printed } from "../json/print.ts";
import type { Invocation } from "../command/command.ts";
import { findingJson } from "./doctor-text.ts";
import { inHome } from "../command/in-home.ts";

/** What `repair --json` prints of a plan. */
export function repairJson(
  invocation: Invocation,
  state: "would" | "done" | "undone",
  plan: RepairPlan,
): Printed<"repair"> {
  const { path, packed, thread, changes, mended, forgetsIndex, movedFrom, after } = plan;
  return {
    path,
    ...(thread !== undefined && { session: thread }),
    state,
    edits: changes.first.map(({ line, at, length, becomes, kind, says }) => ({
      line,
      at,
      bytes: length,
      becomes,
      kind,
      says,
    })),
    mended,
    sameOffsets: changes.sameOffsets,
    forgetsIndex,
    ...(packed && { unpacks: packedPath(path) }),
    ...(movedFrom && { movedFrom: movedFrom.path }),
    left: leftJson(invocation, path, after),
  };
}

/** Findings that stay, with the commands that mend them. */
export function leftJson(
  invocation: Invocation,
  path: string,
  left: readonly Finding[],
): Printed<"repair">["left"] {
  return left.map((finding) =>
    findingJson(
      finding,
      () => quoted(path),
      (words) => inHome(invocation, words),
    ),
  );
}

/** What it prints of a repair that changes nothing, or of which the changes aren't known any more. */
export function emptyJson(path: string, thread: string | undefined): Omit<Printed<"repair">, "state"> {
  return {
    path,
    ...(thread !== undefined && { session: thread }),
    edits: [],
    mended: {},
    sameOffsets: true,
    forgetsIndex: false,
    left: [],
  };
}
