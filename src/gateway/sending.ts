import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import type { Dispatcher } from "undici";

/**
 * Follows one dispatch, so that it is known when its body has left the process: undici says when it handed the last piece to a socket,
 * where that may still wait.
 */
export class Sending {
  #socket: Socket | undefined;
  #requests = 0;
  #isHandedOver = false;

  /**
   * Whether the whole body has left the process. `false` also when that isn't known: the connection broke, or a proxy was asked for one.
   */
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

/** Dispatches, and lets `sending` follow it. */
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

/** The one whose `dispatch` is running: requests that are created meanwhile are its own. */
let dispatching: Sending | undefined;
let isWatching = false;
const sendings = new WeakMap<object, Sending>();

/** Subscribes, once, to undici's diagnostics channels: only there it names the socket of a request. */
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
