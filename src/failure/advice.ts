/**
 * What a person can do about a failure, as words with steps in them. A step is done differently at each surface (a command at a shell, a
 * key or a slash command in the terminal interface, a command of Codex's), so that each has a `Wording` of its own and patches no sentence.
 */

/** A step that goes on with the session, and how. */
export type ResumeStep = "go-on" | "other-words" | "continue" | "other-model" | "other-provider";

/** What a surface has its own words for. */
export type Step = ResumeStep | "wait" | "settings" | "earlier-step" | "look" | "begin-anew";

/** Words, and steps between them. */
export type Advice = readonly (string | { readonly step: Step })[];

/** A surface's words for each step, as they stand in a sentence. */
export type Wording = Readonly<Record<Step, string>>;

/** "go on with …". */
export const goOn = { step: "go-on" } as const;
/** Behind "say it differently": how. */
export const inOtherWords = { step: "other-words" } as const;
/** Asks for the rest of an answer that was cut. */
export const sayContinue = { step: "continue" } as const;
export const withOtherModel = { step: "other-model" } as const;
export const withOtherProvider = { step: "other-provider" } as const;
/** Behind "go on after the reset": or by itself, where the surface can. */
export const orWait = { step: "wait" } as const;
/** The options of the model and its effort. */
export const settings = { step: "settings" } as const;
/** The option that goes back. */
export const fromEarlierStep = { step: "earlier-step" } as const;
export const look = { step: "look" } as const;
export const beginAnew = { step: "begin-anew" } as const;

/** What stands behind the session in the command that takes a step. */
export const resumeArguments: Readonly<Record<ResumeStep, string>> = {
  "go-on": "",
  "other-words": ' "…"',
  continue: ' "continue"',
  "other-model": " --model NAME",
  "other-provider": " --provider NAME",
};

/** The words for a shell. Without a session those of a text that knows none: the newest one, and SESSION where there is no such option. */
export function shellWording(session?: string): Wording {
  const resume = (step: ResumeStep): string =>
    `\`throughline resume ${session ?? "--last"}${resumeArguments[step]}\``;
  const named = session ?? "SESSION";
  return {
    "go-on": `go on with ${resume("go-on")}`,
    "other-words": `: ${resume("other-words")}`,
    continue: `go on with ${resume("continue")}`,
    "other-model": resume("other-model"),
    "other-provider": resume("other-provider"),
    wait: ", or let it wait with `--wait`",
    settings: "`--effort`, `--model`",
    "earlier-step": "`--from-step N`",
    look: `\`throughline show ${named}\``,
    "begin-anew": `\`throughline clear ${named}\``,
  };
}

/** An advice in a surface's words. */
export const adviceWords = (advice: Advice, wording: Wording = shellWording()): string =>
  advice.map((part) => (typeof part === "string" ? part : wording[part.step])).join("");

/** The way to go on that an advice names; plainly, where it names none. */
export const resumeStepIn = (advice: Advice): ResumeStep =>
  advice.map(resumeStepOf).find((step) => step !== undefined) ?? "go-on";

/** Whether an advice begins with going on: whoever names the command that goes on needs no such advice. */
export const beginsWithGoingOn = ([first = ""]: Advice): boolean => resumeStepOf(first) !== undefined;

const resumeStepOf = (part: Advice[number]): ResumeStep | undefined =>
  typeof part !== "string" && part.step in resumeArguments ? (part.step as ResumeStep) : undefined;
