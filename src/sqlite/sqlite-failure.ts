import { TurnError } from "../errors.ts";

// Runtimes agree on SQLite's messages, and on nothing else of its errors: codes are missing on some.

/** What to do about each kind of failure. The first that fits. */
const ADVICE: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/not a database/i, "the file is something else than a database: give another path"],
  [/malformed|corrupt/i, "the file is damaged: restore it from a backup, or begin with a new one"],
  [/readonly|read-only/i, "the file and its folder must be writable, also for the -wal and -shm files beside it"],
  [/full/i, "free some space on the disk"],
  [/unable to open/i, "the folder must exist and be accessible, and the path must name a file"],
  [/disk i\/o/i, "the disk failed, or the file lies where SQLite cannot lock it, such as a network share"],
];

/** Another connection holds the database, and nothing has been done yet: the same can be tried again. */
export class DatabaseBusy extends TurnError {
  constructor(what: string, cause: unknown) {
    const why = "another process, or a tool that is looking at the file, keeps it locked";
    super("store-busy", `${what}: ${messageOf(cause)}; ${why}`, { cause });
  }
}

/** Whether SQLite says that another connection holds the database. */
export function isBusy(error: unknown): boolean {
  return /\b(?:is locked|is busy|SQLITE_BUSY|SQLITE_LOCKED)\b/i.test(messageOf(error));
}

/** An error of SQLite's as what callers of the store get; `what` says what could not be done. */
export function describeFailure(what: string, cause: unknown): TurnError {
  if (cause instanceof TurnError) return cause;
  const message = messageOf(cause);
  if (isBusy(cause)) return new TurnError("store-busy", `${what}: ${message}`, { cause });
  if (/too big|SQLITE_TOOBIG/i.test(message)) {
    return new TurnError("too-large", `${what}: a value is larger than this database takes (${message})`, { cause });
  }
  const advice = ADVICE.find(([pattern]) => pattern.test(message))?.[1];
  return new TurnError("store-failed", `${what}: ${message}${advice === undefined ? "" : `; ${advice}`}`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
