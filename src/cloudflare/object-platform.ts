import type { SqliteRow } from "../sqlite/sqlite-driver.ts";

/*
 * Cloudflare's side, as far as it is used here. Their own types fit these; ours need none of their packages.
 */

/** `ctx.storage` of a Durable Object with SQLite. */
export interface ObjectStorage {
  readonly sql: {
    exec(query: string, ...values: unknown[]): { toArray(): SqliteRow[]; readonly rowsWritten: number };
  };
  transactionSync<T>(body: () => T): T;
  getAlarm(): Promise<number | null>;
  setAlarm(at: number): Promise<void>;
}

/** `ctx` of a Durable Object. */
export interface ObjectState {
  readonly storage: ObjectStorage;
  blockConcurrencyWhile<T>(body: () => Promise<T>): Promise<T>;
}

/** A binding to the objects of one class, as a Worker's `env` holds it. */
export interface ObjectNamespace {
  idFromName(name: string): unknown;
  // A method, so that the platform's own type of an id fits.
  get(id: unknown): ObjectStub;
}

export interface ObjectStub {
  fetch(
    url: string,
    init: { readonly method: string; readonly body: string; readonly signal?: AbortSignal },
  ): Promise<Response>;
}
