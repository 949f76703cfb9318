import { z } from "zod";
import * as log from "../../session/event.ts";

/** Shapes that several commands print. Every member says what it is: docs/json.md is made from them, and a test holds real output to them. */

export const schema = z.literal(1).describe("version of what `--json` prints");
export const id = z.string().describe("a session's id");
export const at = z.number().describe("milliseconds since 1970");

const workspace = z
  .strictObject({
    path: log.workspace.shape.path.describe("absolute path of the folder; empty when the log doesn't say it"),
    gitRoot: log.workspace.shape.gitRoot.describe("top of the git repository or worktree"),
    gitCommon: log.workspace.shape.gitCommon.describe(
      "the repository's own folder, which its worktrees share",
    ),
    gitBranch: log.workspace.shape.gitBranch.describe("branch"),
    gitCommit: log.workspace.shape.gitCommit.describe("commit"),
  })
  .meta({ id: "workspace", title: "the folder that a session works in" });

const settings = z
  .strictObject({
    provider: log.settings.shape.provider.describe("name of the provider"),
    model: log.settings.shape.model.describe("name of the model"),
    effort: log.settings.shape.effort.describe("reasoning effort"),
    instructionsHash: log.settings.shape.instructionsHash.describe("SHA-256 (hex) of the instructions"),
    approval: log.settings.shape.approval.describe("who allows commands and patches"),
  })
  .meta({ id: "settings", title: "what a session runs with" });

const usage = z
  .strictObject({
    inputTokens: log.usage.shape.inputTokens.describe("tokens of the requests"),
    cachedInputTokens: log.usage.shape.cachedInputTokens.describe("of these, read from the provider's cache"),
    outputTokens: log.usage.shape.outputTokens.describe("tokens of the answers"),
    reasoningTokens: log.usage.shape.reasoningTokens.describe("of these, reasoning"),
  })
  .meta({ id: "usage", title: "tokens, all turns together" });

const owner = z
  .strictObject({
    ...log.owner.shape,
    host: log.owner.shape.host.describe("name of the machine"),
    machine: log.owner.shape.machine.describe("identity of the machine"),
    boot: log.owner.shape.boot.describe("identity of its boot"),
    pidNamespace: log.owner.shape.pidNamespace.describe(
      "where the pid counts; empty where there is but one place",
    ),
    pid: log.owner.shape.pid.describe("process id"),
    started: log.owner.shape.started.describe("when the process began, in the platform's own unit"),
    tty: log.owner.shape.tty.describe("its terminal"),
    version: log.owner.shape.version.describe("of Throughline"),
    since: at.describe("since when it holds the session, milliseconds since 1970"),
    doing: log.owner.shape.doing.describe("what it is doing, in words"),
  })
  .meta({ id: "owner", title: "the process that works in a session" });

export const session = z
  .strictObject({
    id,
    name: z.string().optional().describe("as it was given"),
    title: z.string().optional().describe("how the first prompt begins, on one line"),
    workspace,
    settings,
    created: at,
    updated: at.describe("time of the last event, milliseconds since 1970"),
    status: z
      .enum(["idle", "interrupted", "limited", "failed", "cleared"])
      .describe(
        "how the last turn ended, a limit that has reset counting as interrupted; whoever works in it now is the `holder`",
      ),
    reason: z.string().optional().describe("why it stopped: class of the failure, or words"),
    until: at.optional().describe("when a limit ends, milliseconds since 1970"),
    turns: z.number().describe("turns so far"),
    steps: z.number().describe("steps so far: responses with the outputs of their calls"),
    messages: z.number().describe("messages of the person and of the model"),
    repairs: z.number().describe("how often it was healed"),
    usage,
    parent: id.optional().describe("the session that it was forked or rotated from"),
    rotated: z
      .literal(true)
      .optional()
      .describe("it goes on with its parent after a rotation; otherwise it is a fork"),
    successor: id.optional().describe("the session that goes on with it"),
    archived: z.literal(true).optional().describe("out of the list"),
    bytes: z.number().describe("of its log"),
    holder: owner.optional().describe("who works in it now"),
    trouble: z.string().optional().describe("what is wrong with its files, in words"),
    imported: z
      .strictObject({
        id: z.string().describe("Codex's"),
        rollout: z.string().describe("the id of the file that was read last"),
        bytes: z.number().describe("of that file that were taken over"),
        turn: z.number().describe("the last turn that was"),
      })
      .optional()
      .describe("the Codex session that it was taken over from, and how far"),
  })
  .meta({ id: "session", title: "a session as lists know it" });

export const listed = session
  .extend({
    origin: z
      .literal("codex")
      .optional()
      .describe("a Codex session, which resuming takes over; turns, steps and usage are not known of it"),
    codex: z
      .strictObject({
        path: z.string().describe("of the rollout"),
        origin: z
          .enum(["cli", "exec", "vscode", "app", "subagent", "unknown"])
          .describe("the program that made it"),
        cliVersion: z.string().optional().describe("of Codex"),
        estimated: z.literal(true).optional().describe("the messages are reckoned from the file's ends"),
        parent: z.string().optional().describe("the thread whose sub-agent it is"),
        forkedFrom: z.string().optional().describe("the thread that it was forked from"),
        flaws: z.array(z.string()).describe("what its head and tail show: `throughline doctor` says more"),
      })
      .optional()
      .describe("of a Codex session"),
    goneOn: z
      .strictObject({
        next: z.string().describe("the command that takes over what Codex has added"),
        apart: z.literal(true).optional().describe("into a session of its own, because both have gone on"),
      })
      .optional()
      .describe("Codex has gone on with what the session was taken over from (with `--codex`)"),
  })
  .meta({ id: "listed", title: "a session in a list, of Throughline or of Codex" });

export const damage = z
  .strictObject({
    kind: z
      .enum([
        "torn-tail",
        "unreadable",
        "nul-block",
        "altered",
        "stale-fence",
        "repeated",
        "parted",
        "foreign",
        "missing",
      ])
      .describe("what the bytes are"),
    from: z
      .number()
      .describe(
        "first byte in the log (of a torn tail: in `log.torn`; of missing lines: where they stood, as `to`)",
      ),
    to: z.number().describe("the byte after the last"),
    line: z.number().optional().describe("number of the line, from 1"),
    why: z.string().describe("in words"),
  })
  .meta({ id: "damage", title: "bytes of a log that could not be used, and are kept" });

export const failure = z
  .strictObject({
    class: z
      .string()
      .describe("of the catalogue (docs/failures.md); absent for a mistake of the program")
      .optional(),
    message: z.string().describe("what happened, what was kept and the next command to try"),
    data: z
      .looseObject({})
      .optional()
      .describe("what the class tells beside it: `owner`, `nearest`, `matches`, `path`, `resetsAt` …"),
  })
  .meta({ id: "failure", title: "why something was not done" });

export const mode = z.enum(["followup", "steer"]).describe("for a turn of its own, or for the running one");

const followUp = {
  id: z.string().describe("of the follow-up"),
  at: at.describe("when it was queued, milliseconds since 1970"),
  text: z.string().describe("the message"),
  mode,
};

export const queued = z
  .strictObject({ ...followUp, begun: z.number().describe("how often its delivery was begun") })
  .meta({ id: "queued", title: "a follow-up that waits" });

export const unreadable = z
  .strictObject({ id: followUp.id, path: z.string().describe("its file, which is kept") })
  .meta({ id: "unreadable", title: "a follow-up whose file can't be read" });

export const dead = z
  .strictObject({ ...followUp, why: z.string().describe("why, in words") })
  .meta({ id: "dead", title: "a follow-up that will not be delivered" });
