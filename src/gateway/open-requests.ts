/** A request that is under way while the gateway is being ended. */
export interface OpenRequest {
  /** It may finish, unless it only waits for a limit: then it ends now. */
  drain(): void;
  /** Its time is up: its client is told. */
  cut(): void;
}

/** The requests for a response that are under way. */
export class OpenRequests {
  readonly #open = new Set<OpenRequest>();
  #isDraining = false;

  /** Whether no more requests are taken. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  add(request: OpenRequest): void {
    this.#open.add(request);
  }

  delete(request: OpenRequest): void {
    this.#open.delete(request);
  }

  drain(): void {
    this.#isDraining = true;
    for (const request of this.#open) request.drain();
  }

  cut(): void {
    for (const request of this.#open) request.cut();
  }
}
