// A backend that says of seals that it can't open that the token has expired (failures.md row 12).
import { expect, it } from "vitest";
import { step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { eventsOf, wholeLines } from "../kit/survival.ts";
import { withRig } from "../kit/rig.ts";

const turns: ScenarioInput["turn"] = [turn(/./, step("Done.", { reason: "hm" }))];

it("costs one request without them, once", () =>
  withRig({ turn: turns, seal: { age: "24d", refusal: "token-expired" } }, async (rig) => {
    expect((await rig.run(["exec", "One."])).status).toBe(0);
    rig.simulator.rotateKey();
    for (const requests of [3, 4]) {
      const { status, err } = await rig.run(["resume", "--last", "More."]);
      expect(status, err).toBe(0);
      expect(rig.simulator.requests).toHaveLength(requests);
      if (requests === 3)
        expect(err).toMatch(/^\+ .*taken without reasoning sealed 24 days ago; 1 item set aside/mu);
    }
  }));

it("and a token that has really expired is told as that, with every seal kept", () => {
  const expired = {
    kind: "status",
    status: 401,
    code: "token_expired",
    message: "The token is expired.",
  } as const;
  return withRig({ turn: turns, fault: [{ ...expired, request: 2, times: 2 }] }, async (rig) => {
    expect((await rig.run(["exec", "One."])).status).toBe(0);
    const { status, err } = await rig.run(["resume", "--last", "Two."]);
    expect([status, err]).toEqual([1, expect.stringContaining("[auth-expired")]);
    expect(rig.simulator.requests).toHaveLength(3);
    expect(eventsOf(wholeLines(rig.log(rig.id()))).map(({ type }) => type)).not.toContain(
      "items-quarantined",
    );
    expect((await rig.run(["resume", "--last"])).status).toBe(0);
    expect(JSON.stringify(rig.simulator.requests.at(-1)?.body)).toContain('encrypted_content":');
  });
});
