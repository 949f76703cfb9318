import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
  closeSync,
  mkdtempSync,
} from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fc } from "../kit/property.ts";
import { afterEach, expect, it } from "vitest";
import { Ledger } from "../../src/gateway/memory/ledger.ts";
import { FernetKey } from "../clients/fernet.ts";
import { ask, closeAll, gatewayTo, type Tried } from "../gateway/kit.ts";
import { bodyOf, serve, sse } from "../wire/upstream.ts";

afterEach(closeAll);

const faults = ["none", "none", "500", "reset", "cut before output", "cut after output"] as const;
const disturbances = [
  "none",
  "file deleted",
  "folder deleted",
  "log deleted",
  "emptied",
  "cut in half",
  "damaged in the middle",
  "damaged at the head",
  "older copy",
  "older copy in place",
  "locked",
] as const;

/** What may lose some of the file's content, perhaps unnoticed until the end. */
const damaging: ReadonlySet<string> = new Set([
  "cut in half",
  "damaged in the middle",
  "damaged at the head",
  "older copy in place",
]);

interface Asked {
  fault: (typeof faults)[number];
  /** Whether the conversation's history holds a blob whose key is gone. */
  isDead: boolean;
  isCancelled: boolean;
}

interface Round {
  requests: Asked[];
  ledger: (typeof disturbances)[number];
}

const round: fc.Arbitrary<Round> = fc.record({
  requests: fc.array(
    fc.record({
      fault: fc.constantFrom(...faults),
      isDead: fc.boolean(),
      isCancelled: fc.nat(5).map((one) => one === 0),
    }),
    { minLength: 6, maxLength: 12 },
  ),
  ledger: fc.constantFrom(...disturbances),
});

it("whatever becomes of upstream, clients and ledger: nobody gets another's answer, only what is dead is left out, and it is refused once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 3, maxLength: 4 }), async (rounds) => {
      const root = mkdtempSync(join(tmpdir(), "throughline-gateway-faults-"));
      try {
        await check(rounds, root);
      } finally {
        await closeAll();
        rmSync(root, { recursive: true, force: true, maxRetries: 5 });
      }
    }),
    { numRuns: 4 },
  );
}, 120_000);

async function check(rounds: readonly Round[], root: string): Promise<void> {
  const [live, gone] = [new FernetKey(), new FernetKey()];
  const received = new Map<string, string[]>();
  const url = await serve((request, response) => void answer(request, response, gone, received));
  const path = join(root, "gateway", "ledger.sqlite");
  const gateway = await gatewayTo(url, { ledger: path });
  const [dead, noted] = [new Set<unknown>(), new Set<unknown>()];
  for (const [at, { requests, ledger }] of rounds.entries()) {
    const restore = disturb(path, ledger);
    await Promise.all(
      requests.map(async (asked, nth) => {
        const [id, blob] = [`${at}-${nth}`, gone.seal("of another length")];
        const hash = createHash("sha256").update(blob).digest("hex");
        if (asked.isDead) dead.add(hash);
        const sealed = (encrypted_content: string): object[] => [
          { type: "reasoning", summary: [], encrypted_content },
          { type: "message", role: "assistant", content: `said ${id}` },
        ];
        const old = asked.isDead ? sealed(blob) : [];
        const input = [
          { role: "user", content: `äöü ${id}` },
          ...sealed(live.seal("a")),
          ...old,
          ...sealed(live.seal("b")),
        ];
        const body = (items: object[]): string =>
          JSON.stringify({ model: "m", store: false, prompt_cache_key: id, input: items, stream: true });
        const expected = body(input.filter((item) => item !== old[0]));
        const first = await turn(gateway, id, body(input), asked.fault, asked.isCancelled);
        if (asked.isCancelled) return;
        expect(first).toBe(asked.fault === "cut after output" ? "response.failed" : "response.completed");
        const attempts = received.get(id) ?? [];
        const isAgain = asked.fault !== "none" && asked.fault !== "cut after output";
        expect(attempts).toHaveLength(1 + Number(asked.isDead) + Number(isAgain));
        expect(attempts.at(-1)).toBe(expected);
        if (asked.isDead) noted.add(hash);
        expect(await turn(gateway, id, body(input), "none", false)).toBe("response.completed");
        expect(attempts.slice(1 + Number(asked.isDead) + Number(isAgain))).toEqual([expected]);
      }),
    );
    restore();
  }
  await expect.poll(() => [gateway.metrics.openStreams, gateway.metrics.heldBytes]).toEqual([0, 0]);
  await gateway.close();
  // Damage that nobody has come across yet is found, and put aside, by the next.
  new Ledger(path, { log: () => undefined, now: Date.now }).close();
  const db = new DatabaseSync(path, { readOnly: true });
  const written = db.prepare("SELECT blob FROM refused").all();
  db.close();
  for (const { blob } of written) expect(dead).toContain(blob);
  const isDamaged = rounds.some(({ ledger }) => damaging.has(ledger));
  if (!isDamaged) expect(new Set(written.map(({ blob }) => blob)).isSupersetOf(noted)).toBe(true);
  expect(gateway.lines.filter((line) => line.includes("itself failed"))).toEqual([]);
}

/** What an answer ended with; that it is this request's own is checked. */
async function turn(
  gateway: Tried,
  id: string,
  body: string,
  fault: string,
  isCancelled: boolean,
): Promise<string> {
  const signal = isCancelled ? AbortSignal.timeout(5) : undefined;
  const init = { headers: { "x-id": id, "x-fault": fault }, ...(signal && { signal }) };
  try {
    const text = await (await ask(gateway, body, init)).text();
    const events = [...text.matchAll(/^data: (.*)$/gmu)].map(
      ([, data]) => JSON.parse(data!) as { type: string; delta?: string },
    );
    for (const { delta } of events) if (delta !== undefined) expect(delta).toBe(id);
    return events.at(-1)?.type ?? "nothing";
  } catch (error) {
    if (!isCancelled) throw error;
    return "cancelled";
  }
}

/** The endpoint: the fault that is asked for once, then what it says of the body. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  gone: FernetKey,
  received: Map<string, string[]>,
): Promise<void> {
  const id = String(request.headers["x-id"]);
  const before = received.get(id) ?? [];
  received.set(id, before);
  const body = await bodyOf(request).catch(() => undefined);
  if (body === undefined) return;
  before.push(body);
  const fault = before.length === 1 ? request.headers["x-fault"] : "none";
  if (fault === "500") return void response.writeHead(500).end();
  if (fault === "reset") return void request.socket.destroy();
  const dead = [...body.matchAll(/"encrypted_content":"([^"]*)"/gu)].find(
    ([, blob]) => gone.open(blob!) !== undefined,
  )?.[1];
  if (dead !== undefined && fault !== "cut before output") {
    const message = `The encrypted content ${dead.slice(0, 4)}...${dead.slice(-4)} could not be verified.`;
    response.writeHead(400, { "content-type": "application/json" });
    return void response.end(JSON.stringify({ error: { message, code: "invalid_encrypted_content" } }));
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(sse("response.created", { response: { id: `resp_${id}` } }));
  const isCut = String(request.headers["x-fault"]) === "cut after output" && !received.has(`${id} cut`);
  if (fault === "cut before output") return void setImmediate(() => request.socket.destroy());
  response.write(sse("response.output_text.delta", { delta: id }));
  if (isCut) {
    received.set(`${id} cut`, []);
    return void setImmediate(() => request.socket.destroy());
  }
  response.end(
    sse("response.completed", { response: { id: `resp_${id}`, status: "completed", output: [] } }),
  );
}

/** Does it to the ledger's file; what has to end with the round is ended by what is returned. */
function disturb(path: string, what: Round["ledger"]): () => void {
  const nothing = (): void => undefined;
  if (!existsSync(path)) return nothing;
  const old = `${path}.old`;
  switch (what) {
    case "none":
      copyFileSync(path, old);
      return nothing;
    case "file deleted":
      rmSync(path);
      return nothing;
    case "folder deleted":
      rmSync(join(path, ".."), { recursive: true });
      return nothing;
    case "log deleted":
      rmSync(`${path}-wal`, { force: true });
      return nothing;
    case "emptied":
      truncateSync(path);
      return nothing;
    case "cut in half":
      truncateSync(path, statSync(path).size / 2);
      return nothing;
    case "damaged in the middle":
    case "damaged at the head": {
      const file = openSync(path, "r+");
      writeSync(file, Buffer.alloc(2_000, 0xa5), 0, 2_000, what === "damaged at the head" ? 0 : 4_096);
      closeSync(file);
      return nothing;
    }
    case "older copy":
      if (existsSync(old)) renameSync(old, path);
      return nothing;
    case "older copy in place":
      if (existsSync(old)) copyFileSync(old, path);
      return nothing;
    case "locked": {
      const other = new DatabaseSync(path, { timeout: 1_000 });
      try {
        other.exec("BEGIN IMMEDIATE");
      } catch {
        // One that is damaged can't be locked either.
      }
      return () => other.close();
    }
  }
}
