import type { RunCommand } from "../command/command.ts";
import type { CommandName } from "../command/commands.ts";

/** Imports the module that runs a command of the table, and only that: a list needn't wait for the code of providers. */
export const load: Readonly<Record<CommandName, () => Promise<RunCommand>>> = {
  open: async () => (await import("./resume.ts")).open,
  exec: async () => (await import("../cli/exec.ts")).exec,
  "exec resume": async () => (await import("./resume.ts")).execResume,
  resume: async () => (await import("./resume.ts")).resume,
  sessions: async () => (await import("../cli/sessions.ts")).sessions,
  show: async () => (await import("../cli/show.ts")).show,
  name: async () => (await import("../cli/name.ts")).name,
  archive: async () => (await import("../cli/archive.ts")).archiveSessions,
  unarchive: async () => (await import("../cli/archive.ts")).unarchiveSessions,
  fork: async () => (await import("../cli/fork.ts")).fork,
  clear: async () => (await import("../cli/clear.ts")).clear,
  delete: async () => (await import("../cli/purge.ts")).deleteSessions,
  purge: async () => (await import("../cli/purge.ts")).purge,
  queue: async () => (await import("../cli/queue.ts")).queue,
  "queue list": async () => (await import("../cli/queue.ts")).queueList,
  "queue drop": async () => (await import("../cli/queue.ts")).queueDrop,
  undo: async () => (await import("../cli/undo.ts")).undo,
  compact: async () => (await import("../cli/compact.ts")).compact,
  gateway: async () => (await import("../cli/gateway.ts")).gateway,
  "gateway install-codex": async () => (await import("../cli/gateway-codex.ts")).installCodex,
  import: async () => (await import("../cli/import.ts")).importSession,
  export: async () => (await import("../cli/export.ts")).exportSession,
  doctor: async () => (await import("../cli/doctor.ts")).doctor,
  repair: async () => (await import("../cli/repair.ts")).repair,
  simulate: async () => (await import("../cli/simulate.ts")).simulate,
  completion: async () => (await import("../cli/completion.ts")).completion,
  demo: async () => (await import("../demo/play.ts")).demo,
};
