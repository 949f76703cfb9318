import type { ToolDefinition } from "./session/definition.ts";

/** A call as the model made it, with the folder in which its traces are kept. */
export interface ToolCall {
  /** The model's `call_id`. */
  readonly call: string;
  /** The tool's name. */
  readonly name: string;
  /** `arguments` of a function call (JSON text) or `input` of a custom tool call (raw text), as the model wrote it. */
  readonly input: string;
}

/** What a call runs with. */
export interface ToolContext {
  /** Absolute path of the call's own folder under the session's spool; it may not exist yet. What a tool must not do twice it records here. */
  readonly spool: string;
  /** Absolute path of the workspace: what a tool changes lies inside it. */
  readonly workspace: string;
  /** Ends the call: TERM to its process group, KILL after a grace; what was printed until then is the output. */
  readonly signal: AbortSignal;
  /**
   * Aborts when the session has become another process's: `run` lets go of the call at once and throws the reason. What was started goes
   * on; its next owner follows it.
   */
  readonly lost?: AbortSignal;
  /** Environment for child processes, already without variables that look like secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** Called with what the tool prints, as it comes; for people, never for the log. */
  onProgress?(text: string): void;
}

/** How a call stands, told from its spool alone (R26). */
export type ToolState =
  | { state: "not-started" }
  | { state: "running"; pid: number; since: number }
  | { state: "finished" }
  /** Accepted and perhaps half done, in a way that `run` completes without doing anything twice (a patch whose record is in place). */
  | { state: "resumable"; what: string }
  /** It was started and there is no trace of how it ended. */
  | { state: "unknown"; why: string };

/** How a call ended. */
export interface ToolOutcome {
  /** The text that answers the call. */
  output: string;
  /** "failed": the command, or the call itself, was wrong. "unknown": it was started, and nothing tells how it ended. */
  status: "ok" | "failed" | "denied" | "cancelled" | "unknown";
  /** Exit status of a command that ended. */
  exitCode?: number;
  durationMs: number;
}

/** What a call asks a person for, in words; `undefined` means that it needs no approval. */
export interface ApprovalRequest {
  /** The question, in a few words. */
  title: string;
  /** What would be done: the command, or the files. */
  detail: string;
  /** The patch that is to be made, as the model wrote it, with what a terminal would hide or obey written out. */
  patch?: string;
}

/** The answer to it. `why` are the words that the model is answered with. */
export type Approval = { allowed: true } | { allowed: false; why: string };

/**
 * A tool of the agent. `run` is idempotent for one spool folder: it starts the call when nothing of it was started, follows it when it
 * is still running, collects the outcome when it finished, and answers "outcome unknown; verify before repeating" when that can't be
 * told; so after a crash the next owner simply calls `run` again and nothing is done twice. It never throws for what the model or the
 * command did wrong: that is an outcome. Bad input (arguments that are not JSON, say) is an outcome with status "failed" too.
 */
export interface Tool {
  readonly definition: ToolDefinition;
  /** "safe": running it again is harmless (it only reads). "never": only its spool may answer for it. */
  readonly replay: "safe" | "never";
  /** Runs alone: calls of exclusive tools in one response run one after another, in the order in which the model made them. */
  readonly exclusive?: true;
  /** Asked before a call is started for the first time; must not do or change anything. */
  approval(call: ToolCall, context: Pick<ToolContext, "workspace">): ApprovalRequest | undefined;
  /** Only looks: asked when a session is opened, before anything is run, and may be asked again. */
  inspect(context: Pick<ToolContext, "spool">): Promise<ToolState>;
  /** Starts the call, follows it or collects its outcome, as its spool says. */
  run(call: ToolCall, context: ToolContext): Promise<ToolOutcome>;
}
