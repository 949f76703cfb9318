import type { OwnWords } from "./own-words.ts";

/** What Codex says of what stands around its sessions (settings, providers, tools, the network, its own programs): the first that fits, where `ownWords` has nothing. */
export const wordsAround: readonly OwnWords[] = [
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
  {
    // Nothing behind it: the interface leaves out what its server answered (0.121 to 0.144; openai/codex#18123, #24518, #26515, #33976).
    says: /\b[a-z]+\/[a-z/]+ failed (?:in TUI|during TUI session lookup)\W*$/iu,
    means: "The terminal interface asked its server for something, and doesn't say why that failed",
    youCan:
      "end Codex (its server too: codex app-server daemon stop), and open the session anew: codex resume, with its id; why it failed Codex has logged, under ~/.codex/log or in logs_2.sqlite",
    kinds: [],
  },
];
