import { ago, counted, durationWords } from "../../lib/words.ts";
import { printableLine } from "../../lib/printable.ts";
import type { ListedSession } from "../../store.ts";
import { openStore, readConfig } from "../config.ts";
import { belongs } from "../belongs.ts";
import type { Invocation } from "./command.ts";

export async function sessions(invocation: Invocation): Promise<number> {
  const { terminal, options } = invocation;
  const { store, troubles } = openStore(readConfig(options, invocation.environment, invocation.folder));
  try {
    const all = await store.list();
    for (const trouble of troubles) terminal.err(`${printableLine(trouble, 300)}\n`);
    const own =
      options["all"] === true ? all : all.filter((session) => belongs(session.workspace, invocation.folder));
    const shown =
      options["archived"] === true ? own : own.filter((session) => session.archived === undefined);
    if (options["json"] === true) terminal.out(`${JSON.stringify({ schema: 1, sessions: shown })}\n`);
    else terminal.out(table(shown, all.length - own.length, own.length - shown.length, Date.now()));
    return 0;
  } finally {
    await store.close();
  }
}

function table(shown: readonly ListedSession[], hidden: number, archived: number, now: number): string {
  const lines = shown.map((session) => listLine(session, now));
  if (shown.length + archived === 0) lines.push("No session in this workspace yet.");
  if (archived > 0) lines.push(`${archived} archived: throughline sessions --archived`);
  if (hidden > 0) lines.push(`${hidden} more in other workspaces: throughline sessions --all`);
  return `${lines.join("\n")}\n`;
}

/** id, name or title, model/effort, age, last activity, messages, branch, status: R6. */
export function listLine(session: ListedSession, now: number): string {
  const what = printableLine(session.name ?? session.title ?? "(no prompt)", 48);
  const model = session.settings.model + (session.settings.effort ? `/${session.settings.effort}` : "");
  const branch = session.workspace.gitBranch ? ` · ${printableLine(session.workspace.gitBranch, 30)}` : "";
  const origin = session.rotated && session.parent ? ` · continued from ${session.parent}` : "";
  const times = `made ${ago(now - session.created)}, active ${ago(now - session.updated)}`;
  return `${session.id}  ${what}  ${printableLine(model, 40)} · ${times} · ${counted(session.messages, "message")}${branch} · ${statusWords(session, now)}${origin}`;
}

/** "running (pid 4711)", "limited, resets in 2 h 10 min", "failed: billing", "idle, healed 1×". */
export function statusWords(session: ListedSession, now: number): string {
  return `${session.archived ? "archived, " : ""}${standingWords(session, now)}`;
}

function standingWords(session: ListedSession, now: number): string {
  if (session.trouble) return `damaged: ${printableLine(session.trouble, 80)}`;
  const healed = session.repairs > 0 ? `, healed ${session.repairs}×` : "";
  if (session.holder) return `running (pid ${session.holder.pid})${healed}`;
  if (session.status === "limited") {
    const left =
      session.until === undefined
        ? ""
        : session.until > now
          ? `, resets in ${durationWords(session.until - now)}`
          : ", window has reset";
    return `limited${left}${healed}`;
  }
  const reason = session.reason && session.status !== "idle" ? `: ${printableLine(session.reason, 60)}` : "";
  return `${session.status}${reason}${healed}`;
}
