/** How an item is sent; none of them: it is left out. */
export const flag = {
  sent: 1,
  /** Without its item id. */
  detached: 2,
  /** A call that is followed by an answer in place of the output that it doesn't have. */
  answered: 4,
  /** An output without a call, as a message. */
  note: 8,
  /** With another call id. */
  renamed: 16,
  /** As a message in words. */
  told: 32,
  /** Reasoning without its words. */
  wordless: 64,
  /** Without its thought signature. */
  unsigned: 128,
  /** Under another role. */
  recast: 256,
  /** With placeholders for its images and files. */
  placeheld: 512,
  /** With placeholders for its images and files that are too large. */
  trimmed: 1_024,
  /** With the head and the tail of its output only. */
  shortened: 2_048,
  /** Without what is sealed in it. */
  unsealed: 4_096,
} as const;

/** Flags for which an item's bytes have to be looked at. */
export const rewritten =
  flag.note |
  flag.renamed |
  flag.told |
  flag.wordless |
  flag.unsigned |
  flag.recast |
  flag.placeheld |
  flag.trimmed |
  flag.shortened |
  flag.unsealed;
