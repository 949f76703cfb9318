import { again, type CatalogueEntry } from "../entry.ts";

/** Limits, outages, accounts and what the model or its policy refuses. */
export const provider = {
  "usage-limit": {
    area: "limit",
    means: "The plan's usage limit is reached",
    does: "Parks the session until the window resets and doesn't ask before; with `--wait` it goes on by itself, once",
    youCan: "go on after the reset with `throughline resume --last`, or let it wait with `--wait`",
    exit: 4,
    rows: [35, 36, 37],
  },
  "rate-limit": {
    area: "limit",
    means: "Too many requests or tokens in a short time",
    does: "Waits as long as the provider asks, with jitter, and tries again, a bounded number of times; a wait of more than a minute ends the turn",
    youCan: again,
    exit: 4,
    rows: [38],
  },
  billing: {
    area: "limit",
    means: "The account has no credit left, or its spending limit is reached",
    does: "Stops; nothing is tried again by itself",
    youCan: "check the provider's billing page, then go on with `throughline resume --last`",
    exit: 1,
    rows: [39],
  },
  overloaded: {
    area: "outage",
    means: "The provider is overloaded or had an internal error",
    does: "Tries again with exponential backoff and jitter, a bounded number of times",
    youCan: again,
    exit: 1,
    rows: [40],
  },
  "transport-interrupted": {
    area: "outage",
    means: "The connection to the provider could not be made or broke",
    does: "Waits for the tools in flight, logs their outputs, and tries again with a request made anew from the log, a bounded number of times",
    youCan: again,
    exit: 1,
    rows: [41, 42],
  },
  "auth-expired": {
    area: "account",
    means: "The credential has expired or was revoked",
    does: "Asks once without sealed reasoning where the code is `token_expired`, which the ChatGPT backend says of seals, too; else stops. The session is whole",
    youCan: "renew the credential, then go on with `throughline resume --last`",
    exit: 1,
    rows: [12, 44],
  },
  "auth-denied": {
    area: "account",
    means: "The provider refuses the credential or the access",
    does: "Stops; the session is whole",
    youCan:
      "check the key (`OPENAI_API_KEY`, `ANTHROPIC_API_KEY` or the provider's `env_key`) and the base URL, then go on with `throughline resume --last`",
    exit: 1,
    rows: [45],
  },
  "model-missing": {
    area: "account",
    means: "The provider doesn't have this model, or the account may not use it",
    does: "Stops; the session is whole",
    youCan: "choose another model: `throughline resume --last --model NAME`",
    exit: 1,
    rows: [46],
  },
  "parameter-unsupported": {
    area: "model",
    means: "The provider refuses a parameter of the request",
    does: "Leaves the parameter out, from now on and for this model, where a request can go without it; stops otherwise",
    youCan:
      "change the setting that it names (`--effort`, `--model`), then go on with `throughline resume --last`",
    exit: 1,
    rows: [47],
  },
  refusal: {
    area: "model",
    means: "The provider refuses the content under its policy",
    does: "Stops; the request is not sent again by itself",
    youCan:
      'say it differently: `throughline resume --last "…"`; what was refused is still in the session: where that is refused too, leave it out with `--from-step N` (the step before it, as `throughline show SESSION` numbers them), or begin anew: `throughline clear SESSION`',
    exit: 1,
    rows: [48],
  },
  "output-limit": {
    area: "model",
    means: "The answer was cut at the model's output limit",
    does: "Keeps what was delivered and ends the turn; so it does where an answer comes to more than 256 MB",
    youCan: 'go on with `throughline resume --last "continue"`',
    exit: 1,
    rows: [],
  },
  "unknown-provider-failure": {
    area: "outage",
    means: "The provider refused the request for a reason that is not in the catalogue",
    does: "Sends a refused request (400, 409, 422) again without what may be the cause, least first, at most six times; what the provider takes is logged, and what doesn't help is left as it was. Ends the turn with the provider's words when nothing helps, and at once for other 4xx; otherwise tries twice more. The session is whole",
    youCan:
      "look at it with `throughline show SESSION`; where a page, a redirect, a 404 or an answer without output comes back, check the base URL; then go on with `throughline resume --last`",
    exit: 1,
    rows: [],
  },
} as const satisfies Record<string, CatalogueEntry>;
