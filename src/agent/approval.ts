import type { Settings } from "../session/event.ts";
import type { Approval, ApprovalRequest } from "../tool.ts";

/** Asks the person and resolves to whether they allow it; `undefined` where there is nobody to ask. */
export type Ask = ((request: ApprovalRequest, signal: AbortSignal) => Promise<boolean>) | undefined;

/**
 * Answers what tools ask for by the session's policy. Denied calls are answered, never left open: the answer says how to allow them, so
 * that the model can tell the person.
 */
export function approver(
  policy: Settings["approval"],
  ask: Ask,
): (request: ApprovalRequest, signal: AbortSignal) => Promise<Approval> {
  // Parallel calls ask one after another: a person answers one question at a time.
  let asked: Promise<unknown> = Promise.resolve();
  return async (request, signal) => {
    if (policy === "all") return { allowed: true };
    if (policy === "none") return denied("this session runs with --approval none");
    if (!ask) return denied("it needs approval and there is no terminal to ask on");
    const answer = asked.then(() => !signal.aborted && ask(request, signal));
    asked = answer.catch(() => false);
    if (await answer) return { allowed: true };
    return denied(signal.aborted ? "the turn was cancelled" : "the person said no");
  };
}

const denied = (why: string): Approval => ({
  allowed: false,
  why: `Denied: ${why}. It did not run. To allow it, the person can run this session again with --approval all, or in a terminal with --approval ask.`,
});
