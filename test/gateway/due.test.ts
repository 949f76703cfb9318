// Blobs that were refused long enough ago to be tried again: what they cost, and what they may not take along.
import { afterEach, expect, it } from "vitest";
import { bodyOf, completed, created, serve } from "../wire/upstream.ts";
import { prompt } from "../kit/simulator-client.ts";
import { both, client, closeBoth, last, send, sealsIn, talk } from "./client.ts";
import { gatewayTo } from "./kit.ts";

afterEach(closeBoth);

const hour = 3_600_000;

/** A client with so many turns sealed by the first key, so many by both keys' time, and then only the second opens. */
async function rotated(
  before: number,
  meanwhile = 0,
): Promise<{
  say(count: number): Promise<void>;
  later(hours: number): void;
  /** How many sealed items each request had since this was called last. */
  seals(): number[];
  simulator: Awaited<ReturnType<typeof both>>["simulator"];
  lines: string[];
}> {
  const clock = { at: Date.now() };
  const { simulator, gateway } = await both(talk, { now: () => clock.at });
  const codex = client(gateway);
  const say = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn++)
      expect(last(await codex.say(`Turn ${turn}.`))).toBe("response.completed");
  };
  await say(before);
  simulator.reset({ ...talk, seal: { accept_previous: 1 } });
  simulator.rotateKey();
  await say(meanwhile);
  simulator.reset(talk);
  return {
    say,
    later: (hours) => void (clock.at += hours * hour),
    seals: () => {
      const seals = simulator.requests.map(sealsIn);
      simulator.reset();
      return seals;
    },
    simulator,
    lines: gateway.lines,
  };
}

it("what was accepted since stays when the key is still gone, which costs one refused request each time", async () => {
  const { say, later, seals, lines } = await rotated(2);
  await say(3);
  expect(seals()).toEqual([2, 0, 1, 2]);
  later(7);
  await say(2);
  expect(seals()).toEqual([4, 3, 4]);
  expect(lines.at(-2)).toContain(
    "2 sealed items refused once more and left out again (sealed-reasoning-rejected 400 invalid_encrypted_content)",
  );
  later(11);
  await say(1);
  expect(seals()).toEqual([5]);
  later(2);
  await say(1);
  expect(seals()).toEqual([7, 6]);
});

it("all of them are back soon after their key is, and cost no refused request", async () => {
  const { say, later, seals, simulator } = await rotated(6);
  await say(1);
  expect(seals()).toEqual([6, 0]);
  later(7);
  simulator.reset({ ...talk, seal: { accept_previous: 1 } });
  await say(4);
  expect(seals()).toEqual([2, 5, 9, 10]);
});

it("the newest comes first, so that what was sealed with a newer key isn't left out for ever behind an older one's", async () => {
  const { say, later, seals } = await rotated(3, 2);
  await say(1);
  expect(seals()).toEqual([5, 0]);
  later(7);
  await say(3);
  // The fifth; then the fourth and the third, which is dead.
  expect(seals()).toEqual([2, 5, 3, 4]);
  later(13);
  await say(2);
  expect(seals()).toEqual([6, 9, 7]);
});

it("a refusal in words that nobody knows takes none along either", async () => {
  const blob = (fill: string): string => `gAAAAABp${fill.repeat(92)}`;
  const turn = (fill: string): object[] => [
    prompt(fill),
    { type: "reasoning", id: `rs_${fill}`, summary: [], encrypted_content: blob(fill) },
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "Said." }] },
  ];
  const asked: string[] = [];
  const url = await serve(async (request, response) => {
    const body = await bodyOf(request);
    const seals = ["A", "B", "C", "D"].filter((fill) => body.includes(blob(fill)));
    asked.push(seals.join(""));
    if (seals.includes("A") || seals.includes("B")) {
      response.writeHead(400, { "content-type": "application/json" });
      return void response.end('{"error":{"message":"Vorgang 4711 abgelehnt"}}');
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`${created}${completed}`);
  });
  const clock = { at: Date.now() };
  const gateway = await gatewayTo(url, { now: () => clock.at });
  const old = [...turn("A"), ...turn("B")];
  await send(gateway, [...old, prompt("three")]);
  await send(gateway, [...old, ...turn("C"), prompt("four")]);
  clock.at += 7 * hour;
  await send(gateway, [...old, ...turn("C"), prompt("five")]);
  await send(gateway, [...old, ...turn("C"), ...turn("D"), prompt("six")]);
  expect(asked).toEqual(["AB", "", "C", "BC", "C", "CD"]);
});
