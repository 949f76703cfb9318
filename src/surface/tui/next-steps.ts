import type { Wording } from "../../failure/advice.ts";
import type { Here } from "../command/go-on.ts";

/** The steps of a failure's advice for somebody who has the session open. */
export const wordingHere: Wording = {
  "go-on": "press Enter to go on",
  "other-words": "",
  continue: 'say "continue"',
  "other-model": "/model NAME",
  "other-provider": "/model NAME --provider NAME",
  wait: ", or let it wait with /wait",
  settings: "/model NAME/EFFORT",
  "earlier-step": "/resume --from-step N",
  look: "/show",
  "begin-anew": "/clear",
};

/** What a command tells to do next, for somebody who has the session open. */
export const hereIn = (session: string): Here => ({
  session,
  ways: { ...wordingHere, "go-on": "Enter goes on", "other-words": "type a message", wait: "/wait" },
  stop: "Esc stops what runs here",
});
