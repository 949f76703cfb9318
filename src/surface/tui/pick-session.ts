import type { Screen, Terminal } from "../cli/terminal.ts";
import { type Picked, PickerModel } from "./picker-model.ts";
import { pickerRows, sessionSource, type Shelves } from "./picker-source.ts";
import type { PickerRows } from "./picker-state.ts";
import { loadScreen, showScreen } from "./screen.ts";
import { painter } from "./style.ts";

export interface Picking extends Shelves {
  /** What is listed to begin with; read from the store when it isn't given: of this workspace. */
  readonly rows?: PickerRows;
  /** Leaves the picker when it aborts. */
  readonly signal: AbortSignal;
}

/** The picker on a screen of its own, which is gone when it resolves; nothing else may draw meanwhile. */
export async function pickSession(
  terminal: Terminal,
  screen: Screen,
  { rows, signal, ...shelves }: Picking,
): Promise<Picked> {
  const { pickerElement } = await loadScreen(terminal, () => import("./picker.ts"));
  const { store, here } = shelves;
  const first = rows ?? (await pickerRows(store, here));
  const paint = painter(terminal.colour);
  return showScreen<Picked>(
    screen,
    (done) => {
      const model = new PickerModel(sessionSource(shelves), first, done);
      signal.addEventListener("abort", () => model.do({ kind: "interrupt" }), { once: true });
      return pickerElement({ model, here, paint, suspend: screen.suspend });
    },
    { alternate: true },
  );
}
