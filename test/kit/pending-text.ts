// Text that waits in the system until it is read, as what is typed or sent does while a process stands still.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** The reading end of a connection, paused, whose other end has written the text. */
export async function pendingText(text: string): Promise<Socket> {
  const server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const writing = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [[reading]] = (await Promise.all([once(server, "connection"), once(writing, "connect")])) as [
    [Socket],
    [],
  ];
  onTestFinished(() => {
    for (const each of [writing, reading]) each.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => writing.write(text, () => resolve()));
  return reading;
}
