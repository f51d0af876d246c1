import { DatabaseSync } from "node:sqlite";
import type { RunEngineOptions } from "turnwire/run";

/** What the playground itself remembers of its turns, beside what the run engine keeps. */
export interface TraceBook {
  /** For the run engine: they write this book. */
  readonly hooks: NonNullable<RunEngineOptions["hooks"]>;
  /** When each of an execution's events was said, in milliseconds since the epoch, by the event's id. */
  times(executionId: string): Readonly<Record<string, number>>;
  /** The answer that was saved for an execution, and how often it was. */
  savedAnswer(executionId: string): { readonly text: string; readonly saves: number } | undefined;
  close(): void;
}

/**
 * A small database such as a product has: hooks write it, pages read it. The timeline needs times, which events do not
 * carry; and a product keeps answers in a table of its own, under the execution's id, so that a save that is repeated
 * after a crash replaces the row.
 */
export function openTraceBook(path: string): TraceBook {
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS times (execution_id TEXT, event_id TEXT, at INTEGER, PRIMARY KEY (execution_id, event_id)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS answers (execution_id TEXT PRIMARY KEY, text TEXT, saves INTEGER) WITHOUT ROWID;
  `);
  const putTime = database.prepare("INSERT OR IGNORE INTO times VALUES (?, ?, ?)");
  const putAnswer = database.prepare(
    "INSERT INTO answers VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET text = excluded.text, saves = saves + 1",
  );
  const readTimes = database.prepare("SELECT event_id, at FROM times WHERE execution_id = ?");
  const readAnswer = database.prepare("SELECT text, saves FROM answers WHERE execution_id = ?");
  return {
    hooks: {
      onEvent({ id }, { executionId = "" }) {
        if (id !== undefined) putTime.run(executionId, id, Date.now());
      },
      persistAssistantMessage({ executionId = "", finalText }) {
        putAnswer.run(executionId, finalText);
      },
    },
    times: (executionId) =>
      Object.fromEntries(readTimes.all(executionId).map(({ event_id, at }) => [String(event_id), Number(at)])),
    savedAnswer(executionId) {
      const row = readAnswer.get(executionId);
      return row === undefined ? undefined : { text: String(row["text"]), saves: Number(row["saves"]) };
    },
    close: () => database.close(),
  };
}
