import { expect, it } from "vitest";
import { jsonValues } from "./json-values.ts";

it("values that come in pieces are told one by one, however the pieces are cut", async () => {
  const values = ['{"a":"},\\\\\\",{\\"é,"}', "[1,[2,{}],[]]", "7", '{"b":[",",{"c":"]"}]}', '"x,y"'];
  const bytes = Buffer.from(values.join(","));
  for (const size of [1, 2, 3, 7, bytes.length]) {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    }
    const told: string[] = [];
    for await (const value of jsonValues(pieces())) told.push(Buffer.from(value).toString());
    expect(told).toEqual(values);
  }
});
