import { z } from "zod";
import { catalogue } from "../../foreign/codex/findings/catalogue.ts";
import { at, id, schema } from "./shapes.ts";

/** What `doctor` and `repair` print. */

const kindNames = Object.keys(catalogue) as [keyof typeof catalogue, ...(keyof typeof catalogue)[]];
const severity = z
  .enum(["broken", "loss", "note"])
  .describe("`broken`: a resume fails; `loss`: it goes on without something; `note`: nothing has to be done");
const thread = z.string().describe("the thread's id");
const path = z.string().describe("of the rollout");

const finding = z
  .strictObject({
    kind: z.enum(kindNames).describe("docs/codex-findings.md has them all"),
    severity,
    title: z.string().describe("what it is"),
    causes: z.string().describe("what a resume does with it, with the versions"),
    count: z.number().describe("how often"),
    places: z
      .array(
        z.strictObject({
          line: z.number().describe("number of the line, from 1"),
          at: z.number().describe("its first byte"),
          bytes: z.number().describe("its length"),
        }),
      )
      .describe("the first of them"),
    detail: z.string().optional().describe("what is particular here"),
    mends: z.string().optional().describe("the command that mends it, or what else to do"),
  })
  .meta({ id: "finding", title: "something to know of a rollout" });

const sealed = z.strictObject({
  line: z.number().describe("number of the line, from 1"),
  in: z
    .enum(["reasoning", "compaction", "message", "within"])
    .describe("what is sealed; `within`: a part of a message, a call or an output"),
  id: z.string().optional().describe("of the item"),
  sealedAt: at.optional().describe("when it was sealed, as the blob says, milliseconds since 1970"),
});

const holder = z
  .strictObject({
    pid: z.number().optional().describe("process id, where it can be seen"),
    program: z.string().optional().describe("its name"),
    by: z.enum(["lock", "file"]).describe("Codex's lock of the thread, or the rollout open for writing"),
  })
  .describe("the living process that holds it");

const said = z
  .strictObject({
    class: z
      .string()
      .optional()
      .describe(
        "of the catalogue (docs/failures.md); absent for what Codex says by itself, and for words that aren't known",
      ),
    means: z.string().describe("what it means, in words"),
    youCan: z.string().describe("what to do next"),
    kinds: z.array(z.enum(kindNames)).describe("damage of a rollout that makes Codex say so"),
    names: z.string().optional().describe("the session's id that stands in the message"),
    sessions: z
      .array(
        z.strictObject({
          path,
          session: thread.optional(),
          why: z.string().describe("how that is known"),
          command: z.string().describe("to try next"),
        }),
      )
      .describe("whose it is, as far as that can be told"),
  })
  .describe("with `--error`: what the message means");

export const doctor = z.strictObject({
  schema,
  rollouts: z
    .array(
      z.strictObject({
        path,
        session: thread.optional(),
        bytes: z.number().describe("of the file"),
        version: z.string().optional().describe("of the Codex that made it"),
        holder: holder.optional(),
        findings: z.array(finding).describe("the worst first"),
        sealed: z.array(sealed).describe("every sealed blob, up to 1,000 of a rollout"),
      }),
    )
    .describe("in the order in which they were read"),
  own: z
    .array(
      z.strictObject({
        session: id,
        findings: z
          .array(
            z.strictObject({
              kind: z.string().describe("what it is"),
              severity,
              title: z.string().describe("in words"),
              command: z.string().optional().describe("to try next"),
            }),
          )
          .describe("what is to be known of it"),
      }),
    )
    .describe("Throughline's own sessions of which there is something to say"),
  needRepair: z.number().describe("how many rollouts and sessions have a finding that is no note"),
  unreadable: z
    .array(
      z.strictObject({
        path: z.string().describe("what could not be looked at"),
        why: z.string().describe("in words"),
      }),
    )
    .describe("folders and files that could not be looked at"),
  error: said.optional(),
});

export const repair = z.strictObject({
  schema,
  path,
  session: thread.optional(),
  state: z
    .enum(["nothing", "would", "done", "undone"])
    .describe(
      "`nothing`: there is nothing to repair; `would`: the diff, nothing was changed; `done`, `undone`: it was written",
    ),
  edits: z
    .array(
      z.strictObject({
        line: z.number().describe("number of the line, from 1"),
        at: z.number().describe("the first byte that is replaced"),
        bytes: z.number().describe("how many are replaced; 0 inserts"),
        becomes: z.number().describe("by how many"),
        kind: z.enum(kindNames).describe("what it mends"),
        says: z.string().describe("what is done, in words"),
      }),
    )
    .describe("up to 1,000 of them"),
  mended: z.record(z.string(), z.number()).describe("how many edits mend each kind"),
  sameOffsets: z.boolean().describe("every line keeps its place in the file"),
  forgetsIndex: z
    .boolean()
    .describe("the thread's rows of Codex's history index are removed; Codex builds them anew"),
  unpacks: z.string().optional().describe("the compressed file, which is unpacked to `path` for the repair"),
  movedFrom: z.string().optional().describe("the place that Codex's state database named before"),
  left: z.array(finding).describe("what can't be repaired"),
  backup: z.string().optional().describe("folder with the file as it was"),
  transcript: z.string().optional().describe("what was said, for people, where the file can't be repaired"),
});
