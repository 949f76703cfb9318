import { isCallIdMissed } from "./error-text.ts";
import type { FindingKind } from "./catalogue.ts";

/** What a message of Codex's own means, and what can be done about it. */
export interface OwnWords {
  readonly says: { test(text: string): boolean };
  readonly means: string;
  /** Where no repair of a rollout helps. */
  readonly youCan?: string;
  readonly kinds: readonly FindingKind[];
  /** Whether it stands beside other messages on a screen, and stops nothing. */
  readonly isAside?: true;
}

/** What Codex says of its sessions, their files and the databases beside them (0.20 to 0.169, 2026-11): the first that fits. */
export const ownWords: readonly OwnWords[] = [
  {
    says: /already has an active writer|is (?:active elsewhere|open in another app)\b/iu,
    means:
      "Another Codex has the session open: a terminal, an editor or the app; it may be idle. Close it there",
    youCan:
      "close it there, or end the server that a terminal interface has left running (codex app-server daemon stop), and try again",
    kinds: ["live"],
  },
  {
    says: /missing an ordinal/iu,
    means: "An older Codex has written to a session of a newer one, which refuses it now",
    kinds: ["missing-ordinal"],
  },
  {
    says: /rollout(?: at)? .*is empty/iu,
    means: "The session's file is empty, or of a version before 0.34, of which later ones read no line",
    youCan: "go on with it: throughline resume, with its id; where it is empty, restore it from a backup",
    kinds: ["empty-file", "old-lines"],
  },
  {
    says: /failed to load rollout .{0,400}empty session file/iu,
    means: "The session's file is empty, or holds no record that Codex reads",
    kinds: ["empty-file", "not-a-rollout"],
  },
  {
    says: /missing source rollout/iu,
    means: "The session goes on from another one, a fork's or a reverted thread's, whose file isn't there",
    kinds: ["base-missing"],
  },
  {
    says: /cutoff byte offset is past the source rollout/iu,
    means: "The session goes on in the middle of another one's file, which has lost bytes before that place",
    kinds: ["segment-short"],
  },
  {
    says: /invalid session metadata history_mode/iu,
    means:
      "The session's first line says that its history is of a kind that this version doesn't know: a newer Codex wrote it, or it is damaged",
    kinds: ["history-mode-unknown"],
  },
  {
    says: /failed to read session metadata|start with session metadata|failed to parse (?:conversation|thread) ID|failed to parse first rollout record|has no usable header record/iu,
    means: "The first line of the session's file is missing or can't be read",
    kinds: [
      "header-broken",
      "header-missing",
      "byte-order-mark",
      "other-layout",
      "empty-file",
      "git-lfs-pointer",
      "old-lines",
    ],
  },
  {
    // 0.117 and later look for a name in their own database only (openai/codex#16049).
    says: /no saved session found with id (?!<?[0-9a-f]{8}-)/iu,
    means:
      "This version of Codex knows no session of that name; it may have one that another version was told of",
    youCan:
      "find it: throughline sessions --codex --all --archived --search NAME; go on with it: codex resume, with its id",
    kinds: [],
  },
  {
    says: /no rollout found for thread id|no saved session found|failed to resolve rollout path|thread-store internal error: .{0,300}\(os error 2\)/iu,
    means:
      "Codex's state database names a place where the session's file isn't any more, or there is no such session",
    kinds: ["state-moved", "two-files-one-id", "name-differs"],
  },
  {
    // Its writer has gone, as after a full disk or while Codex ends (openai/codex#15095, #16300, #19475).
    says: /failed to record rollout items/iu,
    means:
      "Codex couldn't write the last of what was said into the session's file, as after a full disk or while it ended; a resume goes on without what isn't in there",
    youCan:
      "see what the file has: throughline export, with the session's id; make room where the disk is full, end Codex, and go on: codex resume",
    kinds: [],
    isAside: true,
  },
  {
    // It looks in the folders then (openai/codex#11634).
    says: /\bstate db (?:missing rollout path|discrepancy|returned stale rollout path)/iu,
    means:
      "Codex's state database doesn't know the session's file, which Codex then looked for in its folders",
    youCan: "nothing; where something stopped the session, that stands beside it",
    kinds: ["state-moved"],
    isAside: true,
  },
  {
    says: /\bthread not found(?::|$)|\bthread [0-9a-f-]{36} not found/iu,
    means:
      "The server behind the app or the editor doesn't have the session open any more, as after its restart; its file may be whole",
    youCan: "open it anew: codex resume, with the session's id",
    kinds: [],
  },
  {
    // Measured with 0.153, of every fork; 0.169 takes such a file.
    says: /expected ordinal \d+, got \d+/iu,
    means:
      "A record of the session's file has a number that another one has had, as turns that were cut off leave it; versions such as 0.153 show nothing behind it, and fork nothing",
    kinds: ["ordinal-regressed", "index-stale"],
  },
  {
    says: /failed to project durable rollout/iu,
    means:
      "Codex couldn't bring its index into line with the session's file: what is behind that place isn't shown, as if the turn had been cut off; the file is whole, and the model still gets all of it",
    kinds: ["ordinal-regressed", "index-stale"],
  },
  {
    // Side chats of the app, of which it has kept no file.
    says: /failed to read thread .{0,200}(?:[\\/]\.codex: |: is a directory \(os error 21\))/iu,
    means: "Codex's state database names no file for this session, but the folder of all",
    kinds: ["state-moved"],
  },
  {
    says: /cannot resume running thread .{0,60}with stale path/iu,
    means:
      "The server behind the app or the editor still has the session open by another path: where it was before it was archived or moved, or, on Windows, the same one in another spelling",
    youCan:
      "end that server (the app, or: codex app-server daemon stop), and see where the session is: throughline doctor, with its id",
    kinds: [],
  },
  {
    says: /failed to read unarchived thread|no codex thread found for threadid|failed to (?:un)?archive (?:conversation|session|chat)/iu,
    means:
      "The app couldn't put the session away, or back into its list; the file may have been moved all the same",
    youCan:
      "start the app anew; where the session is still missing: throughline sessions --codex --all --archived, and throughline doctor, with its id",
    kinds: [],
  },
  {
    // Measured with 0.169: a resume, and the app's list, make the row.
    says: /is missing its SQLite metadata/iu,
    means:
      "Codex's state database doesn't have the session yet, so that it isn't migrated; its file may be whole",
    youCan: "go on with it once (codex resume, with its id), which makes the entry, and migrate again",
    kinds: [],
  },
  {
    says: /AbsolutePathBuf deserialized without a base path/iu,
    means:
      "This version can't read the folder of an old command in the session's file, as another version, or one on Windows, has written it",
    youCan: "update Codex, or go on here: throughline resume, with the session's id",
    kinds: [],
  },
  {
    says: /working directory (?:is missing|missing|no longer exists)/iu,
    means:
      "The folder that the session works in isn't there any more: moved, or a worktree that was removed; the session is whole",
    youCan:
      "go on in another folder: codex resume, with its id, and -C FOLDER; or here: throughline resume --here",
    kinds: [],
  },
  {
    says: /paginated threads do not support/iu,
    means:
      "The program in front of Codex asks in a way that holds for sessions of older versions only; the session is whole",
    youCan: "update that program, or go on in Codex itself: codex resume, with the session's id",
    kinds: [],
  },
  {
    says: /collab spawn failed|\bagent thread [0-9a-f-]{36} is no longer available/iu,
    means:
      "A sub-agent can't be begun or opened: all places are taken, or its parent isn't on disk or in the state database; what it did so far is",
    youCan:
      "end Codex and go on with the parent: codex resume, with its id; the sub-agents' own sessions: throughline sessions --codex --all",
    kinds: [],
  },
  {
    says: /stream did not contain valid UTF-8/iu,
    means: "A line of the session's file holds bytes that are no text, and this version refuses all of it",
    kinds: ["invalid-utf8"],
  },
  {
    says: /another Codex process is using its local data|failed to initialize .*(?:pool timed out|database is locked)|app-server initialize handshake timed out/iu,
    means:
      "Another Codex holds the databases beside the sessions, or is slow to let them go; the sessions are whole",
    youCan:
      "close every Codex (terminals, editors, the app, and a server left running: codex app-server daemon stop), and try again",
    kinds: [],
  },
  {
    says: /list_turns is not supported|database (?:disk image is malformed|failed integrity)|file is not a database|migration \d+ was previously applied|local database appears to be damaged|cannot access its local database|unable to open database file|failed to initialize (?:sqlite|(?:the )?state runtime)/iu,
    means:
      "A database beside the sessions is damaged, or was made by another build of Codex; the sessions are not",
    kinds: ["state-unreadable"],
  },
  {
    says: /\bthread\/goal\/(?:get|set|clear) failed/iu,
    means:
      "A database beside the sessions that has to do with goals can't be read (goals_1.sqlite, logs_2.sqlite); the sessions are whole",
    youCan:
      "close Codex (its server too: codex app-server daemon stop) and move that database aside, with its -wal and -shm files; Codex makes a new one",
    kinds: [],
  },
  {
    says: /\bdisk I\/O error/iu,
    means:
      "A database beside the sessions can't be read or written where it lies: a network folder, a folder that is synchronised, or a failing disk; the sessions' files may be whole",
    youCan: "have the databases on a local disk: CODEX_SQLITE_HOME names a folder for them",
    kinds: [],
  },
  {
    says: /cyclic redundancy|\bCRC\b.{0,40}\bos error 23\b|input\/output error \(os error 5\)/iu,
    means: "The disk can't read the session's file any more: it is failing",
    youCan:
      "copy the file as far as that goes, to another disk; then throughline repair, with the copy's path",
    kinds: [],
  },
  {
    // Commands and patches of a sandbox say it of the files that they may not write.
    says: /(?:^|(?:\b(?:rollout|sessions?|thread)|\.codex)\b.{0,200}: )read-only file system \(os error 30\)/iu,
    means: "Codex's home can't be written: it lies on a disk that is read-only here, as in a sandbox",
    youCan: "let it be written there, or have Codex keep its sessions elsewhere: CODEX_HOME",
    kinds: [],
  },
  {
    says: /is archived\b.*unarchive|thread .* is archived/iu,
    means: "The session is archived",
    youCan: "codex unarchive, with its id, brings it back",
    kinds: [],
  },
  {
    says: { test: isCallIdMissed },
    means:
      "The session holds a prompt or context that came from elsewhere: a goal, the app, another session or an automation. Codex keeps it as an output without a call id, which providers other than OpenAI refuse, with every request from then on",
    kinds: ["injected-output"],
  },
  {
    says: /\bInvalid value: '(?:input_text|output_text|tool|function)'\. Supported values are/u,
    means:
      "The session holds a message in a form that Codex doesn't write, as programs that convert sessions do; OpenAI refuses every request of it",
    kinds: ["unread-item"],
  },
  {
    says: /does not have a canonical rollout filename/iu,
    means:
      "The file of the session has a name of another form than Codex's, under which 0.150 and later take no session of their own",
    kinds: ["name-differs"],
  },
  {
    // Only Rust words it so: a provider's full disk comes in the words of Python, Go or Node.
    says: /\bos error 28\b/iu,
    means: "The disk is full, so that Codex can't write the session's file",
    youCan: "make room, then go on: codex resume; what was half written is repaired by throughline repair",
    kinds: [],
  },
  {
    says: /(?:cannot|could not) access session files/iu,
    means: "Codex may not read or write the folder in which its sessions lie: sudo may have made files in it",
    youCan: "make it yours again: sudo chown -R $(whoami) ~/.codex",
    kinds: [],
  },
];
