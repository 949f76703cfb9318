import { existsSync } from "node:fs";
import { join } from "node:path";
import { sizeIfSeen } from "../../lib/system.ts";
import { quoted } from "../../lib/words.ts";
import { Failure } from "../../failure.ts";
import { prepareRepair, type RepairOptions, type RepairPlan } from "../../foreign/codex/repair/prepare.ts";
import type { CompletedRepair } from "../../foreign/codex/repair/carry-out.ts";
import { repairRollout, undoRepair } from "../../foreign/codex/repair/repair.ts";
import { codexHome, packedPath } from "../../foreign/codex/home/places.ts";
import type { SealChoice } from "../../foreign/codex/findings/seal-choice.ts";
import type { Finding } from "../../foreign/codex/findings/finding.ts";
import { understand, type Understood } from "../../foreign/codex/findings/understand.ts";
import { note } from "../../runtime/note.ts";
import { homeFolder, openStore } from "../config.ts";
import { printJson, type Printed } from "../json/print.ts";
import { ageOf } from "./age.ts";
import { type Invocation, optionText } from "./command.ts";
import { inHome } from "./in-home.ts";
import { findingJson } from "./doctor-text.ts";
import { unnamedSuccessor } from "./own-findings.ts";
import { megabytes, progress } from "./progress.ts";
import { readMessage } from "./prompt.ts";
import { doneText, leftText, nextText, nothingText, previewText } from "./repair-text.ts";
import { referencesIn } from "./reference.ts";
import { isMended, toldOf } from "./whose-error.ts";
import { meantBy } from "./rollouts.ts";
import { toldHome } from "./store-for.ts";

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
    const choice = ["sealed", "olderThan", "error", "keepSealed"].find((name) => options[name] !== undefined);
    if (choice !== undefined)
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
  const pasted = await readMessage(invocation);
  const repairing: RepairOptions = {
    home,
    now: Date.now(),
    signal: invocation.signal,
    onBytes: (read) => bar.show(megabytes(read), megabytes(Math.max(read, size)), "MB read"),
    ...choiceOf(invocation, pasted),
  };
  if (options["write"] !== true)
    return preview(invocation, path, repairing, chosenBy(invocation, pasted), bar.clear);
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

function choiceOf(invocation: Invocation, pasted: string | undefined): Pick<RepairOptions, "seals" | "only"> {
  const olderThan = optionText(invocation, "olderThan");
  const [all, keeps] = [invocation.options["sealed"] === true, invocation.options["keepSealed"] === true];
  const given = [olderThan !== undefined, pasted !== undefined, all, keeps].filter(Boolean);
  if (given.length > 1)
    throw new Failure(
      "usage",
      "--sealed, --older-than, --error and --keep-sealed choose sealed content: give one of them.",
      {},
    );
  if (olderThan !== undefined) return { seals: { which: "older", than: ageOf(olderThan) } };
  if (pasted !== undefined) return namedBy(understand(pasted, Date.now()), pasted);
  const seals: SealChoice = { which: all ? "all" : keeps ? "none" : "dead" };
  return { seals };
}

/** The options of `choiceOf`, as they were given; with the message itself where it came on standard input. */
function chosenBy(invocation: Invocation, pasted: string | undefined): string[] {
  const { options } = invocation;
  const olderThan = optionText(invocation, "olderThan");
  return [
    ...(options["sealed"] === true ? ["--sealed"] : []),
    ...(options["keepSealed"] === true ? ["--keep-sealed"] : []),
    ...(olderThan === undefined ? [] : ["--older-than", olderThan]),
    ...(pasted === undefined ? [] : ["--error", pasted.trim()]),
  ];
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

async function preview(
  invocation: Invocation,
  path: string,
  repairing: RepairOptions,
  chosen: readonly string[],
  clear: () => void,
): Promise<number> {
  const prepared = await prepareRepair(path, repairing);
  clear();
  try {
    if (!prepared.isNeeded) return tellNothing(invocation, path, prepared);
    const { terminal, options } = invocation;
    if (options["json"] === true) printJson<"repair">(terminal, repairJson(invocation, "would", prepared));
    else {
      const next = inHome(invocation, nextText(invocation.args[0] ?? path, chosen));
      terminal.out(previewText(prepared) + next);
    }
    return 0;
  } finally {
    prepared.folder.remove();
  }
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

function repairJson(
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

function leftJson(invocation: Invocation, path: string, left: readonly Finding[]): Printed<"repair">["left"] {
  return left.map((finding) =>
    findingJson(
      finding,
      () => quoted(path),
      (words) => inHome(invocation, words),
    ),
  );
}

function emptyJson(path: string, thread: string | undefined): Omit<Printed<"repair">, "state"> {
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

/**
 * Repairs an own session: logs are never rewritten, so all it does is to remove a successor that is nothing but a copy no log names, and to
 * have a predecessor's log name one again that was worked in.
 */
async function repairOwn(invocation: Invocation, id: string): Promise<number> {
  const { options, terminal, environment } = invocation;
  const home = homeFolder(options, environment);
  const { store } = openStore({ home });
  try {
    const session = (await store.everything()).find((one) => one.id === id);
    const unnamed = session && (await unnamedSuccessor(store, session));
    const what = unnamed === "orphan" || unnamed === "forgotten" ? unnamed : undefined;
    const isWritten = options["write"] === true;
    if (isWritten && what === "orphan") await store.remove(id);
    if (isWritten && what === "forgotten")
      await note(store, session?.parent ?? "", "naming its successor", () => [
        { type: "session-rotated", successor: id },
      ]);
    const state = what === undefined ? "nothing" : isWritten ? "done" : "would";
    const path = join(home, "sessions");
    const told = what === undefined || state === "nothing" ? untouched(id) : ownWords[what][state](id);
    if (options["json"] === true) printJson<"repair">(terminal, { ...emptyJson(path, id), state });
    else terminal.out(inHome(invocation, told));
    return 0;
  } finally {
    await store.close();
  }
}

const untouched = (id: string): string =>
  `Session ${id} is one of Throughline's own: what is damaged in its log is passed over, and nothing of it has to be repaired. Go on with it: throughline resume ${id}\n`;

const ownWords = {
  orphan: {
    would: (id: string): string =>
      `Session ${id} was left by a rotation that was cut off; no log names it, and nothing but a copy is in it. Nothing was changed. To remove it: throughline repair ${id} --write\n`,
    done: (id: string): string => `Session ${id}, which a rotation that was cut off had left, is removed\n`,
  },
  forgotten: {
    would: (id: string): string =>
      `Session ${id} was worked in, and the log of the session before it doesn't name it, so that lists leave it out. Nothing was changed. To add that to the log: throughline repair ${id} --write\n`,
    done: (id: string): string =>
      `Session ${id} is named by the log of the session before it again. Go on with it: throughline resume ${id}. Take that back: throughline undo ${id}\n`,
  },
} as const;
