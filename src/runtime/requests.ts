import { namedBy, withIndex } from "../failure/named.ts";
import type { Failure } from "../failure.ts";
import type { ModelRequest } from "../provider.ts";
import { chainOf, type Continued, continued } from "../replay/chain.ts";
import { project, type Projection } from "../replay/project.ts";
import { requestInput } from "../replay/request-input.ts";
import type { Chain, Quarantine } from "../session/event.ts";
import type { Equipment } from "./equipment.ts";
import type { Journal } from "../turn/journal.ts";

/** Projects a session's log for each request anew (R24), and names what the provider keeps of it where it keeps anything. */
export class Requests {
  readonly #equipment: Equipment;
  readonly #journal: () => Journal;
  #projection: Projection | undefined;
  #trial: Quarantine | undefined;
  /** What the last request named instead of sending it, and the last sequence number when it was made. */
  #named: Continued | undefined;
  #through = -1;

  constructor(equipment: Equipment, journal: () => Journal) {
    this.#equipment = equipment;
    this.#journal = journal;
  }

  /** A quarantine that the next requests are tried with, though it isn't in the log. */
  set trial(quarantine: Quarantine | undefined) {
    this.#trial = quarantine;
  }

  /** The log as it is now, for this backend, with what is tried. */
  projected(): Projection {
    return this.#project(this.#trial);
  }

  /** As `projected`, without the trial. */
  untried(): Projection {
    return this.#project(undefined);
  }

  #project(trial: Quarantine | undefined): Projection {
    const { contract, provider, settings } = this.#equipment;
    const { history } = this.#journal();
    const quarantines = trial ? [...history.quarantines, trial] : history.quarantines;
    const sealed = provider.takesSealed?.(settings) ?? true;
    const basis = { issuer: provider.issuer, model: settings.model, sealed, quarantines };
    this.#projection = project(contract, basis, history.items, this.#projection);
    return this.#projection;
  }

  /** The next request, of the log as it is now. */
  async next(): Promise<ModelRequest> {
    const { settings, instructions, environment, contract } = this.#equipment;
    const { log, history } = this.#journal();
    const projection = this.projected();
    const named = continued(projection, history.chain);
    this.#named = named;
    this.#through = history.lastSeq;
    return {
      model: settings.model,
      ...(settings.effort !== undefined && { effort: settings.effort }),
      instructions,
      tools: environment.tools.map((tool) => tool.definition),
      input: await requestInput(projection, (refs) => log.bodies(refs), named?.elements),
      sealed: projection.sealed,
      without: projection.without,
      ...(contract.chain === "previous-response" && {
        stored: named ? { previous: named.response } : {},
      }),
      cacheKey: log.id,
    };
  }

  /** What to log of the response to the last request, so that a later one can name it. */
  chain(): Chain | undefined {
    return chainOf(this.projected(), this.#through);
  }

  /** The failure with its item index counted in the whole input: the provider counted only what was sent after a named response. */
  placed(failure: Failure): Failure {
    const { index } = namedBy(failure);
    if (index === undefined || !this.#named) return failure;
    return withIndex(failure, index + this.#named.elements);
  }
}
