/** What stands at the ends of a rollout that somebody should know of. `throughline doctor` looks at all of it. */
export type Flaw =
  /** Nothing in it. */
  | "empty"
  /** The pointer of git-lfs in the place of the file. */
  | "git-lfs"
  /** The first line is no header: Codex refuses the file. */
  | "no-header"
  /** A program has written it anew, so that no line of it is a record (`Layout`). */
  | "other-layout"
  | "bom"
  /** NUL bytes at the end: the file system lost what was written. */
  | "nul-tail"
  /** The last line is not whole. */
  | "torn-tail"
  /** The last record of a paginated file has no ordinal: Codex 0.148 and later refuse it. */
  | "no-ordinal"
  /** The last turn was never ended. */
  | "open-turn"
  /** It can't be unpacked, or not be opened. */
  | "unreadable";
