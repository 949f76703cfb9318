import { expect, it } from "vitest";
import { StoredResponses } from "./stored.ts";

it("old responses are let go of when much is stored, and the newest never", () => {
  const stored = new StoredResponses();
  const keep = (id: string, mebibytes: number): void =>
    stored.keep("owner", [{ type: "message" }], { id, output: [] }, mebibytes * 1024 * 1024);
  const kept = (...ids: string[]): string[] => ids.filter((id) => stored.conversation("owner", id));
  keep("first", 40);
  keep("second", 20);
  expect(kept("first", "second")).toEqual(["first", "second"]);
  keep("third", 40);
  expect(kept("first", "second", "third")).toEqual(["second", "third"]);
  keep("large", 100);
  expect(kept("second", "third", "large")).toEqual(["large"]);
  stored.forget();
  keep("after", 64);
  expect(kept("large", "after")).toEqual(["after"]);
});

it("old items are let go of when many are stored", () => {
  const stored = new StoredResponses();
  for (let nth = 0; nth < 3; nth++) {
    const output = Array.from({ length: 40_000 }, (_, at) => ({ type: "message", id: `msg_${nth}_${at}` }));
    stored.keep("owner", [], { id: `resp_${nth}`, output }, 1);
  }
  const known = ["msg_0_0", "msg_0_19999", "msg_0_20000", "msg_2_39999"].filter((id) =>
    stored.hasItem("owner", id),
  );
  expect(known).toEqual(["msg_0_20000", "msg_2_39999"]);
});
