import { existsSync } from "node:fs";
import { parseJsonBytes } from "../../lib/json.ts";
import { ago, counted } from "../../lib/words.ts";
import { printable, printableLine } from "../../lib/printable.ts";
import { Failure } from "../../failure.ts";
import {
  type EventOf,
  type EventType,
  isItemRecord,
  type ItemRecord,
  type LogRecord,
  type SessionEvent,
} from "../../session/event.ts";
import { advance, createHistory, holdsNothing } from "../../session/history.ts";
import { callInput, isCallKind, isOutputKind, itemText } from "../../session/item.ts";
import { standingAt, statusWords } from "../../session/standing.ts";
import { type Step, Steps } from "../../session/step.ts";
import { summarize } from "../../session/summary.ts";
import type { ListedSession, ReadReport, SessionStore } from "../../store.ts";
import { noEvent } from "../../store/damage.ts";
import { readConfig } from "../config.ts";
import { type Printed, printJson } from "../json/print.ts";
import { modelWords, workspaceWords } from "../session-words.ts";
import { type Invocation, optionText } from "../command/command.ts";
import { fitted } from "./fold.ts";
import { goOnWords, type Here, resumeCommand, type Way, wayAfter } from "../command/go-on.ts";
import { inHome } from "../command/in-home.ts";
import { patchBody } from "../patch-body.ts";
import { findSession, lastSession } from "../pick.ts";
import { callLine } from "../update-words.ts";
import { withStore } from "../store-for.ts";

/** `throughline show`. Only reads, so it works while another process owns the session, and on a damaged log as far as that can be read. */
export async function show(invocation: Invocation): Promise<number> {
  const { terminal, options, args } = invocation;
  const steps = Number(optionText(invocation, "steps") ?? 5);
  if (!Number.isInteger(steps) || steps < 0) throw new Failure("usage", "--steps takes a whole number.", {});
  const last = options["last"] === true;
  if (last === (args[0] !== undefined))
    throw new Failure(
      "usage",
      "Which one? throughline show with an id or a name (throughline sessions lists them), or with --last.",
      {},
    );
  return withStore(invocation, async (store) => {
    const id = last
      ? await lastSession(store, invocation.folder)
      : await findSession(store, args[0] ?? "", invocation.environment);
    if (options["request"] === true) {
      const { showRequest } = await import("./show-request.ts");
      const config = readConfig(options, invocation.environment, invocation.folder);
      await showRequest(invocation, config, store, id);
      return 0;
    }
    const now = Date.now();
    const view = await readView(store, id, steps, now);
    const tell = (words: string): string => inHome(invocation, words);
    if (options["json"] === true) printJson<"show">(terminal, viewJson(view, tell));
    else {
      const lines = viewLines(view, now, tell, invocation.here).flatMap((line) =>
        printable(line).split("\n"),
      );
      terminal.out(`${(await fitted(lines, label, terminal.screen?.output.columns)).join("\n")}\n`);
    }
    return 0;
  });
}

interface View {
  session: ListedSession;
  report: ReadReport;
  /** Warnings and repairs, oldest first. */
  events: ToldEvent[];
  items: ShownItem[];
  /** How many follow-ups wait; how many could not be delivered (`dead`); the files of those that can't be read. */
  queued: number;
  dead: number;
  unreadable: string[];
}

interface ShownItem {
  step: number;
  seq: number;
  kind: "prompt" | "answer" | "call" | "output";
  text: string;
  /** The text of a patch, as the model wrote it. */
  diff?: string;
  /** Why the item isn't sent any more. */
  left?: Exclude<Step["state"], "kept">;
}

/** The events that a view shows beside the steps. */
const toldTypes = [
  "attempt-failed",
  "items-quarantined",
  "history-compacted",
  "history-replaced",
  "history-rewound",
  "session-imported",
  "instructions-amended",
] as const satisfies readonly EventType[];

type ToldEvent = EventOf<(typeof toldTypes)[number]>;

const isTold = (event: SessionEvent): event is ToldEvent =>
  (toldTypes as readonly EventType[]).includes(event.type);

async function readView(store: SessionStore, id: string, steps: number, now: number): Promise<View> {
  const history = createHistory();
  const events: ToldEvent[] = [];
  let items: ItemRecord[] = [];
  let updated = 0;
  const collected = new Steps();
  const report = await store.read(id, {
    record(record: LogRecord) {
      advance(history, record);
      collected.take(record);
      updated = record.event.at;
      if (isTold(record.event)) events.push(record.event);
      if (isItemRecord(record)) items.push(record);
    },
  });
  items = items.filter(({ event }) => event.type === "item-added" && event.step > history.step - steps);
  const states = new Map(collected.all.map(({ step, state }) => [step, state]));
  const shown: ShownItem[] = [];
  for (const record of items) {
    const item = await shownItem(store, id, record);
    const state = item && states.get(item.step);
    if (item) shown.push({ ...item, ...(state && state !== "kept" && { left: state }) });
  }
  const holder = await store.holder(id);
  const owner = holder.state === "held" && holder.owner ? { holder: holder.owner } : {};
  const isNone = holdsNothing(history);
  const trouble = isNone ? { status: "failed" as const, trouble: noEvent } : {};
  const session: ListedSession = {
    ...standingAt(summarize(history, updated), now),
    id,
    bytes: report.bytes,
    ...owner,
    ...trouble,
  };
  const [queued, dead] = [(await store.queued(id)).length, (await store.buried(id)).length];
  const unreadable = (await store.unreadable(id)).map(({ path }) => path);
  return { session, report, events: events.slice(-20), items: shown, queued, dead, unreadable };
}

async function shownItem(
  store: SessionStore,
  id: string,
  record: ItemRecord,
): Promise<ShownItem | undefined> {
  const { event } = record;
  if (event.type !== "item-added") return undefined;
  const at = { step: event.step, seq: event.seq };
  const item = parseJsonBytes(await store.body(id, record.body)) as Record<string, unknown> | undefined;
  if (isCallKind(event.kind)) {
    const words = callInput(item);
    const diff = event.name === "apply_patch" ? { diff: patchBody(words) } : {};
    return { ...at, kind: "call", text: callLine(event.name ?? "", words), ...diff };
  }
  if (isOutputKind(event.kind)) return { ...at, kind: "output", text: itemText(item) };
  if (event.kind !== "message" || event.role === "developer" || event.context) return undefined;
  return { ...at, kind: event.role === "user" ? "prompt" : "answer", text: itemText(item) };
}

function viewJson(view: View, tell: (words: string) => string): Printed<"show"> {
  const { session, report, events, items, queued, dead, unreadable } = view;
  const followUps = { queued, dead, unreadable };
  const next = tell(nextWords(session, queued));
  return { ...session, followUps, damage: report.damage, events, items, next };
}

const marks = { prompt: "›", answer: "•", call: "$", output: " " } as const;

/** The view's lines. `tell`: puts `--home` into commands (`inHome`). */
function viewLines(view: View, now: number, tell: (words: string) => string, here?: Here): string[] {
  const { session, report, events, items, queued, dead, unreadable } = view;
  const text = headLines(session, now);
  if (session.rotated && session.parent)
    text.push(
      tell(
        `  from      ${session.parent}, which goes on here; take that back with: throughline undo ${session.id}`,
      ),
    );
  else if (session.parent) text.push(`  from      ${session.parent}, of which it is a fork`);
  if (queued + dead > 0)
    text.push(
      `  queued    ${counted(queued, "follow-up")}${dead > 0 ? `, ${dead} could not be delivered` : ""}`,
    );
  for (const path of unreadable)
    text.push(`  ? a queued follow-up can't be read: ${printableLine(path, 300)}`);
  for (const event of events) text.push(`  ${eventLine(event)}`);
  for (const { from, to, why } of report.damage) {
    const where = from === to ? `at byte ${from}` : `bytes ${from} to ${to}`;
    text.push(`  ? ${where} of the log: ${printableLine(why, 160)}`);
  }
  let step = -1;
  for (const line of items) {
    if (line.step !== step) text.push(`step ${line.step}${line.left ? ` (${leftWords[line.left]})` : ""}`);
    step = line.step;
    text.push(
      `  ${marks[line.kind]} ${line.kind === "output" ? printableLine(tail(line.text), 120) : printableLine(line.text, 200)}`,
    );
    if (line.diff !== undefined) text.push(...diffLines(line.diff));
  }
  text.push(`next: ${tell(nextWords(session, queued, here))}`);
  return text;
}

/** What the session is: its name and facts, or why it can't be read. */
function headLines(session: ListedSession, now: number): string[] {
  const head = `${session.id}${session.name ? `  "${printableLine(session.name)}"` : ""}`;
  if (session.trouble !== undefined) return [head, `  ? ${session.trouble}`];
  const { settings, usage, created, updated, workspace } = session;
  const gone = workspace.path === "" || existsSync(workspace.path) ? "" : ", which is gone";
  const made = created > 0 ? ago(now - created) : "at an unknown time";
  const counts = `${counted(session.turns, "turn")}, ${counted(session.steps, "step")}, ${counted(session.messages, "message")}`;
  return [
    head,
    `  asked     ${printableLine(session.title ?? "(nothing yet)", 100)}`,
    `  workspace ${workspaceWords(workspace)}${gone}`,
    `  model     ${modelWords(settings)} through ${printableLine(settings.provider)}`,
    `  times     made ${made}, active ${ago(now - updated)}`,
    `  so far    ${counts}, ${usage.inputTokens} tokens in, ${usage.outputTokens} out`,
    `  status    ${statusWords(session, now)}`,
  ];
}

/** What stands before a line's words, but not in a patch: where they are folded, the rows behind the first are as far in. */
const label = /^ {2}(?:\S | {2}(?=\S)|[a-z][a-z ]{9})/u;

/** An event that is told beside the steps: `+` what was added or healed, `<` where it goes on from, `!` what went wrong. */
function eventLine(event: ToldEvent): string {
  switch (event.type) {
    case "items-quarantined":
      return `+ ${printableLine(event.notice, 400)}`;
    case "history-compacted":
      return `+ ${printableLine(event.notice ?? "the context was summarised", 200)}`;
    case "history-replaced":
      return `+ the context was compacted in Codex; ${counted(event.count, "item")} before it stay in the log`;
    case "session-imported":
      return `< taken over from Codex session ${event.id}: ${printableLine(event.path, 200)}`;
    case "history-rewound":
      return `< went back to step ${event.toStep}; what came after it stays in the log`;
    case "instructions-amended":
      return `+ instructions amended: ${printableLine(event.text, 160)}`;
    case "attempt-failed":
      return `! ${printableLine(event.message, 160)} [${event.class}] ${event.action}`;
  }
}

const leftWords = {
  rewound: "left behind by going back",
  cleared: "cleared",
  compacted: "in a summary now",
} as const;

/** Lines of a patch that are shown; `--json` has all of them. */
const mostDiffLines = 40;

function diffLines(diff: string): string[] {
  const lines = printable(diff).split("\n");
  const shown = lines.slice(0, mostDiffLines).map((line) => `      ${line.slice(0, 160)}`);
  const more = lines.length - shown.length;
  return more > 0 ? [...shown, `      … ${counted(more, "more line")}: --json shows all`] : shown;
}

/** The first line of an output, with its status, and the last one, which tells more than those between. */
function tail(output: string): string {
  const [first = "", ...rest] = printable(output).split("\n");
  const last = rest.findLast((line) => line.trim() !== "");
  return last === undefined ? first : `${first} … ${last}`;
}

/** What to do next: a command, or what is done here. A session whose folder is gone goes on in the one that the command is given in. */
function nextWords(session: ListedSession, queued: number, here?: Here): string {
  const { id, holder, status, reason, trouble, workspace } = session;
  const place = existsSync(workspace.path) ? "" : " --here";
  const goOn = (way: Way): string => goOnWords(here, id, way, place);
  if (trouble !== undefined)
    return `put it out of the list: throughline archive ${id}, or delete it: throughline delete ${id}`;
  if (holder) {
    if (here?.session === id && holder.pid === process.pid) return here.stop;
    return `wait for pid ${holder.pid}, or take over: ${resumeCommand(`${id}${place}`, "go-on")} --force`;
  }
  if (status === "limited") return goOn("wait");
  if (status === "failed") return goOn(wayAfter(reason));
  if (status === "interrupted" || queued > 0) return goOn("go-on");
  return goOn("other-words");
}
