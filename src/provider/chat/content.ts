import { isJsonObject, type JsonObject, objectsIn, stringOf } from "../../lib/json.ts";
import { writeJson } from "../../lib/whole-json.ts";

/** A part of a user message. */
export type Part =
  | { type: "text"; text: string }
  | { type: "image_url"; image_url: { url: string; detail?: string } }
  | { type: "input_audio"; input_audio: unknown }
  | { type: "file"; file: JsonObject };

/** The parts of a message of the user's or the developer's; empty texts are left out, because they are refused (failures.md row 50). */
export function contentOf(item: JsonObject): Part[] {
  return partsOf(item["content"]);
}

/** The parts of a call's output. */
export function outputOf(item: JsonObject): Part[] {
  return partsOf(item["output"]);
}

/** What the model said, refusals included. */
export function assistantText(item: JsonObject): string {
  const { content } = item;
  if (typeof content === "string") return content;
  return objectsIn(content)
    .map(({ text, refusal }) => stringOf(text) || stringOf(refusal))
    .join("");
}

function partsOf(content: unknown): Part[] {
  if (typeof content === "string") return plain(content);
  if (isJsonObject(content)) return plain(writeJson(content));
  return objectsIn(content).flatMap(partOf);
}

function partOf(part: JsonObject): Part[] {
  switch (part["type"]) {
    case "input_text":
    case "output_text":
    case "text":
      return plain(stringOf(part["text"]));
    case "input_image": {
      const { image_url: url, detail } = part;
      // A file that another endpoint keeps can't be sent here.
      if (typeof url !== "string") return plain("[an image that only its own provider has]");
      return [{ type: "image_url", image_url: { url, ...(typeof detail === "string" ? { detail } : {}) } }];
    }
    case "input_audio":
      return [{ type: "input_audio", input_audio: part["input_audio"] }];
    case "input_file": {
      const { file_data, filename } = part;
      if (typeof file_data !== "string") return plain("[a file that only its own provider has]");
      return [{ type: "file", file: { file_data, ...(typeof filename === "string" ? { filename } : {}) } }];
    }
    default:
      return plain(`[${stringOf(part["type"]) || "a part without a type"}]`);
  }
}

function plain(value: string): Part[] {
  return value.trim() === "" ? [] : [{ type: "text", text: value }];
}
