import { Failure, isFailureOf } from "../../failure.ts";
import type { TakenRequest } from "./taken-request.ts";

/** A tool that is named by its place is meant by its type, or by its name where it is a function: places change from request to request. */
export function withToolNamed(failure: Failure, taken: TakenRequest): Failure {
  if (!isFailureOf(failure, "parameter-unsupported")) return failure;
  const place = /^tools\[(\d+)\]/u.exec(failure.data.parameter ?? "")?.[1];
  const { signal } = failure;
  const tool = place === undefined ? undefined : taken.toolAt(Number(place), isOfItself(failure));
  if (tool === undefined) return failure;
  return new Failure(
    failure.class,
    failure.message,
    { parameter: `tools[${tool}]` },
    signal === undefined ? {} : { signal },
  );
}

/** Whether a tool is refused for what it says of itself (its name, its schema), and not for its kind. */
export const isOfItself = ({ signal }: Failure): boolean =>
  /\btools\[\d+\]\.(?!type\b)\w/u.test(signal?.param ?? signal?.message ?? "");
