import { isJsonObject, type JsonObject } from "../lib/json.ts";

/** A response that was stored: everything that was said up to its end. */
interface StoredResponse {
  readonly owner: string;
  readonly items: readonly JsonObject[];
  /** Of the request, whose own input is held only here. */
  readonly bytes: number;
}

const keptBytes = 64 * 1024 * 1024;
/** Their ids take some 20 MB. */
const keptItems = 100_000;

/**
 * What the provider keeps with `store: true`, by account: responses by their ids, and items by theirs. Another account's are not found, as if
 * they had never been. Old responses and items are let go of, so that a long-running simulator stays small.
 */
export class StoredResponses {
  #bytes = 0;
  readonly #responses = new Map<string, StoredResponse>();
  /** Id of the reasoning that stood before an item in its response, by owner and item id; "" for none. */
  readonly #items = new Map<string, string>();

  /** Everything that a response stands for, its output included; `undefined` when it isn't there. */
  conversation(owner: string, response: string): readonly JsonObject[] | undefined {
    const found = this.#responses.get(response);
    return found?.owner === owner ? found.items : undefined;
  }

  hasItem(owner: string, id: string): boolean {
    return this.#items.has(`${owner} ${id}`);
  }

  /** The id of the reasoning that an item was made with, and is not accepted without. */
  reasoningOf(owner: string, id: string): string | undefined {
    return this.#items.get(`${owner} ${id}`) || undefined;
  }

  /** Keeps what was said up to the end of the response to a request of so many bytes. */
  keep(owner: string, input: readonly JsonObject[], response: JsonObject, bytes: number): void {
    const { id, output } = response;
    if (typeof id !== "string" || !Array.isArray(output)) return;
    const made = output.filter(isJsonObject);
    this.#responses.set(id, { owner, items: [...input, ...made], bytes });
    this.#bytes += bytes;
    for (const [old, { bytes: freed }] of this.#responses) {
      if (this.#bytes <= keptBytes || old === id) break;
      this.#responses.delete(old);
      this.#bytes -= freed;
    }
    let reasoning = "";
    for (const item of made) {
      const name = typeof item["id"] === "string" ? item["id"] : "";
      this.#items.set(`${owner} ${name}`, item["type"] === "reasoning" ? "" : reasoning);
      reasoning = item["type"] === "reasoning" ? name : "";
    }
    for (const old of this.#items.keys()) {
      if (this.#items.size <= keptItems) break;
      this.#items.delete(old);
    }
  }

  /** Forgets everything, as a provider does in the end. */
  forget(): void {
    this.#responses.clear();
    this.#items.clear();
    this.#bytes = 0;
  }
}
