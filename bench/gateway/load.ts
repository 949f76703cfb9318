import { connect, type Socket } from "node:net";
import { answerBytes } from "./answer.ts";

// The clients, in a process of their own: each has one connection and sends its next request when the answer to the last one is whole. They
// speak HTTP by hand, so that they cost less than what they measure.

/** What the clients are to do. */
export interface Load {
  port: number;
  path: string;
  /** Name and value by turns. */
  headers: readonly string[];
  model: string;
  bodyBytes: number;
  concurrency: number;
  /** They end after so many requests, or after so long, whichever comes first. */
  requests: number;
  forMs: number;
}

export interface Loaded {
  requests: number;
  /** Answers with another status than 200, or without the last event, and connections that broke. */
  failed: number;
  /** What the first of them was. */
  failure?: string;
  /** From the first request to the last answer. */
  ms: number;
  /** From the last byte of a request to the first of its answer, each. */
  firstByteMs: number[];
}

const body = (bytes: number, model: string): Buffer => {
  const [before, after] = [
    `{"model":"${model}","stream":true,"store":false,"input":[{"role":"user","content":"`,
    '"}]}',
  ];
  return Buffer.from(
    `${before}${"word ".repeat(bytes / 5 + 1).slice(0, bytes - before.length - after.length)}${after}`,
  );
};

function run(load: Load): Promise<Loaded> {
  const { port, path, headers, bodyBytes, concurrency } = load;
  const lines = [`POST ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`];
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  lines.push("content-type: application/json", "accept: text/event-stream", `content-length: ${bodyBytes}`);
  const request = Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body(bodyBytes, load.model)]);
  const loaded: Loaded = { requests: 0, failed: 0, ms: 0, firstByteMs: [] };
  const began = performance.now();
  let begun = 0;

  const client = (done: () => void): void => {
    let socket: Socket;
    let sentAt = 0;
    let got = 0;
    let head = "";
    let tail: Buffer = Buffer.alloc(0);
    const next = (): void => {
      if (begun >= load.requests || performance.now() - began > load.forMs) {
        socket.removeAllListeners("close").destroy();
        return done();
      }
      begun++;
      [got, head, tail] = [0, "", Buffer.alloc(0)];
      sentAt = performance.now();
      socket.write(request);
    };
    const failed = (why: string): void => {
      loaded.failed++;
      loaded.failure ??= why;
    };
    const take = (chunk: Buffer): void => {
      if (got === 0) {
        loaded.firstByteMs.push(performance.now() - sentAt);
        head = chunk.toString("latin1", 0, 2_000);
      }
      got += chunk.length;
      tail = chunk.length >= 64 ? chunk : Buffer.concat([tail, chunk]).subarray(-2_000);
      const isWhole = tail.subarray(-5).toString("latin1") === "0\r\n\r\n";
      if (isWhole || /^HTTP\/1\.1 [345][^]*content-length/iu.test(head)) end();
    };
    const end = (): void => {
      loaded.requests++;
      if (!head.startsWith("HTTP/1.1 200 ") || got < answerBytes) failed(`${got} bytes: ${head}`);
      next();
    };
    const open = (): void => {
      socket = connect({ port, host: "127.0.0.1", noDelay: true }, next);
      socket.on("data", take);
      socket.on("error", (error) => (head = String(error)));
      socket.on("close", () => {
        failed(`the connection was closed after ${got} bytes: ${head}`);
        open();
      });
    };
    open();
  };
  return new Promise((resolve) => {
    let running = concurrency;
    for (let index = 0; index < concurrency; index++)
      client(() => {
        if (--running > 0) return;
        resolve({ ...loaded, ms: performance.now() - began });
      });
  });
}

process.on("message", (load: Load) => {
  void run(load).then((loaded) => process.send!(loaded));
});
process.once("disconnect", () => process.exit());
