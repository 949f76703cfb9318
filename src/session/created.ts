import { type EventOf, type NewEvent, schemaVersion } from "./event.ts";
import { factsVersion } from "./facts.ts";

/** What a session is made with; what is `undefined` isn't written. */
type Facts = Pick<EventOf<"session-created">, "id" | "version" | "workspace" | "settings"> & {
  readonly [Name in "name" | "parent" | "rotated"]?: EventOf<"session-created">[Name] | undefined;
};

/** The first event of a log, as this version writes it. */
export function sessionCreated({ id, version, workspace, settings, name, parent, rotated }: Facts): NewEvent {
  return {
    type: "session-created",
    id,
    schema: schemaVersion,
    facts: factsVersion,
    version,
    workspace,
    settings,
    ...(name !== undefined && { name }),
    ...(parent !== undefined && { parent }),
    ...(rotated !== undefined && { rotated }),
  };
}
