import { isOutputKind } from "../../../session/item.ts";

/** Follows whether the model has answered to a request in which something that was found was sent again. */
export class SentAgain {
  /** What has followed it: something that is answered with it in the request, or that answer. */
  #followed: "nothing" | "asked" | "answered" = "nothing";

  /** Whether it has, if this version sends what was found. */
  get isTaken(): boolean {
    return this.#followed === "answered";
  }

  /** Notes an item behind what was found. */
  see(kind: string, role: unknown): void {
    if (this.#followed === "nothing" && (isOutputKind(kind) || role === "user")) this.#followed = "asked";
    else if (this.#followed === "asked" && isModels(kind, role)) this.#followed = "answered";
  }

  forget(): void {
    this.#followed = "nothing";
  }
}

const isModels = (kind: string, role: unknown): boolean =>
  role === "assistant" || kind === "reasoning" || kind.endsWith("_call");
