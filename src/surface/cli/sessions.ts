import { existsSync, realpathSync } from "node:fs";
import { relative } from "node:path";
import { repositoryOf } from "../../lib/repository.ts";
import { ago, counted, durationWords } from "../../lib/words.ts";
import { printableLine } from "../../lib/printable.ts";
import type { Workspace } from "../../session/event.ts";
import { isInside, type Place } from "../../session/place.ts";
import type { ListedSession } from "../../store.ts";
import { printJson } from "../json/print.ts";
import { type Invocation, optionText } from "./command.ts";
import { storeFor } from "./store-for.ts";
import { filtersOf, wantsArchived } from "./filter.ts";
import { progress } from "./progress.ts";

export async function sessions(invocation: Invocation): Promise<number> {
  const { terminal, options, folder, signal } = invocation;
  const now = Date.now();
  const filters = filtersOf(invocation, now);
  const { store, troubles } = storeFor(invocation);
  const reading = progress(terminal);
  try {
    const here = placeOf(folder);
    const hidden: Hidden[] = [];
    let shown = await store.list({
      ...(options["all"] !== true && { workspace: here }),
      onHidden: (count) => hidden.push({ by: elsewhere, count }),
      onRead: (read, total) => reading.show(read, total, "reading sessions that the catalogue doesn't know"),
    });
    reading.clear();
    for (const trouble of troubles) terminal.err(`${printableLine(trouble, 300)}\n`);
    if (options["archived"] !== true && !wantsArchived(invocation)) {
      const kept = shown.filter(({ archived }) => archived === undefined);
      hidden.push({ by: "archived", count: shown.length - kept.length });
      shown = kept;
    }
    for (const { given, keeps } of filters) {
      const kept = shown.filter(keeps);
      hidden.push({ by: given, count: shown.length - kept.length });
      shown = kept;
    }
    const search = optionText(invocation, "search");
    if (search !== undefined) {
      const found = await store.search(search, shown, {
        onRead: (read, total) => reading.show(read, total, "reading sessions for the search"),
        signal,
      });
      hidden.push({ by: `--search ${search}`, count: shown.length - found.size });
      shown = shown.filter(({ id }) => found.has(id));
      reading.clear();
    }
    if (options["json"] === true) printJson<"sessions">(terminal, { sessions: shown, hidden });
    else terminal.out(table(shown, hidden, here, now));
    return 0;
  } finally {
    reading.clear();
    await store.close();
  }
}

const elsewhere = "workspace";

/** How many sessions one filter took out of the list, in the order in which they are applied. */
interface Hidden {
  by: string;
  count: number;
}

/** The folder as logs name it, with its repository. */
function placeOf(folder: string): Place {
  const repository = repositoryOf(folder);
  const path = existsSync(folder) ? realpathSync(folder) : folder;
  return { path, ...(repository && { gitRoot: repository.root, gitCommon: repository.common }) };
}

function table(shown: readonly ListedSession[], hidden: readonly Hidden[], here: Place, now: number): string {
  const lines = shown.map((session) => listLine(session, now, here));
  const counts = hidden.filter(({ count }) => count > 0);
  if (shown.length === 0)
    lines.push(
      counts.some(({ by }) => by !== elsewhere) ? "No session is left." : "No session in this workspace yet.",
    );
  const told = counts.map(({ by, count }) => {
    if (by === elsewhere) return `${count} more in other workspaces: throughline sessions --all`;
    if (by === "archived") return `${count} archived: throughline sessions --archived`;
    return `${count} hidden by ${printableLine(by, 60)}`;
  });
  if (told.length > 0) lines.push(told.join("; "));
  return `${lines.join("\n")}\n`;
}

/** id, name or title, model/effort, age, last activity, messages, branch, status, and where it is when that is not here: R6. */
export function listLine(session: ListedSession, now: number, here?: Place): string {
  const what = printableLine(session.name ?? session.title ?? "(no prompt)", 48);
  const model = session.settings.model + (session.settings.effort ? `/${session.settings.effort}` : "");
  const branch = session.workspace.gitBranch ? ` · ${printableLine(session.workspace.gitBranch, 30)}` : "";
  const origin =
    session.parent === undefined
      ? ""
      : ` · ${session.rotated ? "continued" : "forked"} from ${session.parent}`;
  const times = `made ${ago(now - session.created)}, active ${ago(now - session.updated)}`;
  const place = here ? placeWords(session.workspace, here) : "";
  return `${session.id}  ${what}  ${printableLine(model, 40)} · ${times} · ${counted(session.messages, "message")}${branch}${place} · ${statusWords(session, now)}${origin}`;
}

/** Which of the folders and worktrees that belong together a session is of; nothing for this very folder. */
function placeWords({ path, gitRoot, gitCommon }: Workspace, here: Place): string {
  if (path === here.path || path === "") return "";
  const isOther = gitCommon !== undefined && gitCommon === here.gitCommon && gitRoot !== here.gitRoot;
  if (isOther) return ` · in worktree ${printableLine(path, 80)}`;
  const base = gitRoot !== undefined && gitRoot === here.gitRoot ? gitRoot : here.path;
  const way = isInside(path, base) ? relative(base, path) || "the repository's root" : path;
  return ` · in ${printableLine(way, 80)}`;
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
