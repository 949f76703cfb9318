import type { OptionSpec } from "./command.ts";

// Options that several commands take: the same word means the same everywhere.

export const providerOption: OptionSpec = {
  flags: "--provider <name>",
  help: "openai, anthropic, simulator, or one of config.toml",
  values: ["openai", "anthropic", "simulator"],
};

export const efforts: readonly string[] = ["minimal", "low", "medium", "high", "xhigh"];

export const effortOption: OptionSpec = {
  flags: "--effort <effort>",
  help: `reasoning effort: ${efforts.join(", ")}`,
  values: efforts,
};

/** What `sessions --status` takes. */
export const statuses: readonly string[] = [
  "idle",
  "running",
  "interrupted",
  "limited",
  "failed",
  "cleared",
  "archived",
];

export const modelOption: OptionSpec = { flags: "-m, --model <name>", help: "the model to ask" };

export const nameOption: OptionSpec = { flags: "--name <name>", help: "name the session" };

export const scenarioOption: OptionSpec = {
  flags: "--scenario <file>",
  help: "with --provider simulator: what the simulated model does",
};

/** The options of every command that runs a turn. */
export const turnOptions: readonly OptionSpec[] = [
  providerOption,
  modelOption,
  effortOption,
  {
    flags: "--approval <policy>",
    help: "who allows commands and patches: ask (needs a terminal), all, none",
    values: ["ask", "all", "none"],
  },
  { flags: "--wait", help: "when a usage limit stops the turn, wait for the reset and go on, once" },
  scenarioOption,
];

export const lastOption: OptionSpec = { flags: "--last", help: "the newest session of this workspace" };

export const forceOption: OptionSpec = {
  flags: "--force",
  help: "take the session over from the process that holds it",
};

/** The options that say how a session is resumed; `/resume` takes them, too. */
export const resumptionOptions: readonly OptionSpec[] = [
  { flags: "--here", help: "go on in this folder, though the session belongs to another" },
  forceOption,
  { flags: "--from-step <n>", help: "go back to the end of this step first; the later ones stay in the log" },
  { flags: "--amend <text>", help: "add this to the instructions, from now on" },
];

export const resumeOptions: readonly OptionSpec[] = [
  ...turnOptions,
  lastOption,
  { flags: "--all", help: "pick from the sessions of every workspace; with --last, the newest of all" },
  ...resumptionOptions,
];

export const relativesOption: OptionSpec = {
  flags: "--with-relatives",
  help: "what they were rotated from, what was forked from them, and backups of repairs too",
};

/** The options for a gateway's address and its upstreams. */
export const gatewayOptions: readonly OptionSpec[] = [
  { flags: "--listen <address>", help: "port, or host:port (default 127.0.0.1:8790; 0 for any free port)" },
  {
    flags: "--upstream <upstream...>",
    help: "a base URL, URL#VARIABLE to send the key in that variable, or a provider of config.toml",
  },
  { flags: "--token <token>", help: "what clients must send; needed to listen on more than loopback" },
];
