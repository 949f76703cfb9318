import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import type { Dispatcher } from "undici";

/**
 * Where one request went, so that it can be told when its body has left the process: undici says when it handed the last piece to a socket,
 * which may still wait there.
 */
export class Sending {
  #socket: Socket | undefined;
  #requests = 0;
  #isHandedOver = false;

  /** Whether all that was sent has left. Not known (`false`) when the connection broke, or where a proxy was asked for it. */
  get hasLeft(): boolean {
    const socket = this.#socket;
    if (this.#requests !== 1 || !this.#isHandedOver || !socket) return false;
    return !socket.destroyed && socket.writableLength === 0;
  }

  created(): void {
    this.#requests++;
  }

  goesOver(socket: Socket): void {
    this.#socket = socket;
  }

  handedOver(): void {
    this.#isHandedOver = true;
  }
}

/** Dispatches, and tells `sending` where it went. */
export function dispatchOver(
  sending: Sending,
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  handler: Dispatcher.DispatchHandler,
): void {
  watchSockets();
  dispatching = sending;
  try {
    dispatcher.dispatch(options, handler);
  } finally {
    dispatching = undefined;
  }
}

let dispatching: Sending | undefined;
let isWatching = false;
const sendings = new WeakMap<object, Sending>();

/** undici names the socket of a request on its diagnostics channels alone. */
function watchSockets(): void {
  if (isWatching) return;
  isWatching = true;
  subscribe("undici:request:create", (message) => {
    if (!dispatching) return;
    dispatching.created();
    sendings.set((message as { request: object }).request, dispatching);
  });
  subscribe("undici:client:sendHeaders", (message) => {
    const { request, socket } = message as { request: object; socket: Socket };
    sendings.get(request)?.goesOver(socket);
  });
  subscribe("undici:request:bodySent", (message) =>
    sendings.get((message as { request: object }).request)?.handedOver(),
  );
}
