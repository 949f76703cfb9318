import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { sanitise } from "../../session/item.ts";
import type { MediaBlock, TextBlock } from "./block.ts";

/**
 * The content of a Responses message or the output of a call as blocks. Text without a visible character is left out ("text content
 * blocks must be non-empty", "must contain non-whitespace text"; failures.md row 50). What has no block here is named in words.
 */
export function contentBlocks(content: unknown): (TextBlock | MediaBlock)[] {
  if (typeof content === "string") return textBlocks(content);
  const parts: unknown[] = Array.isArray(content) ? content : [];
  return parts.filter(isJsonObject).flatMap(partBlocks);
}

/** A text as blocks: one, or none where it has no visible character. */
export function textBlocks(text: string): TextBlock[] {
  return text.trim() === "" ? [] : [{ type: "text", text: sanitise(text) }];
}

function partBlocks(part: JsonObject): (TextBlock | MediaBlock)[] {
  const { type, text, refusal } = part;
  if (typeof text === "string") return textBlocks(text);
  if (typeof refusal === "string") return textBlocks(refusal);
  if (type === "input_image") return mediaBlocks("image", part["image_url"], "an image");
  if (type === "input_file") {
    const named = typeof part["filename"] === "string" ? `the file ${part["filename"]}` : "a file";
    return mediaBlocks("document", part["file_data"] ?? part["file_url"], named);
  }
  return textBlocks(`[Left out here: ${typeof type === "string" ? type : "content of another wire"}.]`);
}

const dataUrl = /^data:(?<media>[\w.+-]+\/[\w.+-]+);base64,(?<data>[A-Za-z0-9+/=_-]+)$/u;
/** Media types that the API takes in base64 (vision and PDF support, as of 2026-11). */
const accepted: Readonly<Record<MediaBlock["type"], readonly string[]>> = {
  image: ["image/jpeg", "image/png", "image/gif", "image/webp"],
  document: ["application/pdf"],
};

function mediaBlocks(type: MediaBlock["type"], url: unknown, named: string): (TextBlock | MediaBlock)[] {
  if (typeof url === "string") {
    if (/^https?:\/\//iu.test(url)) return [{ type, source: { type: "url", url } }];
    const { media, data } = dataUrl.exec(url)?.groups ?? {};
    if (media && data && accepted[type].includes(media.toLowerCase()))
      return [{ type, source: { type: "base64", media_type: media.toLowerCase(), data } }];
  }
  return textBlocks(`[Left out here: ${named}.]`);
}
