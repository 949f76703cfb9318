import { Failure } from "../../failure.ts";
import type { ListedSession } from "../../store.ts";
import { readAge } from "./age.ts";
import { type Invocation, optionText } from "../command/command.ts";
import { statuses } from "../command/options.ts";

/** One filter of a list: its name for the line that counts what is hidden, and which sessions it keeps. */
export interface Filter {
  /** As it was given: `--model gpt-5.5`. */
  given: string;
  keeps(session: ListedSession): boolean;
}

/** The filters that the options of `sessions` ask for. Throws `usage` for a value that isn't valid. */
export function filtersOf(invocation: Invocation, now: number): Filter[] {
  const filters: Filter[] = [];
  const add = (name: string, make: (text: string) => Filter["keeps"]): void => {
    const text = optionText(invocation, name);
    if (text !== undefined) filters.push({ given: `--${name} ${text}`, keeps: make(text) });
  };
  add("model", ofModel);
  add("since", (text) => activeSince(text, now));
  add("status", ofStatus);
  return filters;
}

/** Whether `--status` asks for archived sessions, which a list otherwise leaves out. */
export function wantsArchived(invocation: Invocation): boolean {
  return wordsOf(optionText(invocation, "status") ?? "").includes("archived");
}

/** A part of the model's name, or of `model/effort`. */
function ofModel(text: string): Filter["keeps"] {
  const wanted = text.toLowerCase();
  return ({ settings: { model, effort = "" } }) => `${model}/${effort}`.toLowerCase().includes(wanted);
}

/** One status or several: `failed,limited`. A session that a process holds counts as running, whatever its log says. */
function ofStatus(text: string): Filter["keeps"] {
  const wanted = wordsOf(text);
  const unknown = wanted.find((word) => !statuses.includes(word));
  if (unknown !== undefined)
    throw new Failure("usage", `There is no status "${unknown}". They are: ${statuses.join(", ")}.`, {});
  return ({ holder, status, archived }) =>
    wanted.includes(holder ? "running" : status) || (archived === true && wanted.includes("archived"));
}

const wordsOf = (text: string): string[] => text.split(",").map((word) => word.trim());

function activeSince(text: string, now: number): Filter["keeps"] {
  const since = momentOf(text, now);
  return ({ updated }) => updated >= since;
}

/** Whether the calendar has it: JavaScript takes the 30th of February for the 2nd of March. */
function isDay(date: string): boolean {
  const midnight = Date.parse(`${date}T00:00Z`);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(date);
}

/** Milliseconds since 1970 of an age (`30m`, `2h`, `7d`, `2w`) or of a date (`2026-11-20`, midnight here; with a time: `2026-11-20T14:30`). */
export function momentOf(text: string, now: number): number {
  const age = readAge(text);
  if (age !== undefined) return now - age;
  if (/^\d{4}-\d{2}-\d{2}(?:[T ][\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?$/u.test(text.trim())) {
    const day = text.trim();
    // JavaScript takes a date without a time for midnight UTC; people mean midnight where they are.
    const moment = Date.parse(day.length === 10 ? `${day}T00:00` : day);
    if (!Number.isNaN(moment) && isDay(day.slice(0, 10))) return moment;
  }
  throw new Failure(
    "usage",
    `"${text}" is no time: give an age (30m, 2h, 7d, 2w) or a date (2026-11-20).`,
    {},
  );
}
