// fast-check whose properties try the same cases in every run: a change is refused for what it does, and not for the day's luck.
import * as fc from "fast-check";

// Other cases, as for a search that takes its time: `THROUGHLINE_SEED=$RANDOM npx vitest run …`.
// A list may be as long as it is said to be: by itself fast-check makes none of more than ten.
fc.configureGlobal({
  seed: Number(process.env["THROUGHLINE_SEED"] ?? 20_261_122),
  defaultSizeToMaxWhenMaxSpecified: true,
});

export { fc };
