import { asFailure } from "../command/system-failure.ts";
import { systemClock } from "../../lib/clock.ts";
import { ago, counted } from "../../lib/words.ts";
import { statusWords } from "../../session/standing.ts";
import { summarize } from "../../session/summary.ts";
import type { History } from "../../session/history.ts";
import type { SessionUpdate } from "../../turn/update.ts";
import type { Invocation } from "../command/command.ts";
import { inHome, updateInHome } from "../command/in-home.ts";
import { bugWords, failureWords } from "../command/failure-words.ts";
import { workspaceWords } from "../session-words.ts";
import { type Block, type Happening, note } from "./state.ts";

/** The banner of a session that is opened again. */
export function openedBlock(history: History): Block {
  const { id, name, title, messages, created, workspace } = history;
  const status = statusWords(summarize(history, created), systemClock.now());
  const what = name ?? title;
  return {
    kind: "banner",
    title: what === undefined ? `Session ${id}` : `Session ${id}: ${what}`,
    lines: [
      [
        workspaceWords(workspace),
        counted(messages, "message"),
        `made ${ago(systemClock.now() - created)}`,
        status,
      ].join(" · "),
    ],
  };
}

/** What another process did in a session that is open here, where it has to be said in words; `undefined` where its blocks say it. */
export function changeWords(before: History, now: History): string | undefined {
  if (now.id !== before.id) return `the session goes on as ${now.id}`;
  if (now.cleared && !before.cleared) return "the session was cleared by another process";
  if (now.rewound.length > before.rewound.length) return "another process went back to an earlier step";
  return now.turn > before.turn ? "meanwhile, in another process:" : undefined;
}

/** An update of the running session for the view. Commands in its words get the `--home` that this invocation was given. */
export const happened = (update: SessionUpdate, invocation: Pick<Invocation, "options">): Happening => ({
  type: "update",
  update: updateInHome(invocation, update),
  at: systemClock.now(),
});

/** What a command would write on stderr. Beside a screen that is drawn anew it would be drawn over, and leave a part of that for good. */
export const asNote = (text: string): Happening => ({
  type: "told",
  blocks: [note(text.replace(/^· /u, "").trim())],
});

/** What went wrong, worded as on the command line. With an invocation, commands in it get the `--home` that it was given. */
export function troubleWords(
  error: unknown,
  invocation: Pick<Invocation, "options"> = { options: {} },
): string {
  const failure = asFailure(error);
  return failure ? inHome(invocation, failureWords(failure)) : bugWords(error);
}
