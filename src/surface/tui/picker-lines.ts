import sliceAnsi from "slice-ansi";
import { ago, counted } from "../../lib/words.ts";
import { printable, printableLine } from "../../lib/printable.ts";
import type { Place } from "../../session/place.ts";
import { statusWords } from "../../session/standing.ts";
import { branchWords, goneOnWords, labelWords, modelWords, placeWords } from "../session-words.ts";
import type { Listed } from "../codex-sessions.ts";
import type { Preview } from "./picker-model.ts";
import { chosenRow, type PickerState } from "./picker-state.ts";
import type { Paint, Tone } from "./style.ts";
import { columnsOf, fit, padded, wrap } from "./wrap.ts";

export interface PickerScreen {
  readonly state: PickerState;
  readonly preview: Preview;
  /** Where the person stands. */
  readonly here: Place;
  readonly columns: number;
  readonly rows: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Lines around the list: the heading, the search, the keys. From `leastForHeadings` lines on, the columns have headings too. */
const frame = 3;
const leastForHeadings = 16;
/** List and preview share this many lines or more; fewer all go to the list. */
const leastForPreview = 9;
const mostPreview = 14;
/** The most lines of a note, where there is a preview. */
const mostNote = 4;

/**
 * How many lines the list and the preview get. All lines together are one less than the screen has: drawing the last one would scroll some
 * terminals.
 */
export function pickerRoom(rows: number): { headings: boolean; list: number; preview: number } {
  const headings = rows >= leastForHeadings;
  const room = Math.max(1, rows - 1 - frame - (headings ? 1 : 0));
  if (room < leastForPreview) return { headings, list: room, preview: 0 };
  const preview = Math.min(mostPreview, Math.floor(room / 2));
  return { headings, list: room - preview, preview };
}

/** The picker as at most `rows - 1` lines of at most `columns` columns. */
export function pickerLines(screen: PickerScreen, paint: Paint): string[] {
  const { state, columns, rows } = screen;
  const room = pickerRoom(rows);
  const window = state.shown.slice(state.top, state.top + room.list);
  const table = tableOf(
    window.flatMap((index) => state.rows[index] ?? []),
    screen,
    paint,
  );
  const list = window.length > 0 ? table.rows : [paint("quiet", fit(`  ${emptyWords(state)}`, columns))];
  const body = [
    headLine(screen, paint),
    searchLine(state, columns, paint),
    ...(room.headings ? [window.length > 0 ? table.heading : ""] : []),
    ...list,
    ...Array.from({ length: room.list - list.length }, () => ""),
    ...(room.preview > 0 ? previewLines(screen, room.preview, paint) : []),
  ];
  const foot = footLines(state, columns, paint, room.preview > 0 ? mostNote : 1);
  // A long note takes the end of the preview.
  return [...body.slice(0, body.length + 1 - foot.length), ...foot].slice(-Math.max(1, rows - 1));
}

function headLine({ state, here, columns }: PickerScreen, paint: Paint): string {
  const { shown, rows, everywhere, codex, elsewhere, archived } = state;
  const where = everywhere ? "all workspaces" : printableLine(here.path, 200);
  const which = codex ? `with Codex's · ${where}` : where;
  const count = shown.length === rows.length ? `${rows.length}` : `${shown.length} of ${rows.length}`;
  const hidden = [
    ...(elsewhere > 0 ? [`${elsewhere} in other workspaces`] : []),
    ...(archived > 0 ? [`${archived} archived`] : []),
  ];
  const left = hidden.length > 0 ? ` · not here: ${hidden.join(", ")}` : "";
  return paint("quiet", fit(`Sessions: ${count}${left} · ${which}`, columns));
}

function searchLine({ query, asking }: PickerState, columns: number, paint: Paint): string {
  const cursor = "▏";
  const field = (label: string, text: string): string =>
    // Of a long text the end is shown, where the typing goes on.
    fit(paint("strong", label) + tail(printable(text), columns - columnsOf(label) - 1) + cursor, columns);
  if (asking?.kind === "name") return field("New name: ", asking.text);
  if (query === "")
    return `${paint("strong", "> ")}${cursor}${paint("quiet", fit("type to search", columns - 3))}`;
  return field("> ", query);
}

/** The last part of the text that fits into so many columns. */
function tail(text: string, columns: number): string {
  const wide = columnsOf(text);
  return wide <= columns ? text : sliceAnsi(text, wide - Math.max(0, columns), wide);
}

/** Where a session works, in short; the preview says it in full. */
const pathWords = ({ workspace }: Listed, here: Place): string =>
  placeWords(workspace, here)?.replace(/^in (?:worktree )?/u, "") ?? "";

function ending(text: string, columns: number): string {
  return columnsOf(text) <= columns ? text : `…${tail(text, columns - 1)}`;
}

function emptyWords({ query, rows, everywhere, elsewhere }: PickerState): string {
  if (query !== "" && rows.length > 0) return "No session has these words. ^f looks into the messages.";
  if (!everywhere && elsewhere > 0) return "No session in this workspace. tab shows the others.";
  return "No session.";
}

/** A column of the list, after the sessions' labels, which get the width that the columns leave. */
interface Column {
  of(row: Listed): string;
  readonly most: number;
  readonly tone?: (row: Listed) => Tone | undefined;
  readonly toTheRight?: true;
}

const leastLabel = 22;
/** A column narrower than this would say nothing, and is left out. */
const least = 4;

function tableOf(
  rows: readonly Listed[],
  { state, here, columns, now }: PickerScreen,
  paint: Paint,
): { heading: string; rows: string[] } {
  // The end of a path tells more than its beginning.
  const place: Column = { of: (row) => ending(pathWords(row, here), 24), most: 24 };
  // The most important first: columns that don't fit are left out from the end. The preview shows all of them for the chosen session.
  const weighed: Record<string, Column> = {
    status: { of: (row) => statusWords(row, now), most: 28, tone: statusTone },
    active: { of: (row) => since(row.updated, now) ?? "", most: 13, toTheRight: true },
    ...(state.everywhere ? { where: place } : {}),
    msgs: { of: (row) => String(row.messages), most: 6, toTheRight: true },
    model: { of: ({ settings }) => modelWords(settings), most: 20 },
    branch: { of: (row) => branchWords(row) ?? "", most: 18 },
    ...(state.everywhere ? {} : { where: place }),
    made: { of: (row) => since(row.created, now) ?? "", most: 13, toTheRight: true },
  };
  const wide = Object.entries(weighed).map(([name, column]) => {
    const cells = rows.map((row) => fit(column.of(row), column.most));
    const width = Math.max(0, ...cells.map((cell) => columnsOf(cell)));
    return { name, column, cells, width: width === 0 ? 0 : Math.max(width, name.length) };
  });
  let left = columns - 2 - leastLabel;
  const kept = new Map<string, (typeof wide)[number]>();
  for (const each of wide) {
    if (each.width === 0) continue;
    // The first one, the status, is cut short rather than left out.
    if (kept.size === 0) each.width = Math.min(each.width, Math.max(0, left - 2));
    if (each.width < least || each.width + 2 > left) break;
    left -= each.width + 2;
    kept.set(each.name, each);
  }
  const order = ["model", "made", "active", "msgs", "branch", "where", "status"];
  const shown = order.flatMap((name) => kept.get(name) ?? []);
  const label = Math.min(leastLabel + left, columns - 2);
  const chosen = chosenRow(state);
  const headings = shown.map(
    ({ name, column, width }) =>
      `  ${column.toTheRight ? name.padStart(width) : fit(name, width).padEnd(width)}`,
  );
  const heading = paint("quiet", fit(`  ${"session".padEnd(label)}${headings.join("")}`.trimEnd(), columns));
  const lines = rows.map((row, at) => {
    const isChosen = row === chosen;
    const name = padded(fit(labelWords(row, 120), label), label);
    const drawn = shown.map(({ column, cells, width }) => {
      const cell = fit(cells[at] ?? "", width);
      const blanks = " ".repeat(Math.max(0, width - columnsOf(cell)));
      const tone = column.tone?.(row) ?? (isChosen ? undefined : "quiet");
      const text = tone ? paint(tone, cell) : cell;
      return `  ${column.toTheRight ? blanks + text : text + blanks}`;
    });
    const mark = isChosen ? paint("accent", "› ") : "  ";
    return `${mark}${isChosen ? paint("strong", name) : name}${drawn.join("")}`.trimEnd();
  });
  return { heading, rows: lines };
}

function statusTone({ holder, status, trouble }: Listed): Tone | undefined {
  if (trouble !== undefined || status === "failed") return "bad";
  if (holder) return "good";
  return status === "limited" || status === "interrupted" ? "warning" : undefined;
}

/** How long ago it was; `undefined` of a session that can't be read, whose times are 0. */
function since(at: number, now: number): string | undefined {
  return at > 0 ? ago(now - at) : undefined;
}

/** The preview: all facts of the chosen session, and its last messages. */
function previewLines(screen: PickerScreen, lines: number, paint: Paint): string[] {
  const { state, preview, here, columns, now } = screen;
  const row = chosenRow(state);
  const rule = paint("quiet", "─".repeat(columns));
  const blank = (count: number): string[] => Array.from({ length: Math.max(0, count) }, () => "");
  if (!row) return [rule, ...blank(lines - 1)];
  const place = placeWords(row.workspace, here);
  const branch = branchWords(row);
  const [made, active] = [since(row.created, now), since(row.updated, now)];
  const facts = [
    row.id,
    ...(made === undefined
      ? []
      : [
          modelWords(row.settings),
          `made ${made}`,
          `active ${active ?? made}`,
          counted(row.messages, "message"),
        ]),
    ...(branch === undefined ? [] : [branch]),
    ...(place === undefined ? [] : [place]),
    statusWords(row, now),
    ...(row.goneOn ? [goneOnWords(row.goneOn)] : []),
  ];
  const details = wrap(facts.join(" · "), columns)
    .slice(0, Math.max(1, Math.floor(lines / 2)))
    .map((line) => paint("quiet", fit(line, columns)));
  const room = lines - 1 - details.length;
  const said = messageLines(preview, columns, room, paint);
  return [rule, ...details, ...said, ...blank(room - said.length)];
}

function messageLines(preview: Preview, columns: number, room: number, paint: Paint): string[] {
  if (preview === undefined) return [];
  if (typeof preview === "string")
    return wrap(printableLine(preview, 400), columns)
      .slice(0, Math.max(0, room))
      .map((line) => paint("quiet", fit(line, columns)));
  const lines: string[] = [];
  // From the last message back, as long as there is room.
  for (const { who, text } of preview.toReversed()) {
    const left = room - lines.length;
    if (left < 1) break;
    // Only as much is laid out as could fit: a message may be a megabyte.
    const seen = printable(text.slice(0, 4 * columns * room)).trim();
    const wrapped = wrap(seen, columns, { first: `${who.padEnd(5)}  `, rest: " ".repeat(7) });
    const most = Math.min(left, lines.length === 0 ? Math.max(1, Math.ceil(room * 0.6)) : 3);
    const cut = wrapped.length > most || seen.length < text.trim().length;
    const kept = wrapped.slice(0, most);
    if (cut && kept.length > 0) kept.push(`${fit(kept.pop()!, columns - 2)} …`);
    lines.unshift(...kept.map((line) => fit(line, columns)));
  }
  return lines.map((line) =>
    /^(?:you|agent) {2}/u.test(line) ? line.replace(/^\S+/u, (who) => paint("accent", who)) : line,
  );
}

function footLines(state: PickerState, columns: number, paint: Paint, most: number): string[] {
  const { busy, note, asking } = state;
  const row = chosenRow(state);
  if (asking?.kind === "delete" && row) {
    const question = `Delete "${labelWords(row, 30)}" for good? y: yes, any other key: no`;
    return [paint("bad", fit(question, columns))];
  }
  if (asking?.kind === "name") return [paint("quiet", fit("enter names it · esc leaves it", columns))];
  const words = busy === undefined ? note : `${busy} …`;
  // Whole, as the command that a note may end with is of no use without its end.
  if (words !== undefined) {
    const lines = wrap(printableLine(words, 400), columns);
    // `fit` marks the last line where there are more.
    if (lines.length > most) lines.push(lines.splice(most - 1).join(" "));
    return lines.map((line) => paint("warning", fit(line, columns)));
  }
  return [paint("quiet", fitKeys(columns))];
}

/** The keys, the most used ones first. */
const keys = [
  "enter go on",
  "esc leave",
  "tab all workspaces",
  "^f in messages",
  "^g Codex's too",
  "^r rename",
  "^x archive",
  "^o fork",
  "^d delete",
];

/** The same in fewer columns: all of them fit into eighty. */
const shortKeys = ["esc", "tab all", "^f text", "^g Codex", "^r name", "^x archive", "^o fork", "^d delete"];

/** All of the keys, or as many as fit. */
function fitKeys(columns: number): string {
  const whole = [keys, shortKeys].map((each) => each.join(" · ")).find((each) => columnsOf(each) <= columns);
  if (whole !== undefined) return whole;
  let line = "";
  for (const key of shortKeys) {
    const longer = line === "" ? key : `${line} · ${key}`;
    if (columnsOf(longer) > columns) break;
    line = longer;
  }
  return line;
}
