import { z } from "zod";
import { systemClock, type Clock } from "../../lib/clock.ts";
import { isJsonObject, parseJson } from "../../lib/json.ts";
import { printableLine } from "../../lib/printable.ts";
import { repositoryOf } from "../../lib/repository.ts";
import { ago, counted } from "../../lib/words.ts";
import { isTogether } from "../../session/place.ts";
import { type Standing, statusWords } from "../../session/standing.ts";
import type { SessionSummary } from "../../session/summary.ts";
import type { Tool } from "../../tool.ts";

const listArguments = z.object({
  all: z.boolean().nullish(),
  limit: z.number().int().positive().nullish(),
});

const defaultLimit = 50;

/** Tells the model of its sessions (R22). `sessions` answers with all of them, the newest activity first. */
export function listSessions(
  sessions: () => Promise<readonly (SessionSummary & Standing)[]>,
  clock: Clock = systemClock,
): Tool {
  return {
    definition: {
      type: "function",
      name: "list_sessions",
      description:
        "Lists your own earlier and current sessions in this workspace, the newest first, one a line: id, name or title, model and effort, " +
        "last activity, messages, git branch, status. A person resumes one with `throughline resume ID`.",
      parameters: {
        type: "object",
        properties: {
          all: { type: "boolean", description: "Also those of other workspaces. Default: false." },
          limit: { type: "number", description: `At most this many. Default: ${defaultLimit}.` },
        },
        additionalProperties: false,
      },
      strict: false,
    },
    replay: "safe",
    approval: () => undefined,
    inspect: () => Promise.resolve({ state: "not-started" }),

    async run(call, { workspace }) {
      const began = clock.monotonic();
      const took = (): number => Math.round(clock.monotonic() - began);
      const parsed = call.input.trim() === "" ? {} : parseJson(call.input);
      const checked = listArguments.safeParse(parsed);
      if (!isJsonObject(parsed) || !checked.success) {
        const why = checked.success ? "they are not a JSON object" : z.prettifyError(checked.error);
        return {
          output: `The arguments of list_sessions are not as they should be: ${why}`,
          status: "failed",
          durationMs: took(),
        };
      }
      const everywhere = await sessions();
      const repository = repositoryOf(workspace);
      const place = { path: workspace, ...(repository && { gitCommon: repository.common }) };
      const here = everywhere.filter((session) => isTogether(session.workspace, place));
      const wanted = checked.data.all === true ? everywhere : here;
      const shown = wanted.slice(0, checked.data.limit ?? defaultLimit);
      const lines = shown.map((session) => describe(session, clock.now(), !here.includes(session)));
      const hidden = wanted.length - shown.length;
      if (hidden > 0) lines.push(`(${hidden} older ones are not shown; ask with a higher limit)`);
      const elsewhere = everywhere.length - here.length;
      if (checked.data.all !== true && elsewhere > 0) {
        lines.push(`(${elsewhere} in other workspaces are not shown; ask with "all": true)`);
      }
      const output = lines.length > 0 ? lines.join("\n") : "There are no sessions in this workspace.";
      return { output, status: "ok", durationMs: took() };
    },
  };
}

function describe(session: SessionSummary & Standing, now: number, elsewhere: boolean): string {
  const { settings, workspace } = session;
  const label = session.name ?? session.title ?? "(no prompt yet)";
  const parts = [
    session.id,
    session.name === undefined ? label : `"${label}"`,
    settings.effort === undefined ? settings.model : `${settings.model}/${settings.effort}`,
    ago(now - session.updated),
    counted(session.messages, "message"),
    ...(workspace.gitBranch === undefined ? [] : [workspace.gitBranch]),
    ...(elsewhere ? [workspace.path] : []),
  ];
  return [...parts.map((part) => printableLine(part, 100)), statusWords(session, now)].join(" · ");
}
