import { createServer, type AddressInfo, type Socket } from "node:net";
import { events, type Pace } from "./answer.ts";

// The mock upstream: reads a request, counts its bytes, and streams an answer, one event to a write and to a chunk, as a model does. It
// speaks HTTP by hand, so that what it costs is small beside what stands in front of it.

const head = Buffer.from(
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\nx-request-id: req_bench\r\ntransfer-encoding: chunked\r\n\r\n",
);
const chunks = events.map((text, index) => {
  const bytes = Buffer.from(text);
  const chunk = [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")];
  return Buffer.concat(index === 0 ? [head, ...chunk] : chunk);
});
const last = Buffer.from("0\r\n\r\n");

let paceMs = 0;

function serve(socket: Socket): void {
  let pending: Buffer = Buffer.alloc(0);
  /** Bytes of the body that are still to come; -1 between requests, infinite in a chunked one. */
  let left = -1;
  let isGone = false;
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("close", () => (isGone = true));

  const answer = (at: number): void => {
    if (isGone) return;
    socket.write(at < chunks.length ? chunks[at]! : last);
    if (at === chunks.length) return;
    // Answers to others go between the events of this one.
    if (paceMs === 0) setImmediate(answer, at + 1);
    else setTimeout(answer, paceMs, at + 1);
  };
  socket.on("data", (chunk: Buffer) => {
    if (left < 0) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const end = pending.indexOf("\r\n\r\n");
      if (end < 0) return;
      const headers = pending.toString("latin1", 0, end);
      const length = /^content-length: *(\d+)/imu.exec(headers)?.[1];
      const sent = pending.subarray(end + 4);
      pending = Buffer.alloc(0);
      if (length === undefined) {
        left = /^transfer-encoding: *chunked/imu.test(headers) ? Number.POSITIVE_INFINITY : 0;
        if (left > 0 && sent.subarray(-5).equals(last)) left = 0;
      } else left = Number(length) - sent.length;
    } else if (left === Number.POSITIVE_INFINITY) {
      if (chunk.subarray(-5).equals(last)) left = 0;
    } else left -= chunk.length;
    if (left > 0) return;
    left = -1;
    answer(0);
  });
}

const server = createServer(serve).listen(0, "127.0.0.1", 1_024, () => {
  process.send!({ port: (server.address() as AddressInfo).port });
});
process.on("message", (pace: Pace) => ({ paceMs } = pace));
process.once("disconnect", () => process.exit());
