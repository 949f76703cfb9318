import { isJsonObject, type JsonObject } from "../../lib/json.ts";

/**
 * The members of a request body without those that the endpoint has refused, named as it names them: `include`, `reasoning.effort`. An
 * object that has nothing left in it goes too.
 */
export function withoutParameters(body: object, refused: readonly string[] | undefined): JsonObject {
  let rest: JsonObject = { ...body };
  for (const name of refused ?? [])
    rest = withoutPath(
      rest,
      name.split(/[.[\]]+/u).filter((part) => part !== ""),
    );
  return rest;
}

function withoutPath(object: JsonObject, [first, ...deeper]: readonly string[]): JsonObject {
  if (first === undefined || !Object.hasOwn(object, first)) return object;
  const { [first]: member, ...rest } = object;
  if (deeper.length === 0 || !isJsonObject(member)) return rest;
  const left = withoutPath(member, deeper);
  return Object.keys(left).length === 0 ? rest : { ...object, [first]: left };
}
