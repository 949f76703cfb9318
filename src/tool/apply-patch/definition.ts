import type { ToolDefinition } from "../../session/definition.ts";

/** The format as a grammar for constrained sampling (Responses API custom tools with `format.type: "grammar"`, since 2025-08). */
const grammar = `start: begin section+ end
begin: "*** Begin Patch" LF
end: "*** End Patch" LF?

section: add | delete | update
add: "*** Add File: " path LF added+
delete: "*** Delete File: " path LF
update: "*** Update File: " path LF move? hunks?
move: "*** Move to: " path LF

hunks: (heading | line)+ last?
heading: ("@@" | "@@ " /(.+)/) LF
line: ("+" | "-" | " ") /(.*)/ LF
last: "*** End of File" LF

added: "+" /(.*)/ LF
path: /(.+)/

%import common.LF
`;

/** `apply_patch` as the model is told of it. */
export const definition: ToolDefinition = {
  type: "custom",
  name: "apply_patch",
  description:
    "Adds, changes, moves and deletes files of the workspace: all files of the patch or none. The input is the patch itself, not JSON. " +
    "Paths are relative to the workspace.",
  format: { type: "grammar", syntax: "lark", definition: grammar },
};
