import type { Command, InterfaceCommand } from "./command.ts";
import {
  effortOption,
  forceOption,
  gatewayOptions,
  lastOption,
  modelOption,
  nameOption,
  providerOption,
  relativesOption,
  resumeOptions,
  resumptionOptions,
  scenarioOption,
  statuses,
  turnOptions,
} from "./options.ts";

/** The row of `exec resume` or of `resume`, which have the same options: `resume` opens the terminal interface where there is a terminal. */
const resumeRow = <Name extends string>(name: Name) => ({
  name,
  arguments: "[session] [prompt]",
  summary: "go on with a session: by id, unique beginning of one, name, or --last",
  example: `throughline ${name} --last "and now the docs"`,
  options: resumeOptions,
});

const table = [
  {
    name: "open",
    arguments: "[prompt]",
    summary: "open the terminal interface in this workspace; throughline without a command does the same",
    example: 'throughline "make the tests pass"',
    options: [...turnOptions, nameOption],
    json: false,
  },
  {
    name: "exec",
    arguments: "[prompt]",
    summary: "run one turn without a terminal: the answer on stdout, progress on stderr",
    example: 'throughline exec --approval all "make the tests pass"',
    options: [...turnOptions, nameOption],
  },
  resumeRow("exec resume"),
  resumeRow("resume"),
  {
    name: "sessions",
    summary: "list the sessions of this workspace",
    example: "throughline sessions --since 7d --status failed,limited --search parser",
    options: [
      { flags: "--all", help: "of every workspace" },
      { flags: "--archived", help: "the archived ones too" },
      { flags: "--codex", help: "Codex's own sessions too (CODEX_HOME, default ~/.codex)" },
      { flags: "--model <text>", help: "whose model, or model/effort, has this text" },
      { flags: "--since <time>", help: "active since then: an age (30m, 2h, 7d) or a date (2026-11-20)" },
      {
        flags: "--status <status>",
        help: `${statuses.join(", ")}; several with commas`,
        values: statuses,
        several: true,
      },
      {
        flags: "--search <text>",
        help: "with every word of the text in its name, messages or tool commands",
      },
    ],
    slash: { name: "sessions" },
  },
  {
    name: "show",
    arguments: "[session]",
    summary: "show what was asked, the last steps, what was healed, why it stopped, and what to do next",
    example: "throughline show --steps 10 fix-the-tests",
    options: [
      lastOption,
      { flags: "--request", help: "what the next request would carry, what is left out of it, and why" },
      { flags: "--steps <n>", help: "how many of the last steps (default 5)" },
    ],
    slash: { name: "show", session: "unless-named" },
  },
  {
    name: "name",
    arguments: "<session> <name>",
    summary: "give a session a name, which can stand wherever its id can",
    example: "throughline name 01a1fb7c fix-the-tests",
    options: [],
    slash: { name: "name", session: "always", text: true, alone: true },
  },
  {
    name: "archive",
    arguments: "<session...>",
    summary: "put sessions out of the list; they are kept, and a new turn brings one back",
    example: "throughline archive fix-the-tests 01a1fb7c",
    options: [],
  },
  {
    name: "unarchive",
    arguments: "<session...>",
    summary: "put archived sessions into the list again",
    example: "throughline unarchive fix-the-tests",
    options: [],
  },
  {
    name: "fork",
    arguments: "<session>",
    summary: "make a new session with what was said and done in this one, which stays as it is",
    example: "throughline fork --from-step 3 --name another-way fix-the-tests",
    options: [
      {
        flags: "--from-step <n>",
        help: "as it was at the end of this step, also one that was gone back from",
      },
      { ...nameOption, help: "name the new session" },
    ],
    slash: { name: "fork", session: "always", leads: true },
  },
  {
    name: "clear",
    arguments: "<session>",
    summary:
      "begin anew in a session: what was said in it is never sent again; with --scrub it is deleted for good",
    example: "throughline clear fix-the-tests",
    options: [
      { flags: "--scrub", help: "keep nothing but the session's name, settings and counts" },
      { flags: "--with-relatives", help: "what was forked from it too, and with --scrub backups of repairs" },
    ],
    slash: { name: "clear", session: "always", alone: true },
  },
  {
    name: "delete",
    arguments: "<session...>",
    summary: "delete sessions for good: no byte of them is left under the home",
    example: "throughline delete fix-the-tests",
    options: [relativesOption],
  },
  {
    name: "purge",
    arguments: "[session...]",
    summary:
      "delete the sessions of this workspace for good; without --yes it asks, or only says what it would do",
    example: "throughline purge --older-than 7d --dry-run",
    options: [
      { flags: "--all", help: "of every workspace" },
      { flags: "--older-than <age>", help: "only those without activity for so long: 12h, 7d, 4w" },
      { flags: "--yes", help: "do it without asking" },
      { flags: "--dry-run", help: "only say what would be deleted" },
      relativesOption,
    ],
    slash: { name: "resume purge" },
  },
  {
    name: "queue",
    arguments: "<session> <text>",
    summary: "leave a message for a session, also while it works: delivered once, in order, after its turn",
    example: 'throughline queue fix-the-tests "and update the changelog"',
    options: [
      { flags: "--steer", help: "for the running turn, at its next step, not for a turn of its own" },
    ],
    slash: { name: "queue", session: "always", text: true },
  },
  {
    name: "queue list",
    arguments: "<session>",
    summary: "list what waits for a session, and what could not be delivered",
    example: "throughline queue list fix-the-tests",
    options: [],
    slash: { name: "queue list", session: "always" },
  },
  {
    name: "queue drop",
    arguments: "<session> <id>",
    summary: "take a message out again",
    example: "throughline queue drop fix-the-tests 01a1fb7c",
    options: [],
    slash: { name: "queue drop", session: "always" },
  },
  {
    name: "undo",
    arguments: "<session>",
    summary:
      "go back from a successor, in which a session went on when no repair helped (a rotation); nothing is deleted",
    example: "throughline undo fix-the-tests",
    options: [],
    slash: { name: "undo", session: "always", alone: true, leads: true },
  },
  {
    name: "compact",
    arguments: "<session>",
    summary: "summarise all but the end of a session's context; the log keeps everything",
    example: "throughline compact fix-the-tests",
    options: [
      providerOption,
      { ...modelOption, help: "the model that writes the summary" },
      scenarioOption,
      { flags: "--here", help: "do it in this folder, though the session belongs to another" },
      forceOption,
    ],
    slash: { name: "compact", session: "always", alone: true },
  },
  {
    name: "gateway",
    summary:
      "give an unmodified client (Codex, an SDK) the same recovery, by a reverse proxy that is its base URL",
    example: "throughline gateway --listen 8790 --upstream https://api.openai.com/v1",
    options: [
      ...gatewayOptions,
      {
        flags: "--allow-host <name...>",
        help: "a host name, beside loopback's, under which it may be asked",
      },
      {
        flags: "--allow-origin <origin...>",
        help: "a page in a browser that may ask, like http://localhost:3000",
      },
      { flags: "--wait-for-limits", help: "hold requests that meet a usage limit until it ends" },
      { flags: "--codex-config", help: "print what goes into Codex's config.toml, and end" },
    ],
  },
  {
    name: "gateway install-codex",
    summary: "show what the gateway changes in Codex's config.toml, and write it when that is agreed to",
    example: "throughline gateway install-codex --listen 8790",
    options: [...gatewayOptions, { flags: "--yes", help: "write it without asking" }],
  },
  {
    name: "import",
    arguments: "<rollout>",
    summary:
      "take over a Codex session (again: what came since), or a file that export wrote; neither is changed",
    example: "throughline import ~/.codex/sessions/2026/11/20/rollout-2026-11-20T20-58-19-01a1fac2.jsonl",
    options: [
      { flags: "--new", help: "as a new session, also when it was taken over before" },
      { ...providerOption, help: "the provider that it is to go on with" },
      { ...modelOption, help: "the model that it is to go on with (default: its own)" },
    ],
  },
  {
    name: "export",
    arguments: "<session>",
    summary:
      "write a session down: as a rollout that Codex resumes, a page to read, or a file for another machine",
    example: "throughline export fix-the-tests --format codex",
    options: [
      {
        flags: "--format <format>",
        help: "markdown (default), codex, throughline",
        values: ["markdown", "codex", "throughline"],
      },
      {
        flags: "-o, --output <file>",
        help: "where to; else standard output, and for codex its own home (CODEX_HOME)",
      },
    ],
    slash: { name: "export", session: "always" },
  },
  {
    name: "doctor",
    arguments: "[path...]",
    summary:
      "check sessions, own ones and Codex's: what is wrong, what it will cause, and the command that mends it; exit 1 when something needs repair",
    example: "throughline doctor ~/.codex/sessions",
    options: [
      {
        flags: "--error <text>",
        help: "what this message means ('stream disconnected before completion' too), and whose it is; - reads it from standard input",
      },
      { flags: "--notes", help: "tell what is harmless, too" },
    ],
    slash: { name: "doctor" },
  },
  {
    name: "repair",
    arguments: "<rollout>",
    summary: "repair a Codex session: prints the change; with --write makes it in place, with a backup",
    example: "throughline repair 01a1fc10 --write",
    options: [
      { flags: "--write", help: "do it; refused while a living process holds the session" },
      { flags: "--undo", help: "take the last repair back; what Codex has written since stays" },
      {
        flags: "--sealed",
        help: "take out all sealed reasoning and summaries (default: when the last turn was refused for it)",
      },
      { flags: "--older-than <age>", help: "of sealed content, only what was sealed so long ago: 12h, 7d" },
      {
        flags: "--error <text>",
        help: "repair only what this message names; - reads it from standard input",
      },
      { flags: "--keep-sealed", help: "leave sealed content as it is, also what is known to be dead" },
    ],
  },
  {
    name: "simulate",
    summary: "serve a model's API on loopback, with seals, limits and cuts as a scenario says",
    example: "throughline simulate --listen 8787",
    options: [
      { flags: "--listen <port>", help: "port on 127.0.0.1 (default: any free one)" },
      {
        flags: "--wire <wire>",
        help: "what it speaks: responses (default), chat, anthropic",
        values: ["responses", "chat", "anthropic"],
      },
      { flags: "--scenario <file>", help: "what the model does and what goes wrong (docs/simulator.md)" },
    ],
  },
  {
    name: "completion",
    arguments: "<shell> [words...]",
    summary: "print the completion of commands, options and sessions for a shell",
    example: 'eval "$(throughline completion bash)"',
    options: [],
  },
  {
    name: "demo",
    summary:
      "play the whole story in under 30 seconds: real tools, a simulated provider that cuts, rotates and limits",
    example: "throughline demo",
    options: [{ flags: "--keep", help: "keep the scratch folder, to look around in it" }],
  },
] as const satisfies readonly Command[];

/** The name of a command in the table. */
export type CommandName = (typeof table)[number]["name"];

/** Every command, in the order of the help. The command line, the slash commands and the help are made from this table alone. */
export const commands: readonly (Command & { readonly name: CommandName })[] = table;

/** The slash commands that exist only in the terminal interface. */
export const interfaceCommands: readonly InterfaceCommand[] = [
  { name: "help", summary: "what can be typed here, and the keys" },
  {
    name: "resume",
    arguments: "[session]",
    summary: "go on with another session: by id or name, or pick one; with --from-step, go back in this one",
    options: [lastOption, ...resumptionOptions],
  },
  {
    name: "model",
    arguments: "[model]",
    summary: "ask another model from the next turn on: gpt-5.5, or with its effort gpt-5.5/high",
    options: [effortOption, providerOption],
  },
  { name: "new", summary: "begin a new session; this one is kept" },
  { name: "steer", arguments: "<text>", summary: "a message for the running turn, at its next step" },
  { name: "wait", summary: "go on by itself when the limit resets; Esc calls it off" },
  { name: "quit", alias: "exit", summary: "leave (/exit too); the session is kept" },
];
