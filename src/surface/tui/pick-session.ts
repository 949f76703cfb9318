import type { Place } from "../../session/place.ts";
import type { SessionStore } from "../../store.ts";
import type { Screen, Terminal } from "../cli/terminal.ts";
import { type Picked, PickerModel } from "./picker-model.ts";
import { pickerRows, storeSource } from "./picker-source.ts";
import type { PickerRows } from "./picker-state.ts";
import { loadScreen, showScreen } from "./screen.ts";
import { painter } from "./style.ts";

export interface Picking {
  readonly store: SessionStore;
  /** Where the person stands. */
  readonly here: Place;
  /** What is listed to begin with; read from the store when it isn't given: of this workspace. */
  readonly rows?: PickerRows;
  /** Leaves the picker when it aborts. */
  readonly signal: AbortSignal;
}

/** The picker on a screen of its own, which is gone when it resolves; nothing else may draw meanwhile. */
export async function pickSession(
  terminal: Terminal,
  screen: Screen,
  { store, here, rows, signal }: Picking,
): Promise<Picked> {
  const { pickerElement } = await loadScreen(terminal, () => import("./picker.ts"));
  const first = rows ?? (await pickerRows(store, here));
  const paint = painter(terminal.colour);
  return showScreen<Picked>(
    screen,
    (done) => {
      const model = new PickerModel(storeSource(store, here), first, done);
      signal.addEventListener("abort", () => model.do({ kind: "interrupt" }), { once: true });
      return pickerElement({ model, here, paint });
    },
    { alternate: true },
  );
}
