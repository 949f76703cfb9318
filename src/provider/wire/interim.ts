import type { Socket } from "node:net";

const requestLineEnd = " HTTP/1.1\r\n";
const interim = Buffer.from("HTTP/1.1 100");
const minorVersion = 7;
const headEnd = "\r\n\r\n";

/**
 * Passes over the `100 Continue` that some servers and proxies send though nobody asked for it, which a client has to be able to do
 * (RFC 9110, 15.2). undici (8.12) takes one for a broken connection, however often it is asked; other interim answers it passes over itself.
 * Only what begins an answer is looked at: undici writes the head of a request as a text, one at a time, and reads by `read`.
 */
export function passingOverContinue(socket: Socket): Socket {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  /** Whether the next byte begins an answer, and the bytes of one that may still turn out to be an interim answer. */
  let isBeginning = false;
  let held: Buffer | undefined;
  socket.write = (...args: unknown[]): boolean => {
    isBeginning ||= typeof args[0] === "string" && args[0].includes(requestLineEnd);
    return write(...args);
  };
  socket.read = (size?: number): Buffer | null => {
    const chunk = read(size);
    if (!isBeginning || chunk === null) return chunk;
    let bytes = held ? Buffer.concat([held, chunk]) : chunk;
    held = undefined;
    while (isInterim(bytes)) {
      const end = bytes.indexOf(headEnd);
      if (end < 0) {
        held = bytes;
        return null;
      }
      bytes = bytes.subarray(end + headEnd.length);
    }
    if (bytes.length === 0) return null;
    isBeginning = false;
    return bytes;
  };
  return socket;
}

/** Whether the bytes are, as far as they go, the head of a `100 Continue`; there is at least one. */
function isInterim(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, interim.length);
  for (let at = 0; at < length; at++) if (at !== minorVersion && bytes[at] !== interim[at]) return false;
  return length > 0;
}
