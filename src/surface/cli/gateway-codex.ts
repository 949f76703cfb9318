import {
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { isUtf8 } from "node:buffer";
import { dirname, join, resolve } from "node:path";
import { Failure } from "../../failure.ts";
import { codexHome } from "../../foreign/codex/home/places.ts";
import { type Hunk, withCodexProvider } from "../../gateway/codex/codex-install.ts";
import { printable } from "../../lib/printable.ts";
import { hasCode, makeFolders, makeRoomWords, syncPath, systemWords } from "../../lib/system.ts";
import { quoted } from "../../lib/words.ts";
import { printJson } from "../json/print.ts";
import { type Invocation, optionList, optionText } from "../command/command.ts";
import { gatewaySettings, lasting } from "./gateway-settings.ts";
import { inHome } from "../command/in-home.ts";
import { asFailure } from "../command/system-failure.ts";

/** `throughline gateway install-codex`: shows how Codex's `config.toml` would change, and writes it when that is agreed to. */
export async function installCodex(invocation: Invocation): Promise<number> {
  const { terminal, environment, options, signal } = invocation;
  const path = pathOf(join(codexHome(environment), "config.toml"));
  const before = textOf(path);
  const provider = lasting(gatewaySettings(invocation));
  const { text, hunks, place, replaced, profile } = withCodexProvider(before ?? "", provider, path);
  const isSame = text === before;
  const isJson = options["json"] === true;
  const lines =
    before === undefined
      ? text
          .trimEnd()
          .split("\n")
          .map((line) => `+ ${line}`)
      : hunks.flatMap(diffOf);
  if (!isJson) {
    terminal.out(
      isSame
        ? `${path} has it already.\n`
        : `${path}\n${lines.map((line) => `${printable(line)}\n`).join("")}`,
    );
    if (!isSame && place === "gateway")
      terminal.err(
        "Codex's sessions keep the provider that they were made with: those that are there don't go through the gateway, and 0.169 refuses `codex exec resume` of them.\n",
      );
    if (replaced !== undefined)
      terminal.err(
        `${printable(replaced)}, where Codex's requests went, gives way to it. To put the gateway in front of that: ${inHome(invocation, `throughline gateway install-codex --upstream ${quoted(replaced)}`)}\n`,
      );
    if (profile !== undefined)
      terminal.err(
        `The profile "${printable(profile)}" chooses another provider, which counts as long as it is on.\n`,
      );
  }
  const isAgreed =
    !isSame && (options["yes"] === true || (await terminal.ask?.("Write it?", signal)) === true);
  const backup = isAgreed && before !== undefined ? freeName(`${path}.before-throughline`) : undefined;
  if (isAgreed) write(path, text, backup);
  if (isJson)
    printJson<"gateway install-codex">(terminal, {
      path,
      changed: !isSame,
      written: isAgreed,
      diff: lines,
      ...(backup !== undefined && { backup }),
    });
  else if (isAgreed) {
    const kept = backup === undefined ? "" : ` The file as it was: ${backup}.`;
    // The token itself isn't repeated on the screen.
    const token = provider.tokenVariable;
    const start =
      token === undefined ? "Start" : `Put the token into ${token}, for Codex and here, and start`;
    const command = inHome(invocation, startWords(invocation, provider.upstream));
    terminal.out(`Written.${kept} ${start} the gateway: ${command}\n`);
  } else if (!isSame) terminal.err("Nothing was written. With --yes it is.\n");
  return 0;
}

/** The command that starts the gateway as it is installed here, with its address and upstreams. */
function startWords(invocation: Invocation, upstream: string): string {
  const listen = optionText(invocation, "listen");
  const named = optionList(invocation, "upstream");
  const start = `throughline gateway${listen === undefined ? "" : ` --listen ${quoted(listen)}`}`;
  const asked = [start, ...named.map((each) => `--upstream ${quoted(each)}`)].join(" ");
  // A ChatGPT login is no API key: such requests go to another upstream.
  return upstream.startsWith("https://api.openai.com/")
    ? `${asked}, or with a ChatGPT login: ${start} --upstream ${chatGpt}`
    : asked;
}

/** Where Codex asks with a ChatGPT login (codex-rs, 2026-11). */
const chatGpt = "https://chatgpt.com/backend-api/codex";

/** The file to write: where the configuration is a link, the file that it leads to. */
function pathOf(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })) return realpathSync(path);
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink ? resolve(dirname(path), readlinkSync(path)) : path;
}

function textOf(path: string): string | undefined {
  const unread = (why: string, cause?: unknown): Failure =>
    new Failure("configuration", `${path} can't be read: ${why}. Nothing was written.`, { path }, { cause });
  let bytes: Buffer;
  try {
    if (statSync(path).isFIFO()) throw unread("it is a pipe");
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (hasCode(error, "ENOENT")) return undefined;
    throw unread(systemWords(error), error);
  }
  // Codex doesn't read such a file either; writing it as UTF-8 would lose bytes.
  if (!isUtf8(bytes)) throw unread("it is not UTF-8");
  return bytes.toString("utf8");
}

/** A free name. An earlier backup is never overwritten: it is nearer to what the person wrote than the file is now. */
function freeName(path: string): string {
  for (let nth = 1; ; nth++) {
    const name = nth === 1 ? path : `${path}.${nth}`;
    if (!existsSync(name)) return name;
  }
}

/** Writes the file atomically and durably. `backup`: where to keep the file as it was. */
function write(path: string, text: string, backup: string | undefined): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0o600;
  const draft = freeName(`${path}.new`);
  try {
    makeFolders(dirname(path));
    if (backup !== undefined) copyFileSync(path, backup, constants.COPYFILE_EXCL);
    writeFileSync(draft, text, { mode: mode & 0o777, flush: true });
    renameSync(draft, path);
    syncPath(dirname(path));
  } catch (error) {
    rmSync(draft, { force: true });
    const isFull = asFailure(error)?.class === "store-full";
    const next = isFull ? makeRoomWords(error, path) : `See whose it is: ls -ld ${quoted(path)}`;
    throw new Failure(
      "configuration",
      `${path} can't be written: ${systemWords(error)}. It is as it was. ${next}`,
      { path },
      { cause: error },
    );
  }
}

function diffOf({ at, removed, added }: Hunk): string[] {
  return [`@@ line ${at + 1} @@`, ...removed.map((line) => `- ${line}`), ...added.map((line) => `+ ${line}`)];
}
