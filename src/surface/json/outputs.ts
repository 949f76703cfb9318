import { z } from "zod";
import { doctor, repair } from "./codex.ts";
import {
  at,
  damage,
  dead,
  failure,
  id,
  listed,
  mode,
  queued,
  schema,
  session,
  unreadable,
} from "./shapes.ts";

/** What each command prints with `--json`, by the command's name: one object on one line. The commands that print events are in `events.ts`. */

const troubles = z.array(z.string()).describe("what could not be removed, in words; run it again");

/** What `archive` and `unarchive` print for each named session. */
const archived = z.strictObject({
  schema,
  sessions: z
    .array(
      z.strictObject({
        session: z.string().describe("its id; with `error`, what was given for it"),
        archived: z.boolean().optional().describe("whether it is archived now"),
        error: failure.optional().describe("why it could not be done; the others were done all the same"),
      }),
    )
    .describe("in the order in which they were given"),
});

const left = z
  .array(
    z.strictObject({
      session: z.string().describe("its id, what was given for it, or the path of a copy"),
      why: z.string().describe("in words"),
      class: z.string().optional().describe("of the failure, when it could not be done"),
    }),
  )
  .describe("what stays though it may be meant");

const purged = z.discriminatedUnion("dryRun", [
  z
    .strictObject({
      schema,
      dryRun: z.literal(false).describe("it was done"),
      deleted: z
        .array(z.strictObject({ session: id, bytes: z.number().describe("of its log") }))
        .describe("what was deleted"),
      left,
      troubles,
    })
    .meta({ title: "when it was done" }),
  z
    .strictObject({
      schema,
      dryRun: z.literal(true).describe("nothing was done"),
      wouldDelete: z
        .array(
          z.strictObject({
            session: id,
            bytes: z.number().describe("of its log"),
            holder: session.shape.holder,
          }),
        )
        .describe("what would be deleted"),
      left,
    })
    .meta({ title: "when it only says what it would do" }),
]);

const sent = {
  schema,
  session: id,
  provider: z.string().describe("name of the provider"),
  contract: z.string().describe("name of the replay contract"),
  model: z.string().describe("name of the model"),
  effort: z.string().optional().describe("reasoning effort"),
  bytes: z.number().describe("of the input"),
  input: z.array(z.looseObject({})).describe("the items, as Responses items"),
  changes: z
    .array(
      z.strictObject({
        seq: z.number().describe("of the item in the log"),
        rule: z.string().describe("of the projection"),
        why: z.string().describe("in words"),
      }),
    )
    .describe("what of the log's window is left out or changed"),
};

const shown = {
  schema,
  ...session.shape,
  followUps: z
    .strictObject({
      queued: z.number().describe("how many wait"),
      dead: z.number().describe("how many will not be delivered"),
      unreadable: z.array(z.string()).describe("files of the inbox that can't be read, and are kept"),
    })
    .describe("its queue"),
  damage: z.array(damage).describe("bytes of the log that can't be used"),
  events: z
    .array(
      z.looseObject({
        type: z.string().describe("of the event"),
        seq: z.number().describe("its number in the log"),
        at,
      }),
    )
    .describe("the last warnings, repairs, rewinds and amendments, as the log has them"),
  items: z
    .array(
      z.strictObject({
        step: z.number().describe("of the item"),
        seq: z.number().describe("its number in the log"),
        kind: z.enum(["prompt", "answer", "call", "output"]).describe("what it is"),
        text: z.string().describe("what was said, called or printed"),
        diff: z.string().optional().describe("of a patch: what it changes"),
        left: z
          .enum(["rewound", "cleared", "compacted"])
          .optional()
          .describe("why it is not sent any more: left behind by going back, cleared, or in a summary"),
      }),
    )
    .describe("what was said and done in the last steps (`--steps`)"),
  next: z.string().describe("the next command to try"),
};

export const outputs = {
  sessions: z.strictObject({
    schema,
    sessions: z.array(listed).describe("newest activity first"),
    hidden: z
      .array(
        z.strictObject({
          by: z.string().describe("`workspace`, `archived`, or the filter as it was given"),
          count: z.number().describe("sessions that it took out"),
        }),
      )
      .describe("what the list leaves out, in the order of the filters"),
  }),
  show: z.union([
    z.strictObject(shown).meta({ title: "without `--request`" }),
    z.strictObject(sent).meta({ title: "with `--request`: what the next request would carry" }),
  ]),
  name: z.strictObject({
    schema,
    session: id,
    name: z.string().describe("its name now"),
    before: z.string().optional().describe("its name before"),
  }),
  archive: archived,
  unarchive: archived,
  fork: z.strictObject({
    schema,
    session: id.describe("the new session"),
    parent: id.describe("the one that it comes from"),
    fromStep: z.number().optional().describe("the step at which it was forked"),
    left: z.number().describe("items that stayed behind: reasoning and the like"),
  }),
  clear: z.strictObject({
    schema,
    session: id,
    scrubbed: z.boolean().describe("whether what was said was deleted too"),
    cleared: z.array(id).describe("it, and what it was rotated from"),
    waiting: z.number().describe("follow-ups that still wait in it"),
    left: z
      .array(z.string())
      .describe("forks and the like that hold some of it, and paths of copies, which were left"),
    troubles,
  }),
  delete: purged,
  purge: purged,
  queue: z.strictObject({
    schema,
    session: id.describe("the session that has it: the head, when it was rotated"),
    followUp: z.string().describe("id of the follow-up"),
    mode,
    waiting: z.number().describe("follow-ups that wait, it included"),
  }),
  "queue list": z.strictObject({
    schema,
    session: id,
    queued: z.array(queued).describe("in the order of their delivery"),
    dead: z.array(dead).describe("those that will not be delivered"),
    unreadable: z.array(unreadable).describe("those that can't be read"),
  }),
  "queue drop": z.strictObject({ schema, session: id, followUp: z.string().describe("what was dropped") }),
  undo: z.strictObject({
    schema,
    session: id.describe("the session that is back"),
    successor: id.describe("the one that is kept, and is listed no more"),
  }),
  compact: z.strictObject({
    schema,
    session: id,
    compacted: z.boolean().describe("false when there was nothing to summarise"),
    notice: z.string().describe("what was done, in words"),
  }),
  import: z.strictObject({
    schema,
    session: id.describe("the session that it became"),
    source: z
      .string()
      .describe("absolute path of the rollout, or of the exported file, which stays as it is"),
    thread: z.string().describe("its id in Codex, or where it was exported"),
    did: z
      .enum(["made", "grown", "same", "moved-on", "remade"])
      .describe(
        "a new session; what was new appended; nothing new; something new, but the session has gone on too or holds what the rollout has lost, so that nothing was taken; made anew because the rollout was written anew or repaired, was damaged and has grown, or takes back a compaction that was taken over, or because taking over what is new was cut off the last time",
      ),
    items: z.number().describe("items that were taken over now"),
    counts: z
      .strictObject({
        prompts: z.number().describe("messages of the person"),
        answers: z.number().describe("messages of the model"),
        calls: z.number().describe("calls of tools"),
        outputs: z.number().describe("outputs of tools"),
        reasoning: z.number().describe("items of reasoning"),
        compactions: z.number().describe("compactions"),
        rollbacks: z.number().describe("rollbacks"),
      })
      .optional()
      .describe(
        "what the lines of a rollout that were read now held, whether it is in the history still or not",
      ),
    left: z
      .record(z.string(), z.number())
      .describe("lines and items that have nothing in the session, by what they are"),
    fresh: z.number().describe("bytes of the rollout that are new"),
    mended: z
      .literal(true)
      .optional()
      .describe("there where a damaged rollout was read as its repair would leave it"),
    name: z
      .string()
      .optional()
      .describe("what the session is called here, where its own name means another one"),
  }),
  export: z.strictObject({
    schema,
    session: id,
    format: z.enum(["throughline", "codex", "markdown"]).describe("of the file"),
    path: z.string().describe("absolute path of the file"),
    bytes: z.number().describe("of the file"),
    thread: z.string().optional().describe("its id in Codex"),
    left: z.number().optional().describe("items that have nothing in the rollout: reasoning and the like"),
  }),
  "gateway install-codex": z.strictObject({
    schema,
    path: z.string().describe("Codex's configuration"),
    changed: z.boolean().describe("whether something has to change in it"),
    written: z.boolean().describe("whether it was written"),
    diff: z.array(z.string()).describe("its lines that change, with - and + before them"),
    backup: z.string().optional().describe("the file as it was"),
  }),
  doctor,
  repair,
  simulate: z.strictObject({
    schema,
    url: z.string().describe("where it listens, as soon as it does"),
    wire: z.string().describe("what it speaks"),
  }),
  completion: z.union([
    z
      .strictObject({
        schema,
        shell: z.string().describe("bash, zsh or fish"),
        script: z.string().describe("the script"),
      })
      .meta({ title: "for a shell" }),
    z
      .strictObject({
        schema,
        words: z
          .array(
            z.strictObject({
              word: z.string().describe("as it can stand"),
              help: z.string().describe("what it is"),
            }),
          )
          .describe("what can stand in place of the last word"),
        files: z.boolean().describe("names of files can stand there"),
      })
      .meta({ title: "for `words`" }),
  ]),
};

/** What a command that fails prints instead of its output, or, when it prints events, as the last of them. */
export const error = z.strictObject({ schema, type: z.literal("error"), ...failure.shape });

/** Each command's output by the command's name, and the error. */
export type Outputs = { [Name in keyof typeof outputs]: z.input<(typeof outputs)[Name]> } & {
  error: z.input<typeof error>;
};
