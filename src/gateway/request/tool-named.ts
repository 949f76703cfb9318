import { Failure, isFailureOf } from "../../failure.ts";
import type { TakenRequest } from "./taken-request.ts";

/** A tool that is named by its place is meant by its type, or by its name where it is a function: places change from request to request. */
export function withToolNamed(failure: Failure, taken: TakenRequest): Failure {
  if (!isFailureOf(failure, "parameter-unsupported")) return failure;
  const place = /^tools\[(\d+)\]/u.exec(failure.data.parameter ?? "")?.[1];
  const tool = place === undefined ? undefined : taken.toolAt(Number(place));
  if (tool === undefined) return failure;
  const { signal } = failure;
  return new Failure(
    failure.class,
    failure.message,
    { parameter: `tools[${tool}]` },
    signal === undefined ? {} : { signal },
  );
}
