import { Failure } from "../../failure.ts";
import { type Invocation, optionText } from "./command.ts";

/** The step number that `--from-step` gives. Throws `usage` for anything that isn't one. */
export function stepNumber(invocation: Invocation): number | undefined {
  const text = optionText(invocation, "fromStep");
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/u.test(text)) return Number(text);
  throw new Failure(
    "usage",
    `--from-step takes the number of a step, as throughline show prints it, not "${text}".`,
    {},
  );
}
