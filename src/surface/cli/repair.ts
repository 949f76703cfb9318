import { existsSync } from "node:fs";
import { sizeIfSeen } from "../../lib/system.ts";
import { quoted } from "../../lib/words.ts";
import { Failure } from "../../failure.ts";
import {
  type PreparedRepair,
  prepareRepair,
  type RepairOptions,
  type RepairPlan,
} from "../../foreign/codex/repair/prepare.ts";
import type { CompletedRepair } from "../../foreign/codex/repair/carry-out.ts";
import { repairRollout, undoRepair } from "../../foreign/codex/repair/repair.ts";
import { codexHome } from "../../foreign/codex/home/places.ts";
import { understand, type Understood } from "../../foreign/codex/findings/understand.ts";
import { printJson } from "../json/print.ts";
import { ageOf } from "./age.ts";
import { type Invocation, optionText } from "../command/command.ts";
import { inHome } from "../command/in-home.ts";
import { megabytes, progress } from "./progress.ts";
import { readMessage } from "../command/prompt.ts";
import { emptyJson, leftJson, repairJson } from "./repair-json.ts";
import { repairOwn } from "./repair-own.ts";
import { doneText, leftText, nextText, nothingText, previewText } from "./repair-text.ts";
import { referencesIn } from "./reference.ts";
import { isMended, toldOf } from "./whose-error.ts";
import { meantBy } from "./rollouts.ts";
import { toldHome } from "../store-for.ts";

/**
 * `throughline repair`: shows a rollout's repair, or with `--write` makes it in place. Of an own session, removes what a cut-off rotation
 * has left.
 */
export async function repair(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const home = toldHome(invocation);
  const found = await target(args[0] ?? "", invocation);
  if (found.kind === "own") return repairOwn(invocation, found.id);
  const { path } = found;
  if (options["undo"] === true) {
    if (["sealed", "olderThan", "error", "keepSealed"].some((name) => options[name] !== undefined))
      throw new Failure(
        "usage",
        "--undo takes back all of the last repair; what chooses sealed content goes with a new one. Nothing was changed.",
        {},
      );
    return tellDone(invocation, await undoRepair(path, { home }));
  }
  const bar = progress(invocation.terminal);
  // A compressed rollout is longer than its file.
  const size = sizeIfSeen(path);
  const { words, chosen } = choiceOf(invocation, await readMessage(invocation));
  const repairing: RepairOptions = {
    home,
    now: Date.now(),
    signal: invocation.signal,
    onBytes: (read) => bar.show(megabytes(read), megabytes(Math.max(read, size)), "MB read"),
    ...chosen,
  };
  if (options["write"] !== true) {
    const prepared = await prepareRepair(path, repairing);
    bar.clear();
    try {
      return tellPlan(invocation, path, prepared, words);
    } finally {
      prepared.folder.remove();
    }
  }
  let plan: RepairPlan | undefined;
  const done = await repairRollout(path, repairing, (made) => {
    plan = made;
    bar.clear();
  });
  return done ? tellDone(invocation, done) : tellNothing(invocation, path, plan);
}

type Target = { kind: "rollout"; path: string } | { kind: "own"; id: string };

/** What the argument means: a Codex session by path, id or name, or else one of Throughline's own. */
async function target(word: string, invocation: Invocation): Promise<Target> {
  const meant = await meantBy(word, invocation);
  if (meant.kind === "own") return meant;
  const [path, ...more] = meant.paths;
  if (path !== undefined && more.length === 0) return { kind: "rollout", path };
  throw new Failure(
    "usage",
    `${word} holds ${path === undefined ? "no rollout" : `${more.length + 1} rollouts`}. Name one. To see what is wrong with them: throughline doctor ${quoted(word)}`,
    {},
  );
}

/** What the options choose; `words`: those options, for the command that writes the repair. */
interface Choice {
  readonly words: readonly string[];
  readonly chosen: Pick<RepairOptions, "seals" | "only">;
}

/** `pasted`: the message of `--error`, which may have come on standard input. */
function choiceOf(invocation: Invocation, pasted: string | undefined): Choice {
  const { options } = invocation;
  const olderThan = optionText(invocation, "olderThan");
  const given = [
    options["sealed"] === true && "--sealed",
    options["keepSealed"] === true && "--keep-sealed",
    olderThan !== undefined && "--older-than",
    pasted !== undefined && "--error",
  ].filter((option) => option !== false);
  if (given.length > 1)
    throw new Failure(
      "usage",
      "--sealed, --older-than, --error and --keep-sealed choose sealed content: give one of them.",
      {},
    );
  if (pasted !== undefined)
    return { words: [...given, pasted.trim()], chosen: namedBy(understand(pasted, Date.now()), pasted) };
  if (olderThan !== undefined)
    return { words: [...given, olderThan], chosen: { seals: { which: "older", than: ageOf(olderThan) } } };
  const which = given[0] === "--sealed" ? "all" : given[0] === "--keep-sealed" ? "none" : "dead";
  return { words: given, chosen: { seals: { which } } };
}

/** The options that limit a repair to what the pasted message names. */
function namedBy(understood: Understood, pasted: string): Pick<RepairOptions, "seals" | "only"> {
  const { kinds, seals } = understood;
  if (!isMended(understood)) {
    const { means, youCan } = toldOf(understood, pasted);
    throw new Failure(
      "usage",
      `No repair of the session's file helps against this: ${means.replace(/\.$/u, "")}. Nothing was changed. What you can do: ${youCan}. What is wrong with the file all the same: throughline doctor`,
      {},
    );
  }
  return { seals: seals ?? { which: "none" }, only: kinds };
}

function tellPlan(
  invocation: Invocation,
  path: string,
  prepared: PreparedRepair,
  words: readonly string[],
): number {
  if (!prepared.isNeeded) return tellNothing(invocation, path, prepared);
  const { args, options, terminal } = invocation;
  if (options["json"] === true) printJson<"repair">(terminal, repairJson(invocation, "would", prepared));
  else terminal.out(previewText(prepared) + inHome(invocation, nextText(args[0] ?? path, words)));
  return 0;
}

function tellNothing(invocation: Invocation, path: string, plan: RepairPlan | undefined): number {
  const { args, options, terminal } = invocation;
  const left = plan?.after ?? [];
  if (options["json"] === true)
    printJson<"repair">(terminal, {
      ...emptyJson(path, plan?.thread),
      state: "nothing",
      left: leftJson(invocation, path, left),
    });
  else if (left.length > 0) terminal.out(inHome(invocation, leftText(path, left, plan?.thread)));
  else terminal.out(inHome(invocation, nothingText(path, args[0] ?? path)));
  return left.length > 0 ? 1 : 0;
}

function tellDone(invocation: Invocation, completed: CompletedRepair): number {
  const { options, terminal, environment } = invocation;
  const { journal, folder, path, plan } = completed;
  const { thread } = journal;
  const left = plan?.after ?? [];
  const transcript = plan && existsSync(folder.transcript) ? folder.transcript : undefined;
  if (options["json"] === true) {
    const state = journal.state === "undone" ? ("undone" as const) : ("done" as const);
    const told = plan ? repairJson(invocation, state, plan) : { ...emptyJson(path, thread), state };
    const { mended, forgotIndex: forgetsIndex } = journal;
    printJson<"repair">(terminal, {
      ...told,
      mended,
      forgetsIndex,
      backup: folder.path,
      ...(transcript !== undefined && { transcript }),
    });
  } else {
    const reference = referencesIn(codexHome(environment));
    terminal.out(inHome(invocation, doneText(completed, reference(path, thread), left, transcript)));
  }
  return left.length > 0 ? 1 : 0;
}
