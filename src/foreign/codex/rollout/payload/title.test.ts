import { expect, it } from "vitest";
import { titleOf } from "./title.ts";

it("of notes that were pinned to a page or a diff the title is what was asked beside them, or the first note", () => {
  const note = (words: string): string =>
    `## User Comment 1\nFile: browser:pond\nNode position: (1, 2) in 800x600 viewport\nComment:\n${words}\n`;
  const picture =
    'The next image shows the browser page at the time of Comment 1. The element "p" that the user selected is outlined in blue.\n<image>';
  const page = "<in-app-browser-context>\n# In app browser:\n- /pond\n</in-app-browser-context>";
  for (const [prompt, title] of [
    [
      `\n# Diff comments:\n\n${note("move it")}\n# In app browser:\n- /\n\n## My request for Codex:\n\n${picture}`,
      "move it",
    ],
    [`# Diff comments:\n\n${note("move it")}${note("and that")}\n## My request:\n`, "move it"],
    [`\n# Browser comments:\n\n${note("move\nit")}\n${page}`, "move it"],
    [
      `# Browser comments:\n\n${note("move it")}\n${page}\n\n## My request:\nand hurry\n${picture}`,
      "and hurry",
    ],
    [`# Response annotations:\n[]\n\n# Browser comments:\n\n${note("move it")}`, "move it"],
    ["# Diff comments:\nI have none", "# Diff comments: I have none"],
    [picture, picture.replace("\n<image>", "")],
  ] as const)
    expect(titleOf(prompt)).toBe(title);
});

it("the title is what was asked, not what an editor, the app or an image put around it", () => {
  expect(
    titleOf("# Context from my IDE setup:\n\n## Open tabs:\n- a.ts\n\n## My request for Codex:\nfix it\n"),
  ).toBe("fix it");
  const page =
    '<in-app-browser-context source="ambient-ui-state">\n# In app browser:\n- /pond\n</in-app-browser-context>';
  for (const [prompt, title] of [
    [`${page}\n\n## My request:\nfix it\n`, "fix it"],
    ["\n# Files mentioned by the user:\n\n## a.png: /a.png\n\n## My request:\nfix it", "fix it"],
    [`${page}\nfix it`, "fix it"],
    ['<appshot app="Pond">a\nb</appshot>\n\nfix it', "fix it"],
    ["<realtime_delegation>\n  <input>is 3 &lt; 4?</input>\n</realtime_delegation>", "is 3 < 4?"],
    [
      "<codex_delegation>\n  <source_thread_id>01a1</source_thread_id>\n  <input>fix it</input>\n</codex_delegation>",
      "fix it",
    ],
    ["## My request:\nfix it", "fix it"],
    ["fix it\n\n## My request:\nlater", "fix it ## My request: later"],
  ] as const)
    expect(titleOf(prompt)).toBe(title);
  expect(titleOf('<image name=[Image #1] path="/a b.png"></image>what is this?')).toBe("what is this?");
  expect(titleOf("<image name=[Image #1]></image>")).toBe("<image name=[Image #1]></image>");
});
