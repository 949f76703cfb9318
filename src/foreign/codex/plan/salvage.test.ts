import { describe, expect, it } from "vitest";
import { salvage } from "./salvage.ts";

const kept = (line: string): string => salvage(Buffer.from(line, "latin1")).bytes.toString("latin1");
const lost = (line: string): string[] =>
  salvage(Buffer.from(line, "latin1")).lost.map((piece) => piece.toString("latin1"));

const message = '{"type":"message","role":"user","content":[{"type":"input_text","text":"}{\\"a\\":1}"}]}';
const state = '{"record_type":"state"}';
const enveloped = '{"timestamp":"2026-11-20T20:47:32.000Z","type":"event_msg","payload":{}}';

describe("of a line that is no record", () => {
  it("every whole record that is glued to another stands alone, of either form", () => {
    for (const records of [
      [message, state],
      [state, message, message],
      [state, message, message, message, state],
      [enveloped, enveloped],
      [enveloped, state, enveloped, state],
      ['{"id":"5973b6c0-94b8-487b-a530-2aeb6098ae0e","instructions":null}', message],
    ]) {
      expect(kept(records.join(""))).toBe(records.join("\n"));
      expect(lost(records.join(""))).toEqual([]);
    }
  });

  it("what is torn becomes spaces, is told as lost, and moves nothing that stands behind it", () => {
    const torn = '{"timestamp":"2026-11-20T20:47:31.000Z","type":"respon';
    expect(kept(torn + enveloped)).toBe(" ".repeat(torn.length) + enveloped);
    expect(lost(torn + enveloped)).toEqual([torn]);
    expect(kept(message + torn)).toBe(`${message}\n${" ".repeat(torn.length - 1)}`);
    expect(lost(message + torn)).toEqual([torn]);
    expect(kept(torn)).toBe(" ".repeat(torn.length));
    expect(lost(torn)).toEqual([torn]);
    expect(lost(`two words${enveloped}`)).toEqual(["two words"]);
    expect(lost(`\0\0 ${enveloped}${enveloped}`), "nothing was there").toEqual([]);
  });

  it("a record stays of which only what stands behind it is none: the comma of a list, the end of a torn one", () => {
    for (const behind of [",", " ,", "]", "}", "#####", '"text":"the end', '"text":"the end"}}']) {
      const line = `${enveloped}${behind}`;
      const room = `\n${" ".repeat(behind.length - 1)}`;
      expect(kept(line)).toBe(`${enveloped}${room}`);
      expect(lost(line)).toEqual([behind]);
      expect(kept(`${line}${enveloped}`)).toBe(`${enveloped}${room}${enveloped}`);
    }
  });

  it("an item that is torn only behind what Codex reads it by is closed, and what was torn goes", () => {
    const record = '{"timestamp":"2026-11-20T20:47:32.000Z","ordinal":7,"type":"response_item","payload":';
    const call = `${record}{"type":"function_call","name":"exec","arguments":"{\\"cmd\\":\\"ls\\"}","call_id":"call_1"`;
    const whole = `${call},"internal":{"turn_id":"t, {1"}},"metadata":{"history_sequence":7}}`;
    for (let end = call.length + 2; end < whole.length; end++) {
      const read = JSON.parse(kept(whole.slice(0, end))) as { payload: object };
      expect(read.payload).toMatchObject({ name: "exec", arguments: '{"cmd":"ls"}', call_id: "call_1" });
      expect(kept(whole.slice(0, end)).length).toBe(end);
      expect(lost(whole.slice(0, end))).toEqual([whole.slice(0, end)]);
    }
    expect(kept(call), "longer, where nothing can go").toBe(`${call}}}`);
    expect(kept(`${call}${enveloped}`)).toBe(`${call}}}\n${enveloped}`);
    expect(kept(`${enveloped}${call}`)).toBe(`${enveloped}\n${call}}}`);
    expect(kept(call.slice(0, -1)).trim(), "a text that is torn").toBe("");
    expect(kept(call.replace('"name":"exec",', "")).trim(), "nothing that Codex reads").toBe("");
    const prompt = `${record}{"type":"message","role":"user","content":[{"type":"input_text","text":"hello"}`;
    expect(kept(prompt).trim(), "parts may be missing").toBe("");
    const event = `${record.replace("response_item", "event_msg")}{"type":"item_completed","turn_id":"t"`;
    expect(kept(event).trim(), "not known what has to be there").toBe("");
    const end = `${record.replace("response_item", "event_msg")}{"type":"task_complete","turn_id":"t"`;
    expect(kept(`${end},"last_agent_message":"I have`).trim()).toBe(`${end}}}`);
    expect(kept(end.replace("turn_id", "root_turn_id")).trim(), "of no turn").toBe("");
    expect(kept(end.replace('"t"', '"t\0"')).trim(), "of a turn whose name was damaged").toBe("");
    const altered = prompt.replace("response_item", "response_itam");
    expect(kept(altered).trim(), "of another type").toBe("");
    const complete = `${event},"item":{"type":"AgentMessage"}}`;
    expect(kept(complete), "only the last brace").toBe(`${complete}}`);
    const twice = `${whole.slice(0, -30)}${whole}`;
    expect(kept(twice).trim(), "the same one stands behind it").toBe(whole);
  });

  it("bytes that are no text and control characters are replaced where they stand", () => {
    expect(kept(message.replace(":1}", ":\xff1}").replace('"}{', '"}\x01{'))).toBe(
      message.replace(":1}", ":?1}").replace('"}{', '"} {'),
    );
    const role = '"role"';
    expect(kept(message.replace(role, `\xff\xc3${role}`))).toBe(message.replace(role, `  ${role}`));
    expect(lost(message.replace(role, `\xff\xc3${role}`))).toEqual([]);
  });

  const line = (payload: string, more = ""): string =>
    `{"timestamp":"2026-11-20T20:47:32.000Z","ordinal":7,"type":"response_item","payload":${payload}${more}}`;
  const nul = (text: string, from: string, to: string): string => {
    const [start, end] = [text.indexOf(from), text.indexOf(to)];
    return text.slice(0, start) + "\0".repeat(end - start) + text.slice(end);
  };

  it.each<[string, string, string, string]>([
    [
      "a message's text has no name",
      '{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[]}]}',
      'ext":"a',
      "notations",
    ],
    [
      "a message's text is part of its type",
      '{"type":"message","role":"user","content":[{"type":"input_text","text":"a"}]}',
      'ext","text":"a',
      'a"}]',
    ],
    ["its line has no type", '{"type":"message","role":"user","content":[]}', "esponse", "_item"],
    ["its line has no payload", '{"type":"message","role":"user","content":[]}', "ayload", '":{"type'],
    ["it has no kind", '{"type":"message","role":"user","content":[]}', 'ype":"message', '":"message'],
    ["its kind is none", '{"type":"message","role":"user","content":[]}', "essage", '","role'],
    ["a message has nobody's role", '{"type":"message","role":"user","content":[]}', "ser", '","content'],
    ["a message has no role", '{"type":"message","role":"user","content":[]}', "ole", "content"],
    [
      "a call has no name",
      '{"type":"function_call","name":"a","arguments":"{}","call_id":"b"}',
      "ame",
      "arg",
    ],
    [
      "a call has a name that no provider takes",
      '{"type":"function_call","name":"shell","arguments":"{}","call_id":"b"}',
      "hell",
      '","arg',
    ],
    ["a call has no id", '{"type":"custom_tool_call","call_id":"b","name":"a","input":""}', "all_id", "name"],
    ["an output has no call", '{"type":"function_call_output","call_id":"b","output":"c"}', "all_id", '":"b'],
    [
      "an output says nothing",
      '{"type":"function_call_output","call_id":"b","output":"c"}',
      '","output',
      'c"}',
    ],
    [
      "a part of an output has no type",
      '{"type":"custom_tool_call_output","call_id":"b","output":[{"type":"input_text","text":"c"}]}',
      'ype":"input',
      'text":"c',
    ],
  ])("an item that Codex would pass over isn't kept: %s", (_what, payload, from, to) => {
    const broken = nul(line(payload), from, to);
    expect(kept(broken)).toBe(" ".repeat(broken.length));
    expect(lost(broken)).toEqual([broken]);
  });

  it("an item keeps no id and no notes that were damaged, and keeps those that weren't", () => {
    const own =
      '{"type":"message","id":"msg_0123","role":"user","content":[{"type":"input_text","text":"a b"}]}';
    const notes = ',"metadata":{"history_sequence":1,"retained_source":{"id":"a"}}';
    const whole = line(own, notes);
    expect(kept(whole.replace("a b", "a\x01b"))).toBe(whole);
    const [noId, noNotes] = [
      line(own.replace('"id":"msg_0123",', " ".repeat(16)), notes),
      line(own, " ".repeat(notes.length)),
    ];
    expect(kept(whole.replace("0123", "0\x0023"))).toBe(noId);
    expect(kept(whole.replace("retained", "ret\0\0ned"))).toBe(noNotes);
    expect(kept(enveloped.replace("{}", '{"id":"\0"}')), "of an event it may be all that it tells").toContain(
      '"id":" "',
    );
  });

  it("a bare header, which has no type, keeps what can be read of it", () => {
    const header = '{"id":"5973b6c0-94b8-487b-a530-2aeb6098ae0e","timestamp":"2025-09-01T00:00:00Z"}';
    expect(kept(header.replace("timestamp", "t\0mestamp"))).toBe(header.replace("timestamp", "t mestamp"));
  });

  it("characters of every length stay beside bytes that are no text, also beside parts of such characters", () => {
    const text = (words: string): string => enveloped.replace("{}", `{"message":"${words}"}`);
    const latin = (words: string): string => Buffer.from(words).toString("latin1");
    const whole = latin("n\u00e9 \u00a2\u07ff \u0800\u4e2d\uffff \u{10000}\u{1f642}");
    for (const [broken, left] of [
      ["\xe4\xb8", "??"],
      ["\xf0\x9f\x99", "???"],
      ["\xc3", "?"],
      ["\x80", "?"],
      ["\xc0\x80", "??"],
    ] as const)
      expect(kept(text(`${whole}${broken}${whole}`)), JSON.stringify(broken)).toBe(
        text(`${whole}${left}${whole}`),
      );
    expect(kept(`${enveloped}\xe4\xb8`), "cut off by the end of the line").toBe(`${enveloped}  `);
  });

  it("what is a string, and what stands between strings, is told by quotes, not by braces, quotes and backslashes in one", () => {
    for (const words of ["a { b", String.raw`a \" b`, String.raw`a \\\" b`, "a } b"]) {
      const text = (bad: string): string => `{"type":"t","said":"${words}${bad}"}`;
      expect(kept(text("\xff")), words).toBe(text("?"));
    }
    const ended = (bad: string): string => `{"type":"t","path":"C:\\\\"${bad}}`;
    expect(kept(ended("\xff"))).toBe(ended(" "));
  });

  it("half a character that is written as an escape becomes U+FFFD", () => {
    const text = (escape: string): string => enveloped.replace("{}", `{"message":"a${escape}b"}`);
    expect(kept(text("\\ud83d"))).toBe(text("\\ufffd"));
    expect(kept(text("\\ud83d\\ude42"))).toBe(text("\\ud83d\\ude42"));
  });

  it("bytes that are no text are replaced in a record by its own strings, also behind one torn within a string", () => {
    const torn = '{"timestamp":"2026-11-20T20:47:31.000Z","type":"torn he';
    const glued = enveloped.replace("{}", '{"message":"caf\xe9 au lait"\xe9}');
    expect(kept(torn + glued)).toBe(
      " ".repeat(torn.length) + enveloped.replace("{}", '{"message":"caf? au lait" }'),
    );
  });

  it("a mark of byte order goes and its record stays; so does one that nests deeper than any that Codex writes", () => {
    expect(kept(`\xef\xbb\xbf${enveloped}`)).toBe(`   ${enveloped}`);
    expect(lost(`\xef\xbb\xbf${enveloped}`)).toEqual([]);
    const deep = '{"a":'.repeat(80) + "1" + "}".repeat(80);
    for (const record of [
      enveloped.replace("{}", deep),
      state.replace("}", `,"state":${deep}}`),
      `{"id":${deep}}`,
    ]) {
      expect(kept(record + enveloped)).toBe(`${record}\n${enveloped}`);
      const other = record.replace(/"(?:type|record_type|id)"/u, '"of"');
      expect(lost(other + enveloped)).toEqual([other]);
    }
  });
});
