/**
 * What a name looks like that holds a secret: one of these words stands alone between underscores (`OPENAI_API_KEY`, `DB_PASSWORD`), or
 * the name ends in it (`GITHUBTOKEN`, `PGPASSWORD`, `MYSQL_PWD`). Passing too little is mended by naming the variable in `passed`; passing
 * a key to a tool can't be taken back.
 */
const secretWords =
  "KEY|KEYS|APIKEY|TOKEN|TOKENS|SECRET|SECRETS|PASSWORD|PASSWORDS|PASSWD|PASSPHRASE|PASS|SSHPASS|PW|PWD|CREDENTIAL|CREDENTIALS|CREDS|AUTH|BEARER|COOKIE|COOKIES|JWT|PAT|DSN|SIGNATURE|NETRC|PRIVATE|WEBHOOK|CONNECTION_STRING";
const secretName = new RegExp(
  `(?:^|[^A-Z0-9])(?:${secretWords})(?:$|[^A-Z])|(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|CREDENTIALS)$`,
  "u",
);

/**
 * What carries a password, whatever its variable is called: a URL with one in it (`DATABASE_URL`, `HTTPS_PROXY`, `jdbc:…`), and a connection
 * string that names one (`Server=db;Password=…`, `AccountName=…;AccountKey=…`), a header or a query with a token.
 */
const secretValue =
  /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^/?#\s@]*:[^/?#\s@]+@|(?:^|[;\s])(?:password|pwd|accountkey|sharedaccesskey)\s*=|\bbearer\s+\S{8}|[?&](?:api[-_]?key|access[-_]?token|token)=[^&\s]/iu;

/** Names that match `secretWords` and hold no secret: paths to sockets and programs, the shell's own folders, public settings. */
const harmless: ReadonlySet<string> = new Set([
  "PWD",
  "OLDPWD",
  "SSH_AUTH_SOCK",
  "GPG_AGENT_INFO",
  "SSH_ASKPASS",
  "GIT_ASKPASS",
  "SUDO_ASKPASS",
  "XAUTHORITY",
  "DBUS_SESSION_BUS_ADDRESS",
]);

/** A tool's output goes to a model and into a log: no pagers, no colours, no questions, whatever the person's terminal is like. */
const fixed: Readonly<Record<string, string>> = {
  TERM: "dumb",
  NO_COLOR: "1",
  PAGER: "cat",
  GIT_PAGER: "cat",
  GH_PAGER: "cat",
  MANPAGER: "cat",
  SYSTEMD_PAGER: "cat",
  GIT_TERMINAL_PROMPT: "0",
  GIT_EDITOR: "true",
  DEBIAN_FRONTEND: "noninteractive",
};

/** What steers this program's own crash tests, and what asks for colours all the same. */
const withheld: ReadonlySet<string> = new Set(["THROUGHLINE_CRASH_AT", "FORCE_COLOR", "CLICOLOR_FORCE"]);

function looksLikeSecret(name: string, value: string): boolean {
  if (harmless.has(name.toUpperCase())) return false;
  // Camel case and lower case count as well: `npm_config_authToken`.
  const words = name.replace(/([a-z0-9])([A-Z])/gu, "$1_$2").toUpperCase();
  return secretName.test(words) || secretName.test(name.toUpperCase()) || secretValue.test(value);
}

/** Whether a value is a key, or has one in it. A word that stands in for one where none is needed ("x", "lm-studio") may be a part of any path. */
function isCopy(value: string, key: string): boolean {
  return key.length >= 20 ? value.includes(key) : key.length >= 8 && value.trim() === key;
}

/**
 * The environment for a tool's processes: the given one without what looks like a secret (unless `passed` names it), without the variables
 * in `keys`, which hold one whatever they are called, and others that hold the same, without what steers this program's own crash tests or
 * asks for colours all the same, and with settings that suit a program without a terminal.
 */
export function toolEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  passed: readonly string[] = [],
  keys: readonly string[] = [],
): Record<string, string> {
  const secrets = keys.flatMap((name) => environment[name]?.trim() ?? []);
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || withheld.has(name)) continue;
    const isKey = keys.includes(name) || secrets.some((secret) => isCopy(value, secret));
    if (!isKey && (passed.includes(name) || !looksLikeSecret(name, value))) env[name] = value;
  }
  return { ...env, ...fixed };
}
