// The tests see the same surroundings on every machine: what the tester has set for the program, Git or a terminal is none of their business.

/** What tells these tests how much to do. */
const ours = /^THROUGHLINE_(?:EVERY|FOLLOW_UPS|FUZZ|KILLS|PROGRAM|SEED)$/u;

const foreign = [
  // Read by the program, or by what it starts.
  /^(?:ANTHROPIC|CODEX|OPENAI|THROUGHLINE)_/u,
  /_proxy$/iu,
  /^(?:GIT|NODE|XDG)_(?!EXTRA_CA_CERTS$)/u,
  // A locale that isn't installed has Bash complain on every command's stderr.
  /^(?:LANG|LANGUAGE|LC_\w+)$/u,
  /^(?:CLICOLOR|CLICOLOR_FORCE|COLUMNS|EDITOR|FORCE_COLOR|LINES|NO_COLOR|PAGER|STY|TMUX|TMUX_PANE|VISUAL|XTERM_VERSION)$/u,
];

/** The workers inherit it, and from them the programs that they start. */
export function setup(): void {
  // What npm needs where a registry is reached through a proxy.
  for (const [kind, name] of [
    ["proxy", "HTTP_PROXY"],
    ["https_proxy", "HTTPS_PROXY"],
    ["noproxy", "NO_PROXY"],
  ] as const) {
    const value = process.env[name] ?? process.env[name.toLowerCase()];
    if (value) process.env[`npm_config_${kind}`] ??= value;
  }
  for (const name of Object.keys(process.env))
    if (!ours.test(name) && foreign.some((pattern) => pattern.test(name))) delete process.env[name];
  // Without it tmux shows no letter beyond ASCII.
  process.env["LANG"] = "C.UTF-8";
  process.env["GIT_CONFIG_GLOBAL"] = "/dev/null";
  process.env["GIT_CONFIG_NOSYSTEM"] = "1";
  process.umask(0o022);
}
