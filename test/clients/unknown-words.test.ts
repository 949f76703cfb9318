// An endpoint that refuses what is replayed in words that nobody knows: what it takes is found out, and nothing else is set aside.
import { describe, it } from "vitest";
import { type Desk, openDesk } from "./desk.ts";
import type { Item, Refusal } from "./requirements.ts";

const all = ["--approval", "all"];
const words = "Vorgang 4711 abgelehnt";
const refusals: Readonly<Record<string, Refusal>> = {
  "a body": { status: 400, body: { error: { message: words, type: "invalid_request_error" } } },
  "bare text": { status: 422, body: words },
  "an event": {
    status: 200,
    body: { type: "error", sequence_number: 1, error: { message: words, type: "invalid_request_error" } },
  },
};

const blobsOf = (input: readonly Item[]): string[] =>
  input.flatMap((item) => (typeof item["encrypted_content"] === "string" ? [item["encrypted_content"]] : []));
const outcomes = (desk: Desk): string[] =>
  desk.upstream.requests.map(({ outcome }) => outcome.split(":")[0] ?? "");
const repairs = (desk: Desk): unknown[] =>
  desk.log().flatMap((event) => (event["type"] === "items-quarantined" ? [event["scope"]] : []));

/** A turn with two calls and three sealed items; resolves to the blobs that were sent back. */
async function worked(desk: Desk): Promise<string[]> {
  desk.upstream.script("first", [{ run: "echo 1" }], [{ run: "echo 2" }], [{ say: "Two." }]);
  await desk.run(["exec", ...all, "first"]);
  const sent = blobsOf(desk.upstream.requests.at(-1)?.input ?? []);
  if (sent.length !== 2) throw new Error(`${sent.length} sealed items`);
  desk.upstream.requests.length = 0;
  return sent;
}

describe.concurrent("a refusal in words that nobody knows", () => {
  it.for(Object.entries(refusals))(
    "of sealed reasoning (%s) costs one request, once",
    async ([, refusal], { expect, onTestFinished }) => {
      const desk = await openDesk(onTestFinished);
      const dead = await worked(desk);
      desk.upstream.demands.push((_, input) =>
        blobsOf(input).some((blob) => dead.includes(blob)) ? refusal : undefined,
      );
      const run = await desk.run(["exec", "resume", "--last", ...all, "second"]);
      expect(run, run.err).toMatchObject({ status: 0 });
      expect(outcomes(desk)).toEqual(["refused", "answered"]);
      expect(run.err).toMatch(/^! .*words that are not known.*Vorgang 4711 abgelehnt.*trying it without/mu);
      expect(run.err).toMatch(
        /^\+ .*taken without reasoning.*set aside; all messages and tool results kept/mu,
      );
      expect(repairs(desk)).toMatchObject([{ kind: "issuer" }]);
      for (const prompt of ["third", "fourth"]) await desk.run(["exec", "resume", "--last", ...all, prompt]);
      expect(outcomes(desk)).toEqual(["refused", "answered", "answered", "answered"]);
      // Those that came since are used.
      expect(blobsOf(desk.upstream.requests.at(-1)!.input).length).toBeGreaterThan(0);
    },
  );

  it("of what a call is sent as ends as a transcript, and takes no seal along", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    await worked(desk);
    desk.upstream.demands.push((_, input) =>
      input.some(({ type }) => type === "function_call") ? refusals["a body"] : undefined,
    );
    const run = await desk.run(["exec", "resume", "--last", ...all, "second"]);
    expect(run, run.err).toMatchObject({ status: 0 });
    expect(outcomes(desk).length).toBeLessThanOrEqual(7);
    expect(repairs(desk)).toMatchObject([{ kind: "transcript" }]);
    expect(JSON.stringify(desk.upstream.requests.at(-1)!.input)).toContain("echo 2");
    desk.upstream.requests.length = 0;
    await desk.run(["exec", "resume", "--last", ...all, "third"]);
    expect(outcomes(desk)).toEqual(["answered"]);
  });

  it("of a history that is too long ends with shorter outputs, and costs nothing from then on", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    const long = Array.from({ length: 3 }, (_none, at) => [{ run: `seq ${at}00000 ${at}04000` }]);
    desk.upstream.script("first", ...long, [{ say: "Three." }]);
    await desk.run(["exec", ...all, "first"]);
    const sizes = desk.upstream.requests.map(({ raw }) => raw.length);
    desk.upstream.requests.length = 0;
    const limit = sizes[0]! + (sizes.at(-1)! - sizes[0]!) / 2;
    desk.upstream.demands.push((body) =>
      JSON.stringify(body).length > limit ? refusals["a body"] : undefined,
    );
    const run = await desk.run(["exec", "resume", "--last", ...all, "second"]);
    expect(outcomes(desk).length).toBeLessThanOrEqual(7);
    expect(run.err).toMatch(/^\+ 3 tool outputs shortened in requests; the log keeps them whole/mu);
    expect(repairs(desk)).toMatchObject([{ kind: "outputs" }]);
    desk.upstream.requests.length = 0;
    await desk.run(["exec", "resume", "--last", ...all, "third"]);
    expect(outcomes(desk)).toEqual(["answered"]);
  });

  it("hides another one in known words: both are healed", async ({ expect, onTestFinished }) => {
    const desk = await openDesk(onTestFinished);
    const dead = await worked(desk);
    desk.upstream.demands.push(
      (_, input) => (blobsOf(input).some((blob) => dead.includes(blob)) ? refusals["a body"] : undefined),
      (body) =>
        "prompt_cache_key" in body
          ? { status: 400, body: { error: { message: "Unknown parameter: 'prompt_cache_key'." } } }
          : undefined,
    );
    const run = await desk.run(["exec", "resume", "--last", ...all, "second"]);
    expect(run, run.err).toMatchObject({ status: 0 });
    expect(outcomes(desk)).toEqual(["refused", "refused", "answered"]);
    expect(repairs(desk)).toMatchObject([{ kind: "issuer" }, { kind: "parameter" }]);
  });

  it("of whatever is sent ends the turn, and leaves the session as it was", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    const sealed = await worked(desk);
    desk.upstream.demands.push(() => refusals["a body"]);
    const run = await desk.run(["exec", "resume", "--last", ...all, "second"]);
    expect(run, run.err).toMatchObject({ status: 1 });
    expect(run.err).toContain(words);
    expect(outcomes(desk).length).toBeLessThanOrEqual(7);
    expect(repairs(desk)).toEqual([]);
    desk.upstream.demands.length = 0;
    desk.upstream.requests.length = 0;
    expect((await desk.run(["exec", "resume", "--last", ...all, "third"])).status).toBe(0);
    expect(outcomes(desk)).toEqual(["answered"]);
    expect(blobsOf(desk.upstream.requests[0]!.input)).toEqual(expect.arrayContaining(sealed));
  });

  it("of a first message is told at once", async ({ expect, onTestFinished }) => {
    const desk = await openDesk(onTestFinished);
    desk.upstream.demands.push(() => refusals["a body"]);
    const run = await desk.run(["exec", ...all, "first"]);
    expect(run, run.err).toMatchObject({ status: 1 });
    expect(outcomes(desk)).toEqual(["refused"]);
  });
});
