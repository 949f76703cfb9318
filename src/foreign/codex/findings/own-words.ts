import { isCallIdMissed } from "./error-text.ts";
import type { FindingKind } from "./catalogue.ts";

/** What a message of Codex's own means, and what can be done about it. */
export interface OwnWords {
  readonly says: { test(text: string): boolean };
  readonly means: string;
  /** Where no repair of a rollout helps. */
  readonly youCan?: string;
  readonly kinds: readonly FindingKind[];
  /** Whether it stands beside other messages on a screen, and stops nothing. */
  readonly isAside?: true;
}

/** What Codex says by itself (0.20 to 0.169, 2026-11) and of what it has started: the first that fits. */
export const ownWords: readonly OwnWords[] = [
  {
    says: /already has an active writer|is (?:active elsewhere|open in another app)\b/iu,
    means:
      "Another Codex has the session open: a terminal, an editor or the app; it may be idle. Close it there",
    youCan:
      "close it there, or end the server that a terminal interface has left running (codex app-server daemon stop), and try again",
    kinds: ["live"],
  },
  {
    says: /missing an ordinal/iu,
    means: "An older Codex has written to a session of a newer one, which refuses it now",
    kinds: ["missing-ordinal"],
  },
  {
    says: /rollout(?: at)? .*is empty/iu,
    means: "The session's file is empty, or of a version before 0.34, of which later ones read no line",
    youCan: "go on with it: throughline resume, with its id; where it is empty, restore it from a backup",
    kinds: ["empty-file", "old-lines"],
  },
  {
    says: /failed to load rollout .{0,400}empty session file/iu,
    means: "The session's file is empty, or holds no record that Codex reads",
    kinds: ["empty-file", "not-a-rollout"],
  },
  {
    says: /missing source rollout/iu,
    means: "The session goes on from another one, a fork's or a reverted thread's, whose file isn't there",
    kinds: ["base-missing"],
  },
  {
    says: /cutoff byte offset is past the source rollout/iu,
    means: "The session goes on in the middle of another one's file, which has lost bytes before that place",
    kinds: ["segment-short"],
  },
  {
    says: /invalid session metadata history_mode/iu,
    means:
      "The session's first line says that its history is of a kind that this version doesn't know: a newer Codex wrote it, or it is damaged",
    kinds: ["history-mode-unknown"],
  },
  {
    says: /failed to read session metadata|start with session metadata|failed to parse (?:conversation|thread) ID|failed to parse first rollout record|has no usable header record/iu,
    means: "The first line of the session's file is missing or can't be read",
    kinds: [
      "header-broken",
      "header-missing",
      "byte-order-mark",
      "other-layout",
      "empty-file",
      "git-lfs-pointer",
      "old-lines",
    ],
  },
  {
    // 0.117 and later look for a name in their own database only (openai/codex#16049).
    says: /no saved session found with id (?!<?[0-9a-f]{8}-)/iu,
    means:
      "This version of Codex knows no session of that name; it may have one that another version was told of",
    youCan:
      "find it: throughline sessions --codex --all --archived --search NAME; go on with it: codex resume, with its id",
    kinds: [],
  },
  {
    says: /no rollout found for thread id|no saved session found|failed to resolve rollout path|thread-store internal error: .{0,300}\(os error 2\)/iu,
    means:
      "Codex's state database names a place where the session's file isn't any more, or there is no such session",
    kinds: ["state-moved", "two-files-one-id", "name-differs"],
  },
  {
    says: /\bthread not found(?::|$)|\bthread [0-9a-f-]{36} not found/iu,
    means:
      "The server behind the app or the editor doesn't have the session open any more, as after its restart; its file may be whole",
    youCan: "open it anew: codex resume, with the session's id",
    kinds: [],
  },
  {
    // Measured with 0.153, of every fork; 0.169 takes such a file.
    says: /expected ordinal \d+, got \d+/iu,
    means:
      "A record of the session's file has a number that another one has had, as turns that were cut off leave it; versions such as 0.153 show nothing behind it, and fork nothing",
    kinds: ["ordinal-regressed", "index-stale"],
  },
  {
    says: /failed to project durable rollout/iu,
    means:
      "Codex couldn't bring its index into line with the session's file: what is behind that place isn't shown, as if the turn had been cut off; the file is whole, and the model still gets all of it",
    kinds: ["ordinal-regressed", "index-stale"],
  },
  {
    // Side chats of the app, of which it has kept no file.
    says: /failed to read thread .{0,200}(?:[\\/]\.codex: |: is a directory \(os error 21\))/iu,
    means: "Codex's state database names no file for this session, but the folder of all",
    kinds: ["state-moved"],
  },
  {
    says: /cannot resume running thread .{0,60}with stale path/iu,
    means:
      "The server behind the app or the editor still has the session open by another path: where it was before it was archived or moved, or, on Windows, the same one in another spelling",
    youCan:
      "end that server (the app, or: codex app-server daemon stop), and see where the session is: throughline doctor, with its id",
    kinds: [],
  },
  {
    says: /failed to read unarchived thread|no codex thread found for threadid|failed to (?:un)?archive (?:conversation|session|chat)/iu,
    means:
      "The app couldn't put the session away, or back into its list; the file may have been moved all the same",
    youCan:
      "start the app anew; where the session is still missing: throughline sessions --codex --all --archived, and throughline doctor, with its id",
    kinds: [],
  },
  {
    // Measured with 0.169: a resume, and the app's list, make the row.
    says: /is missing its SQLite metadata/iu,
    means:
      "Codex's state database doesn't have the session yet, so that it isn't migrated; its file may be whole",
    youCan: "go on with it once (codex resume, with its id), which makes the entry, and migrate again",
    kinds: [],
  },
  {
    says: /AbsolutePathBuf deserialized without a base path/iu,
    means:
      "This version can't read the folder of an old command in the session's file, as another version, or one on Windows, has written it",
    youCan: "update Codex, or go on here: throughline resume, with the session's id",
    kinds: [],
  },
  {
    says: /working directory (?:is missing|missing|no longer exists)/iu,
    means:
      "The folder that the session works in isn't there any more: moved, or a worktree that was removed; the session is whole",
    youCan:
      "go on in another folder: codex resume, with its id, and -C FOLDER; or here: throughline resume --here",
    kinds: [],
  },
  {
    says: /paginated threads do not support/iu,
    means:
      "The program in front of Codex asks in a way that holds for sessions of older versions only; the session is whole",
    youCan: "update that program, or go on in Codex itself: codex resume, with the session's id",
    kinds: [],
  },
  {
    says: /collab spawn failed|\bagent thread [0-9a-f-]{36} is no longer available/iu,
    means:
      "A sub-agent can't be begun or opened: all places are taken, or its parent isn't on disk or in the state database; what it did so far is",
    youCan:
      "end Codex and go on with the parent: codex resume, with its id; the sub-agents' own sessions: throughline sessions --codex --all",
    kinds: [],
  },
  {
    says: /stream did not contain valid UTF-8/iu,
    means: "A line of the session's file holds bytes that are no text, and this version refuses all of it",
    kinds: ["invalid-utf8"],
  },
  {
    says: /another Codex process is using its local data|failed to initialize .*(?:pool timed out|database is locked)|app-server initialize handshake timed out/iu,
    means:
      "Another Codex holds the databases beside the sessions, or is slow to let them go; the sessions are whole",
    youCan:
      "close every Codex (terminals, editors, the app, and a server left running: codex app-server daemon stop), and try again",
    kinds: [],
  },
  {
    says: /list_turns is not supported|database (?:disk image is malformed|failed integrity)|file is not a database|migration \d+ was previously applied|local database appears to be damaged|cannot access its local database|unable to open database file|failed to initialize (?:sqlite|(?:the )?state runtime)/iu,
    means:
      "A database beside the sessions is damaged, or was made by another build of Codex; the sessions are not",
    kinds: ["state-unreadable"],
  },
  {
    says: /\bthread\/goal\/(?:get|set|clear) failed/iu,
    means:
      "A database beside the sessions that has to do with goals can't be read (goals_1.sqlite, logs_2.sqlite); the sessions are whole",
    youCan:
      "close Codex (its server too: codex app-server daemon stop) and move that database aside, with its -wal and -shm files; Codex makes a new one",
    kinds: [],
  },
  {
    says: /\bdisk I\/O error/iu,
    means:
      "A database beside the sessions can't be read or written where it lies: a network folder, a folder that is synchronised, or a failing disk; the sessions' files may be whole",
    youCan: "have the databases on a local disk: CODEX_SQLITE_HOME names a folder for them",
    kinds: [],
  },
  {
    says: /cyclic redundancy|\bCRC\b.{0,40}\bos error 23\b|input\/output error \(os error 5\)/iu,
    means: "The disk can't read the session's file any more: it is failing",
    youCan:
      "copy the file as far as that goes, to another disk; then throughline repair, with the copy's path",
    kinds: [],
  },
  {
    // Commands and patches of a sandbox say it of the files that they may not write.
    says: /(?:^|(?:\b(?:rollout|sessions?|thread)|\.codex)\b.{0,200}: )read-only file system \(os error 30\)/iu,
    means: "Codex's home can't be written: it lies on a disk that is read-only here, as in a sandbox",
    youCan: "let it be written there, or have Codex keep its sessions elsewhere: CODEX_HOME",
    kinds: [],
  },
  {
    says: /is archived\b.*unarchive|thread .* is archived/iu,
    means: "The session is archived",
    youCan: "codex unarchive, with its id, brings it back",
    kinds: [],
  },
  {
    // Measured with 0.130 to 0.169: the list of a new database has the chosen provider for such a file, and so has `exec resume`.
    says: /model provider (?:``|“”)(?: not found|, which is no longer configured)/iu,
    means:
      "The session's file names no provider, as files of up to 0.52 don't, and came into this home after Codex had made its database",
    youCan:
      "throughline repair, or codex exec resume, with the session's id; after either the app and the terminal go on with it",
    kinds: [],
  },
  {
    // 0.144 to 0.155 say "not found", 0.169 "no longer configured".
    says: /model provider [`“][^`”]+[`”](?: not found|, which is no longer configured)/iu,
    means: "The session was made with a provider that Codex's config.toml doesn't have any more",
    youCan:
      "put [model_providers.NAME] back into it, with that endpoint or the one that is used now (codex exec then wants -c model_provider=NAME), or have the session written once more for the provider that it chooses: throughline export --format codex, with the session's id; or go on here: throughline resume",
    kinds: [],
  },
  {
    says: /cannot change this thread's model provider/iu,
    means:
      "The session was made with another provider than the one that config.toml chooses, and `codex exec resume` doesn't change that (0.169)",
    youCan: "codex exec -c model_provider=NAME resume, with the first of the two names",
    kinds: [],
  },
  {
    // Before the configuration, which an MCP server's message may name.
    says: /\bMCP (?:client for|startup|servers? failed)|\bMCP servers failed to initialize|\brmcp::transport/iu,
    means:
      "A tool server (MCP) that config.toml names didn't start, or went away; the sessions are not touched",
    youCan:
      "start its command by hand to see why; give it time with startup_timeout_sec, or take [mcp_servers.NAME] out of config.toml",
    kinds: [],
    isAside: true,
  },
  {
    // The app says it in the person's language.
    says: /(?:loading|load|加载) ?config\.toml|\bconfig\.toml:\d+|failed to load configuration/iu,
    means: "Codex can't read its config.toml, and starts nothing; the sessions are not touched",
    youCan: "correct the setting that it names",
    kinds: [],
  },
  {
    says: /missing environment variable/iu,
    means: "The key of the chosen provider isn't in the environment that Codex was started in",
    youCan:
      "set the variable that it names, and start Codex anew; an app or an editor doesn't read the shell's profile",
    kinds: [],
  },
  {
    says: /not inside a trusted directory/iu,
    means: "`codex exec` doesn't run outside a git repository; the session is not touched",
    youCan: "run it in the session's folder, or with --skip-git-repo-check",
    kinds: [],
  },
  {
    says: /\bbwrap: |error running landlock|sandbox-exec: /iu,
    means:
      "Codex's sandbox can't be set up here, so that no command of the session runs: a container, the kernel or AppArmor forbids it. The session is whole",
    youCan:
      "allow unprivileged user namespaces; where the container itself is the sandbox: codex --sandbox danger-full-access",
    kinds: [],
  },
  {
    says: /\bcodex\b.{0,40}\bout of date\b|requires a newer version of codex/iu,
    means: "This Codex is older than the app, or the model, asks for; the session is whole",
    youCan: "update Codex (npm i -g @openai/codex, or the app), or choose another model with --model",
    kinds: [],
    isAside: true,
  },
  {
    says: /app-server (?:process )?exited/iu,
    means: "The server behind the app or the editor ended, and doesn't say why; the sessions are on disk",
    youCan: "see what it says in a terminal: codex app-server",
    kinds: [],
  },
  {
    says: /conversation interrupted/iu,
    means: "Somebody has stopped the turn (Esc or Ctrl-C); nothing is wrong",
    youCan: "go on: codex resume --last",
    kinds: [],
    isAside: true,
  },
  {
    says: /different ChatGPT account or workspace/iu,
    means: "The session belongs to the ChatGPT account or workspace that it was made with; it is whole",
    youCan:
      "sign in with that one: codex login; or go on in a copy that belongs to nobody: throughline resume, and then throughline export --format codex, with the session's id",
    kinds: [],
  },
  {
    // The app of 2026 keeps a session as one text, which ends at 512 MB (openai/codex#22004).
    says: /RangeError: Invalid string length/iu,
    means:
      "The window of the app can't hold a session of this size, pictures and outputs included; its file is whole",
    youCan: "go on in a terminal: codex resume, with the session's id",
    kinds: [],
  },
  {
    // Up to 0.130: no answer within the time that a command has (openai/codex#14292).
    says: /remote compact task: timeout waiting for child process/iu,
    means: "The provider took longer for summarising the history than Codex waits; the session is whole",
    youCan:
      "try again, or update Codex; or go on here, where any model compacts: throughline resume, with the session's id",
    kinds: [],
  },
  {
    says: /remote compaction v2 expected exactly one compaction/iu,
    means:
      "The provider's answer to a compaction holds none, as those of relays and gateways do; Codex can't go on where its history has to be compacted",
    youCan: "go on here, where any model compacts: throughline resume, with the session's id",
    kinds: [],
  },
  {
    // 0.73 to about 0.139; at ChatGPT the address is gone since 2026-08 (openai/codex#38240).
    says: /remote compact task: unexpected status 404\b/iu,
    means:
      "This Codex has its history compacted at an address that the provider doesn't have; the session is whole",
    youCan:
      "update Codex (npm i -g @openai/codex, or the app); or go on here, where any model compacts: throughline resume, with the session's id",
    kinds: [],
  },
  {
    says: /\bfailed to refresh available models\b/iu,
    means: "Codex couldn't fetch the list of models, and goes on with the one that it has",
    youCan: "nothing; what stopped the session stands beside it",
    kinds: [],
    isAside: true,
  },
  {
    says: /invalid peer certificate|certificate_verify_failed/iu,
    means:
      "The certificate of the provider's address isn't trusted here: a proxy that looks into what goes through it stands between, or SSL_CERT_FILE names the wrong file",
    youCan:
      "have SSL_CERT_FILE name a file with that proxy's certificate, or unset it where no such proxy is; then go on: codex resume",
    kinds: [],
  },
  {
    says: { test: isCallIdMissed },
    means:
      "The session holds a prompt or context that came from elsewhere: a goal, the app, another session or an automation. Codex keeps it as an output without a call id, which providers other than OpenAI refuse, with every request from then on",
    kinds: ["injected-output"],
  },
  {
    says: /\bInvalid value: '(?:input_text|output_text|tool|function)'\. Supported values are/u,
    means:
      "The session holds a message in a form that Codex doesn't write, as programs that convert sessions do; OpenAI refuses every request of it",
    kinds: ["unread-item"],
  },
  {
    says: /does not have a canonical rollout filename/iu,
    means:
      "The file of the session has a name of another form than Codex's, under which 0.150 and later take no session of their own",
    kinds: ["name-differs"],
  },
  {
    // Only Rust words it so: a provider's full disk comes in the words of Python, Go or Node.
    says: /\bos error 28\b/iu,
    means: "The disk is full, so that Codex can't write the session's file",
    youCan: "make room, then go on: codex resume; what was half written is repaired by throughline repair",
    kinds: [],
  },
  {
    says: /(?:cannot|could not) access session files/iu,
    means: "Codex may not read or write the folder in which its sessions lie: sudo may have made files in it",
    youCan: "make it yours again: sudo chown -R $(whoami) ~/.codex",
    kinds: [],
  },
  {
    says: /waiting for network/iu,
    means: "The provider can't be reached; Codex (0.150 and later) waits for ever",
    youCan:
      "see whether the provider's base URL can be reached from here (where it is a gateway of Throughline's: throughline gateway starts it), or end it with Ctrl-C",
    kinds: [],
  },
  {
    // Nothing but that: what stands beside it tells why.
    says: /^(?:\W*(?:error: )?reconnecting\.{3} ?\d+\/\d+(?: \(\d+[hms][^)]*\))?)+\W*$/iu,
    means: "The request failed on its way or at the provider, and Codex tries it again by itself",
    youCan: "wait for the last of its tries: the message after that tells why they failed",
    kinds: [],
  },
];
