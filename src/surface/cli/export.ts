import { statSync } from "node:fs";
import { resolve } from "node:path";
import { hasCode, isSystemError, systemWords } from "../../lib/system.ts";
import { Failure } from "../../failure.ts";
import { draftIn, exportedLines } from "../../foreign/codex/export.ts";
import { codexHome, rolloutPath } from "../../foreign/codex/home/places.ts";
import { chosenProvider } from "../../foreign/codex/home/settings.ts";
import { RolloutWriter } from "../../foreign/codex/rollout/write.ts";
import { systemClock } from "../../lib/clock.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { isJsonObject, parseJsonBytes } from "../../lib/json.ts";
import { type OnLeft, writeNew } from "../../lib/place.ts";
import { counted, quoted } from "../../lib/words.ts";
import { printable } from "../../lib/printable.ts";
import { summarize } from "../../session/summary.ts";
import { isSummaryItem } from "../../session/summary-item.ts";
import type { SessionStore } from "../../store.ts";
import { itemsOf } from "../../session/items.ts";
import { visibleItems } from "../../store/visible-items.ts";
import { takeOverMeant } from "../codex.ts";
import { readConfig } from "../config.ts";
import { markdownHead, markdownItem } from "../export/markdown.ts";
import { portableLines } from "../export/portable.ts";
import { answer } from "./answer.ts";
import { type Invocation, optionText } from "../command/command.ts";
import { inHome } from "../command/in-home.ts";
import { findSession } from "../pick.ts";
import { withStore } from "../store-for.ts";
import { historyOf } from "../../store/fold.ts";

const formats = ["throughline", "codex", "markdown"] as const;
type Format = (typeof formats)[number];

/** `throughline export`: writes a session as a rollout that Codex resumes, a page to read, or a file for another machine. Only reads it. */
export async function exportSession(invocation: Invocation): Promise<number> {
  const { args, options, terminal, environment, folder, signal } = invocation;
  const format = formatOf(invocation);
  return withStore(invocation, async (store) => {
    const reference = args[0] ?? "";
    const say = (line: string): void => terminal.err(printable(`· ${inHome(invocation, line)}\n`));
    const taking = {
      store,
      environment,
      signal,
      // Read only when it is needed, for a Codex session that is taken over first: a broken configuration then stops nothing else.
      get config() {
        return readConfig(options, environment, folder);
      },
    };
    const taken = await takeOverMeant(taking, reference, say, { keep: false });
    const id = taken?.id ?? (await findSession(store, reference, environment));
    const now = systemClock.now();
    const thread = uuidv7(now);
    const writer = new RolloutWriter();
    const whole = {
      throughline: () =>
        portableLines(store, id, (lost) =>
          say(
            `${counted(lost, "line")} of the session's log can't be read and ${lost === 1 ? "is" : "are"} missing from the export: throughline show ${id}`,
          ),
        ),
      codex: () => exportedLines(store, id, thread, writer, chosenProvider(codexHome(environment))),
      markdown: () => markdownLines(store, id),
    }[format]();
    const parts = untilAborted(whole, signal);
    const output = optionText(invocation, "output");
    if (output?.endsWith("/") === true)
      throw new Failure("usage", `An export is a file, and ${output} names a folder: --output FILE.`, {});
    const isPrinted = output === undefined ? format !== "codex" : output === "-";
    if (isPrinted) {
      if (options["json"] === true)
        throw new Failure("usage", "With --json an export needs a file: --output FILE.", {});
      for await (const part of parts) terminal.out(part);
      return 0;
    }
    const path =
      output === undefined ? rolloutPath(codexHome(environment), thread, now) : resolve(folder, output);
    const draft = (onLeft: OnLeft): string => draftIn(codexHome(environment), thread, now, onLeft);
    const bytes = await writeTo(path, parts, say, output === undefined ? draft : undefined);
    const { left } = writer;
    answer<"export">(
      invocation,
      { session: id, format, path, bytes, ...(format === "codex" && { thread, left }) },
      wordsOf({ id, path, format, thread, left, isInHome: output === undefined }),
    );
    return 0;
  });
}

async function* untilAborted(parts: AsyncIterable<string>, signal: AbortSignal): AsyncGenerator<string> {
  for await (const part of parts) {
    signal.throwIfAborted();
    yield part;
  }
}

function formatOf(invocation: Invocation): Format {
  const given = optionText(invocation, "format") ?? "markdown";
  const format = formats.find((known) => known === given);
  if (format) return format;
  throw new Failure("usage", `--format takes ${formats.join(", ")}, not "${given}".`, {});
}

async function writeTo(
  path: string,
  parts: AsyncIterable<string>,
  say: (line: string) => void,
  draft: ((onLeft: OnLeft) => string) | undefined,
): Promise<number> {
  const onLeft: OnLeft = (left) =>
    say(`${left}, which holds what a session does, can't be removed; remove it with: rm ${quoted(left)}`);
  try {
    return await writeNew(path, parts, onLeft, draft?.(onLeft));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new Failure(
      "usage",
      `${path} was not written: ${whyNot(path, error)}. Nothing was changed. Choose another with --output FILE.`,
      {},
      { cause: error },
    );
  }
}

function whyNot(path: string, error: NodeJS.ErrnoException): string {
  if (!hasCode(error, "EEXIST", "EISDIR")) return systemWords(error);
  // A link that leads nowhere is there, too.
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? "it is a folder" : "there is a file already";
}

interface Exported {
  id: string;
  path: string;
  format: Format;
  thread: string;
  left: number;
  isInHome: boolean;
}

function wordsOf({ id, path, format, thread, left, isInHome }: Exported): string {
  if (format !== "codex") return `session ${id} is written to ${path}`;
  const stayed =
    left > 0
      ? `; ${counted(left, "item")} (reasoning, what the program told the model, and the like) stayed behind`
      : "";
  const next = isInHome ? ` Go on in Codex with: codex resume ${thread}` : "";
  return `session ${id} is written to ${path} as Codex session ${thread}${stayed}.${next}`;
}

async function* markdownLines(store: SessionStore, id: string): AsyncGenerator<string> {
  const history = await historyOf(store, id);
  yield markdownHead(summarize(history, history.created));
  const visible = await visibleItems(store, id);
  for await (const { record, item } of itemsOf(visible, (refs) => store.bodies(id, refs))) {
    const { event } = record;
    const parsed = parseJsonBytes(item);
    if (!isJsonObject(parsed)) continue;
    const isContext = event.type === "item-added" && event.context === true;
    if (!isContext || isSummaryItem(parsed)) yield markdownItem(parsed);
  }
}
