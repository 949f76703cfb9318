import { uuidv7 } from "../../lib/ids.ts";
import { systemClock } from "../../lib/clock.ts";
import { Failure } from "../../failure.ts";
import { printableLine } from "../../lib/printable.ts";
import { counted } from "../../lib/words.ts";
import { entryOf } from "../../lib/table.ts";
import { catalogue } from "../../failure/catalogue.ts";
import { messageBesideCommand } from "../../failure/message.ts";
import type { TurnOutcome } from "../../session/event.ts";
import { canContinue } from "../../session/history.ts";
import type { SessionStore } from "../../store.ts";
import type { Session } from "../../runtime.ts";
import { undecidedWords } from "../config.ts";
import { type Invocation, optionText } from "../command/command.ts";
import { failurePage } from "../command/failure-words.ts";
import { readResumption } from "../resumption.ts";
import { resumeCommand, wayAfter } from "../command/go-on.ts";
import { inHome } from "../command/in-home.ts";
import { readPromptAndInput } from "../command/prompt.ts";
import { jsonRenderer } from "./render-json.ts";
import { textRenderer } from "./render-text.ts";
import { listSessions } from "./sessions.ts";
import { openWorkbench, type Workbench } from "../workbench.ts";

/** `throughline exec`: a new session, with the prompt of the command line or of standard input. */
export async function exec(invocation: Invocation): Promise<number> {
  const prompt = await readPromptAndInput(invocation, invocation.args[0]);
  if (prompt === undefined) {
    throw new Failure("usage", 'exec needs a prompt: throughline exec "…", or text on standard input.', {});
  }
  return withWorkbench(invocation, async (bench) => {
    const session = await bench.create(uuidv7(systemClock.now()), optionText(invocation, "name"));
    return runTurns(session, prompt, invocation);
  });
}

/** `throughline exec resume`, and `resume` without a terminal: goes on with a session, with or without a prompt. Lists them where none is named. */
export async function resume(invocation: Invocation): Promise<number> {
  if (invocation.options["last"] !== true && invocation.args[0] === undefined) {
    const { all, home, json } = invocation.options;
    // Without `--model` and the like: those are options of the turn, here, and would filter the list.
    const shown = await listSessions({ ...invocation, options: { all, home, json } });
    if (shown === 0) throw new Failure("usage", "There is none to go on with.", {});
    const what =
      shown === 1
        ? `Go on with it: throughline resume --last${all === true ? " --all" : ""}`
        : "Which one? throughline resume with an id, a name, or --last.";
    throw new Failure("usage", what, {});
  }
  const { find, resumption, prompt } = await readResumption(invocation);
  return withWorkbench(invocation, async (bench) => {
    const session = await bench.resume(await find(bench, { keep: true }), resumption);
    const isChanged = resumption.fromStep !== undefined || resumption.amend !== undefined;
    if (isChanged && prompt === undefined && (await isDone(session, bench.store))) {
      await session.close();
      const next = resumeCommand(session.id, "other-words");
      invocation.terminal.err(`That is done. Go on with: ${inHome(invocation, next)}\n`);
      return 0;
    }
    return runTurns(session, prompt, invocation);
  });
}

/** Whether the session has nothing to go on with: its last turn was completed and nothing is queued. */
async function isDone({ id, history }: Session, store: SessionStore): Promise<boolean> {
  return !canContinue(history) && (await store.queued(id)).length === 0;
}

async function withWorkbench(
  invocation: Invocation,
  use: (bench: Workbench) => Promise<number>,
): Promise<number> {
  const renderer = invocation.options["json"] === true ? jsonRenderer : textRenderer;
  const bench = await openWorkbench(invocation, renderer(invocation));
  const { config } = bench;
  if (config.undecided !== undefined)
    invocation.terminal.err(`· ${undecidedWords(config, invocation.folder)}\n`);
  bench.prepare();
  try {
    return await use(bench);
  } finally {
    await bench.close();
  }
}

/** Runs a turn, and then the follow-ups that are queued for the session. */
async function runTurns(
  session: Session,
  prompt: string | undefined,
  invocation: Invocation,
): Promise<number> {
  const { signal, terminal, options } = invocation;
  try {
    const { outcome, waiting } = await session.serve(prompt, signal);
    if (outcome && outcome.kind !== "completed" && options["json"] !== true)
      terminal.err(`${inHome(invocation, outcomeWords(outcome, session))}\n`);
    if (waiting > 0) {
      const left = `${counted(waiting, "follow-up")} still queued`;
      terminal.err(inHome(invocation, `${left}. See what waits: throughline queue list ${session.id}\n`));
    }
    return outcome ? exitStatus(outcome) : 0;
  } finally {
    await session.close();
  }
}

/** Words for how the turn ended and how to go on with the session. */
function outcomeWords(outcome: TurnOutcome, { id, history }: Session): string {
  // A wait that was interrupted leaves the session limited, too.
  const wait = history.lastOutcome?.kind === "limited" ? " --wait" : "";
  const kept = `Session ${id} is kept: ${resumeCommand(id, wayAfter(outcome.kind === "failed" ? outcome.class : undefined))}${wait}`;
  switch (outcome.kind) {
    case "completed":
      return "";
    case "interrupted":
      return `Interrupted (${outcome.reason}). ${kept}`;
    case "failed":
    case "limited":
      return `${printableLine(messageBesideCommand(id, outcome), 800)} ${failurePage(outcome.class)}\n${kept}`;
  }
}

/** cli.md: 0 done · 1 the turn failed · 4 a limit · 5 not recoverable · 130 interrupted. */
function exitStatus(outcome: TurnOutcome): number {
  switch (outcome.kind) {
    case "completed":
      return 0;
    case "interrupted":
      return 130;
    case "limited":
      return 4;
    case "failed":
      return entryOf<{ exit: number }>(catalogue, outcome.class)?.exit ?? 1;
  }
}
