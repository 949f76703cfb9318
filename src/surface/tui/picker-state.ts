import type { Listed } from "../codex-sessions.ts";

/** The rows of one list: of this workspace, or of all of them. */
export interface PickerRows {
  /** Newest activity first. */
  readonly rows: readonly Listed[];
  readonly everywhere: boolean;
  /** Whether Codex's own sessions are among them. */
  readonly codex: boolean;
  /** Sessions of other workspaces, and archived ones, that are left out. */
  readonly elsewhere: number;
  readonly archived: number;
}

/** What the picker asks for: a new name, typed in place of the search, or, with "delete", one key that confirms. */
export type Asking = { kind: "name"; text: string } | { kind: "delete" };

/** The picker: its rows, what was typed, and what is chosen. It is changed by `pickerStep` alone. */
export interface PickerState extends PickerRows {
  readonly query: string;
  /** Indexes of the rows that match the query; `at` is the place among them of the chosen one. */
  readonly shown: readonly number[];
  readonly at: number;
  /** The place among `shown` of the first row on the screen, and how many rows fit there. */
  readonly top: number;
  readonly page: number;
  /** The sessions whose messages have every word of this query. */
  readonly said?: { readonly query: string; readonly ids: ReadonlySet<string> };
  readonly asking?: Asking;
  /** What is being done to a session; other changes have to wait for its end. */
  readonly busy?: string;
  /** What was done, or why it failed; gone with the next key. */
  readonly note?: string;
}

/** What changes the picker: a key, or something that was read. */
export type PickerAction =
  /** `keep`: the session to choose, for which a search that hides it is cleared; without it the chosen one stays. */
  | { kind: "rows"; rows: PickerRows; keep?: string }
  | { kind: "type"; text: string }
  | { kind: "erase"; what: "character" | "word" | "all" }
  | { kind: "move"; by: number | "page-up" | "page-down" | "first" | "last" }
  | { kind: "page"; lines: number }
  | { kind: "said"; query: string; ids: ReadonlySet<string> }
  | { kind: "ask"; asking: Asking | undefined }
  | { kind: "busy"; words: string }
  | { kind: "note"; words: string };

/** The picker as it opens, with the first row chosen. */
export function pickerState(rows: PickerRows): PickerState {
  return { ...rows, query: "", shown: rows.rows.map((_, index) => index), at: 0, top: 0, page: 1 };
}

/** The chosen session; none where nothing is shown. */
export function chosenRow({ rows, shown, at }: PickerState): Listed | undefined {
  return rows[shown[at] ?? -1];
}

/** The picker after an action. Pure. */
export function pickerStep(state: PickerState, action: PickerAction): PickerState {
  const { note: _note, ...before } = state;
  switch (action.kind) {
    case "rows":
      return withRows(before, action.rows, action.keep);
    case "type":
      return before.asking?.kind === "name"
        ? { ...before, asking: { kind: "name", text: before.asking.text + action.text } }
        : searched(before, before.query + action.text);
    case "erase":
      return before.asking?.kind === "name"
        ? { ...before, asking: { kind: "name", text: shorter(before.asking.text, action.what) } }
        : searched(before, shorter(before.query, action.what));
    case "move":
      return scrolled({ ...before, at: moved(before, action.by) });
    case "page":
      return scrolled({ ...state, page: Math.max(1, action.lines) });
    case "said": {
      if (action.query !== before.query) return state;
      const { busy: _busy, ...rest } = before;
      return searched({ ...rest, said: { query: action.query, ids: action.ids } }, action.query);
    }
    case "ask": {
      const { asking: _asking, ...rest } = before;
      return action.asking === undefined ? rest : { ...rest, asking: action.asking };
    }
    case "busy":
      return { ...before, busy: action.words };
    case "note": {
      const { busy: _busy, ...rest } = before;
      return { ...rest, note: action.words };
    }
  }
}

function withRows(state: PickerState, rows: PickerRows, keep: string | undefined): PickerState {
  const { busy: _busy, ...rest } = state;
  const wanted = keep ?? chosenRow(state)?.id;
  const search = (query: string): PickerState => {
    const next: PickerState = { ...rest, ...rows, query };
    const shown = matching(next, query, undefined);
    const found = shown.findIndex((index) => rows.rows[index]?.id === wanted);
    if (found < 0 && keep !== undefined && query !== "") return search("");
    const nearest = Math.min(state.at, Math.max(0, shown.length - 1));
    return scrolled({ ...next, shown, at: found < 0 ? nearest : found });
  };
  return search(state.query);
}

/** The state with another query; the first match is chosen. */
function searched(state: PickerState, query: string): PickerState {
  const narrower = query.startsWith(state.query) && state.said?.query !== query ? state.shown : undefined;
  return scrolled({ ...state, query, shown: matching(state, query, narrower), at: 0, top: 0 });
}

function matching(
  { rows, said }: PickerState,
  query: string,
  among: readonly number[] | undefined,
): readonly number[] {
  const words = query.toLowerCase().split(/\s+/u).filter(Boolean);
  if (words.length === 0) return rows.map((_, index) => index);
  const ids = said?.query === query ? said.ids : undefined;
  return (among ?? rows.map((_, index) => index)).filter((index) => {
    const row = rows[index]!;
    const text = textOf(row);
    return words.every((word) => text.includes(word) || row.id.startsWith(word)) || ids?.has(row.id) === true;
  });
}

/**
 * Prepares the text that a search looks at for `most` rows from `from` on, ahead of the first key. Returns where to go on; `undefined` when
 * all rows are prepared.
 */
export function readySearch(rows: readonly Listed[], from: number, most: number): number | undefined {
  const to = Math.min(rows.length, from + most);
  for (let at = from; at < to; at++) textOf(rows[at]!);
  return to < rows.length ? to : undefined;
}

/** The text of each row that a query is matched with, in lower case. */
const texts = new WeakMap<Listed, string>();

function textOf(row: Listed): string {
  let text = texts.get(row);
  if (text === undefined) {
    const { name = "", title = "", origin = "", settings, workspace, holder, status, reason = "" } = row;
    const { model, effort = "" } = settings;
    const standing = holder ? "running" : status;
    text =
      `${name}\n${title}\n${model}/${effort}\n${workspace.gitBranch ?? ""}\n${workspace.path}\n${standing} ${reason}\n${origin}`.toLowerCase();
    texts.set(row, text);
  }
  return text;
}

function moved({ at, page, shown }: PickerState, by: (PickerAction & { kind: "move" })["by"]): number {
  const last = Math.max(0, shown.length - 1);
  switch (by) {
    case "first":
      return 0;
    case "last":
      return last;
    case "page-up":
      return Math.max(0, at - page);
    case "page-down":
      return Math.min(last, at + page);
    default:
      return Math.min(last, Math.max(0, at + by));
  }
}

/** Scrolls as little as needed to have the chosen row on the screen, and never leaves room below the last row while there are rows above. */
function scrolled(state: PickerState): PickerState {
  const { at, page, shown } = state;
  const top = Math.min(Math.max(state.top, at - page + 1), at, Math.max(0, shown.length - page));
  return top === state.top ? state : { ...state, top };
}

/** The text without its last grapheme, its last word, or all of it. */
function shorter(text: string, what: "character" | "word" | "all"): string {
  if (what === "all") return "";
  if (what === "word") return text.replace(/\S*\s*$/u, "");
  const last = Array.from(new Intl.Segmenter().segment(text)).at(-1);
  return last ? text.slice(0, last.index) : "";
}
