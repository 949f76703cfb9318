import { describe, expect, it } from "vitest";
import { approver } from "./approval.ts";

const request = { title: "Run a command", detail: "ls" };
const { signal } = new AbortController();

describe("approvals", () => {
  it("are denied without a terminal, with the words that say how to allow them", async () => {
    const answer = await approver("ask", undefined)(request, signal);
    expect(answer).toMatchObject({ allowed: false, why: expect.stringContaining("--approval all") });
  });

  it("ask one question at a time when calls run in parallel", async () => {
    let open = 0;
    let most = 0;
    const approve = approver("ask", async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 5));
      open--;
      return true;
    });
    const answers = await Promise.all([
      approve(request, signal),
      approve(request, signal),
      approve(request, signal),
    ]);
    expect(answers).toEqual([{ allowed: true }, { allowed: true }, { allowed: true }]);
    expect(most).toBe(1);
  });

  it("ask nobody any more once the turn is cancelled", async () => {
    const controller = new AbortController();
    let asked = 0;
    const approve = approver("ask", () => {
      asked++;
      controller.abort();
      return Promise.resolve(false);
    });
    await Promise.all([approve(request, controller.signal), approve(request, controller.signal)]);
    expect(asked).toBe(1);
  });
});
