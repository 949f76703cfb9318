import { describe, expect, it } from "vitest";
import { choiceOf } from "./model-choice.ts";
import { readWords } from "./slash-words.ts";
import { completions, isSlashLine, readSlash, slashLines } from "./slash.ts";

const words = (line: string, session: string | undefined = "ID"): readonly string[] => {
  const call = readSlash(line, session);
  return call.kind === "command" ? call.words : [call.name, call.text];
};

describe("slash commands", () => {
  it("put the open session before their words, where the command has one", () => {
    expect(words("/fork --from-step 3")).toEqual(["fork", "ID", "--from-step", "3"]);
    expect(words("/clear --scrub")).toEqual(["clear", "ID", "--scrub"]);
    expect(words("/show")).toEqual(["show", "ID"]);
    expect(words("/show --steps 2")).toEqual(["show", "ID", "--steps", "2"]);
    expect(words("/show other --steps 2")).toEqual(["show", "other", "--steps", "2"]);
    expect(words("/sessions --search 'two words'")).toEqual(["sessions", "--search", "two words"]);
    expect(words("/resume purge --older-than 7d")).toEqual(["purge", "--older-than", "7d"]);
  });

  it("take the rest of the line as one text, where the command wants one", () => {
    expect(words("/name fix the tests")).toEqual(["name", "--", "ID", "fix the tests"]);
    expect(words("/queue --steer it's -- urgent")).toEqual([
      "queue",
      "--steer",
      "--",
      "ID",
      "it's -- urgent",
    ]);
    expect(words("/queue")).toEqual(["queue", "list", "ID"]);
    expect(words("/queue drop 01a")).toEqual(["queue", "drop", "ID", "01a"]);
    expect(words("/resume fix")).toEqual(["resume", "fix"]);
    expect(words("/steer now this")).toEqual(["steer", "now this"]);
    expect(words("/steer\nnow this"), "on a line of its own").toEqual(["steer", "now this"]);
    expect(words("/queue\nthis\nand that")).toEqual(["queue", "--", "ID", "this\nand that"]);
    expect(words("/exit")).toEqual(["quit", ""]);
  });

  it("refuse what is no command, and what needs a session before there is one", () => {
    expect(() => words("/nothing at all")).toThrow("There is no command /nothing");
    expect(() => readSlash("/fork", undefined)).toThrow("needs a session");
  });

  it("are told from paths and from messages", () => {
    for (const line of ["/help", "/fork --from-step 3"]) expect(isSlashLine(line)).toBe(true);
    for (const line of ["/etc/hosts", " /help", "/ and", "a /help"]) expect(isSlashLine(line)).toBe(false);
  });

  it("tell options from words as the command line does", () => {
    const specs = [
      { flags: "-f, --from-step <n>", help: "" },
      { flags: "--here", help: "" },
    ];
    expect(readWords("fix 'the tests' --here --from-step 3", specs)).toEqual({
      args: ["fix", "the tests"],
      options: { here: true, fromStep: "3" },
    });
    expect(readWords("--from-step=4", specs).options).toEqual({ fromStep: "4" });
    expect(() => readWords("--there", specs)).toThrow("There is no option --there here");
    expect(() => readWords("--from-step", specs)).toThrow("-f, --from-step <n> lacks its value.");
  });

  it("choose a model with its effort, of which a name with slashes is told", () => {
    const choice = (line: string): unknown =>
      choiceOf(readWords(line, [{ flags: "--effort <effort>", help: "" }]));
    expect(choice("gpt-5.5/high")).toEqual({ model: "gpt-5.5", effort: "high" });
    expect(choice("meta/llama-4")).toEqual({ model: "meta/llama-4" });
    expect(choice("meta/llama-4/low")).toEqual({ model: "meta/llama-4", effort: "low" });
    expect(choice("--effort medium")).toEqual({ effort: "medium" });
    expect(choice("")).toEqual({});
  });

  it("complete their names and their options", () => {
    expect(completions("/").map(({ line }) => line.trim())).toEqual(slashLines.map(({ name }) => `/${name}`));
    expect(completions("/cl").map(({ line }) => line)).toEqual(["/clear"]);
    expect(completions("/fork --f")).toMatchObject([{ line: "/fork --from-step " }]);
    expect(completions("/resume --am")).toMatchObject([{ line: "/resume --amend " }]);
    expect(completions("/fork x")).toEqual([]);
    expect(completions("hello /cl")).toEqual([]);
  });
});
