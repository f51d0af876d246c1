import type { ObjectNamespace } from "../../src/cloudflare/index.ts";

/** What an object has done beyond its own storage, in the order in which it was done. */
export interface Note {
  readonly what: "agent" | "persist" | "complete" | "end";
  readonly executionId: string;
  /** Which instance of the object did it, from 1. */
  readonly boot: number;
  readonly finalText?: string;
  readonly outcome?: string;
}

interface NoteState {
  readonly storage: {
    readonly sql: { exec(query: string, ...values: unknown[]): { toArray(): Record<string, unknown>[] } };
  };
}

const LEDGER_URL = "https://ledger.object/";

/** A book outside of the objects under test: what is written in it outlives them. */
export class LedgerObject {
  readonly #sql: NoteState["storage"]["sql"];

  constructor({ storage }: NoteState) {
    this.#sql = storage.sql;
    this.#sql.exec("CREATE TABLE IF NOT EXISTS notes (n INTEGER PRIMARY KEY, note TEXT NOT NULL)");
  }

  async fetch(request: Request): Promise<Response> {
    const note = await request.text();
    if (note !== "") this.#sql.exec("INSERT INTO notes (note) VALUES (?)", note);
    const rows = this.#sql.exec("SELECT note FROM notes ORDER BY n").toArray();
    return Response.json(rows.map((row) => JSON.parse(String(row["note"])) as Note));
  }
}

/** Resolves when it is written for good. */
export async function writeNote(ledger: ObjectNamespace, note: Note): Promise<void> {
  await ask(ledger, note.executionId, JSON.stringify(note));
}

export async function readNotes(ledger: ObjectNamespace, executionId: string): Promise<readonly Note[]> {
  return (await (await ask(ledger, executionId, "")).json()) as readonly Note[];
}

function ask(ledger: ObjectNamespace, executionId: string, body: string): Promise<Response> {
  return ledger.get(ledger.idFromName(executionId)).fetch(LEDGER_URL, { method: "POST", body });
}
