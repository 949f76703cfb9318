import { Failure, isFailureOf } from "../../failure.ts";
import { advised, withoutAdvice } from "../../failure/message.ts";
import { printableLine } from "../../lib/printable.ts";
import { canGo } from "../../recovery/first-remedies.ts";
import type { ModelRequest } from "../../provider.ts";
import type { StreamedBody } from "./body.ts";

/**
 * A refusal of a parameter that isn't sent (a gateway has added it) names none any more: to leave it out would make the refused request
 * again. `bodyOf` is the wire's own; `sent` is what it made of this request.
 */
export async function withoutUnsent(
  failure: Failure,
  request: ModelRequest,
  sent: StreamedBody,
  bodyOf: (request: ModelRequest) => StreamedBody | Promise<StreamedBody>,
): Promise<Failure> {
  const parameter = isFailureOf(failure, "parameter-unsupported") ? failure.data.parameter : undefined;
  // Members of items are the projection's; what no request can do without is sent, and stays.
  if (parameter === undefined || !canGo(parameter)) return failure;
  const other = await bodyOf({ ...request, without: [...(request.without ?? []), parameter] });
  if (!(await isSame(other, sent))) return failure;
  const { message, signal } = failure;
  const refused = withoutAdvice(message).replace(/\.$/u, "");
  const happened = `${refused}; without ${printableLine(parameter, 60)} the same request would go out again: a gateway before the provider may add it.`;
  return new Failure(
    "parameter-unsupported",
    advised(happened, "parameter-unsupported"),
    {},
    signal === undefined ? {} : { signal },
  );
}

/** Whether two bodies that are made in the same way hold the same bytes. */
async function isSame(left: StreamedBody, right: StreamedBody): Promise<boolean> {
  if (left.bytes !== right.bytes) return false;
  const others = right.chunks()[Symbol.asyncIterator]();
  try {
    for await (const chunk of left.chunks()) {
      const other = await others.next();
      if (other.done === true || Buffer.compare(chunk, other.value) !== 0) return false;
    }
    return true;
  } finally {
    await others.return?.();
  }
}
