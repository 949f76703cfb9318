import { Failure } from "../../failure.ts";
import { type Invocation, optionText } from "./command.ts";

/** The step number that an option gives. Throws `usage` for anything that isn't one. */
export function stepNumber(invocation: Invocation, option: string): number | undefined {
  const text = optionText(invocation, option);
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/u.test(text)) return Number(text);
  throw new Failure(
    "usage",
    `--from-step takes the number of a step, as throughline show prints it, not "${text}".`,
    {},
  );
}
