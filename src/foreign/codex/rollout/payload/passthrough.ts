import { objectOf } from "../../../../lib/json.ts";

/** The member in which Codex keeps what it knows of an item beside it (0.142 and later): its turn, and what each part is. */
export const passthrough = "internal_chat_message_metadata_passthrough";

/** How it stands after other members. */
export const passthroughMark = Buffer.from(`,"${passthrough}":`);

/** The id of the turn that an item says it belongs to. */
export function turnOf(item: { readonly [passthrough]?: unknown }): string | undefined {
  const { turn_id: turn } = objectOf(item[passthrough]);
  return typeof turn === "string" ? turn : undefined;
}
