import type { FindingEntry } from "./finding-entry.ts";

/** What can be wrong beside a rollout, with its name, or between it and other files: part of the `catalogue`. */
export const besideTheFile = {
  "index-stale": {
    severity: "loss",
    title: "Codex's history index doesn't fit the file any more",
    causes: "turns are missing from what 0.148 and later show, silently; the model still gets them",
    mends: "repair",
  },
  "segment-short": {
    severity: "broken",
    title:
      "bytes are missing before the place at which another file (of a reverted thread, or a fork) goes on from this one",
    causes:
      'every resume of the session that goes on there fails ("cutoff byte offset is past the source rollout"), or goes on with what was reverted',
    mends: "repair",
  },
  "segment-long": {
    severity: "loss",
    title: "bytes too many stand before the place at which another file goes on from this one",
    causes:
      "what was written last before that place isn't sent any more in the session that goes on from there, and nothing is said (0.169)",
    mends: "repair",
  },
  "state-moved": {
    severity: "broken",
    title: "Codex's state database names another place for this session, or no provider",
    causes:
      'a resume by id fails ("no rollout found for thread id", "is archived"; in the app and the terminal "model provider “” … no longer configured") or goes on in the other file',
    mends: "repair",
  },
  "state-untold": {
    severity: "loss",
    title: "Codex's state database has no prompt of this session",
    causes:
      "the lists of 0.169, of the terminal and the app, leave the session out; a resume by its id finds it",
    mends: "repair",
  },
  "state-unreadable": {
    severity: "broken",
    title: "a database beside the sessions can't be read",
    causes:
      'every resume fails in 0.150 and later ("list_turns is not supported yet"), or the list stays empty',
    mends:
      "close Codex (its server too: codex app-server daemon stop) and move the database aside; Codex builds it anew from the sessions",
  },
  "two-files-one-id": {
    severity: "loss",
    title: "two files are the same session",
    causes:
      "the one that the state database names is resumed, else the one with the newer name; what only the other holds is out of view (a conflicted copy counts, too)",
    mends:
      "give the one that you want the session's own name (rollout-<date>-<id>.jsonl), and move the other out of the sessions folder",
  },
  "name-differs": {
    severity: "loss",
    title: "the file's name has another id than its first line, or is of another form than Codex's",
    causes:
      'a resume by one of the two ids finds nothing, or another session; of a name of another form 0.169 refuses the resume: "does not have a canonical rollout filename"',
    mends: "rename the file to the id of its first line",
  },
  unreadable: {
    severity: "broken",
    title: "the file can't be read",
    causes: "no version can resume it",
    mends: "give yourself the right to read it",
  },
  "repair-unfinished": {
    severity: "broken",
    title: "a repair was cut off in the middle",
    causes: "the file may be half repaired",
    mends: "repair",
  },
} as const satisfies Record<string, FindingEntry>;
