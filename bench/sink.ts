import { createServer, type AddressInfo, type Socket } from "node:net";
import { sharedNow } from "./numbers.ts";
import type { Arrival } from "./processes.ts";

// The other end of the socket: counts what arrives and answers like a model that has nothing to say.

const message = {
  type: "message",
  id: "msg_1",
  role: "assistant",
  content: [{ type: "output_text", text: "Done." }],
};
const events = [
  { type: "response.created", response: { id: "resp_1", model: "gpt-5.5" } },
  { type: "response.output_item.done", output_index: 0, item: message },
  {
    type: "response.completed",
    response: { id: "resp_1", model: "gpt-5.5", usage: { input_tokens: 1, output_tokens: 1 } },
  },
];
const answer =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" +
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");

function serve(socket: Socket): void {
  let head = Buffer.alloc(0);
  let left = -1;
  let bytes = 0;
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    let body = chunk;
    if (left < 0) {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      bytes = left = Number(/content-length: (\d+)/iu.exec(head.toString("latin1", 0, end))?.[1] ?? 0);
      body = head.subarray(end + 4);
    }
    left -= body.length;
    if (left > 0) return;
    const arrival: Arrival = { bytes, at: sharedNow() };
    process.send!(arrival);
    socket.end(answer);
  });
}

const server = createServer(serve).listen(0, "127.0.0.1", () => {
  process.send!({ port: (server.address() as AddressInfo).port });
});
process.once("disconnect", () => process.exit());
