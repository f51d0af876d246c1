import type { RunFilter } from "../run/run-store.ts";
import { isEnded } from "../substrate/execution.ts";
import { CANCELLING, LIVE, TRIMMABLE, WAITING } from "./migrations.ts";
import { SELECT_RUNS } from "./run-columns.ts";
import type { SqliteValue } from "./sqlite-driver.ts";
import { encodeText } from "./stored-text.ts";

// Each is served by an index, so that finished runs cost nothing. A test asks SQLite for its plans.

const CLAIMED_FIRST = "priority DESC, seq";

export const GET_RUN: string = `${SELECT_RUNS} WHERE execution_id = ?`;

/** Of a list that is given as JSON. Runs of other agents are walked past: they are few, and wait for a newer version. */
const KNOWN_AGENT = "agent IN (SELECT value FROM json_each(?))";

export const NEXT_CLAIMABLE: string = `${SELECT_RUNS} WHERE ${WAITING} AND blocked = 0 AND ${KNOWN_AGENT}
  ORDER BY ${CLAIMED_FIRST} LIMIT 1`;

/** Two walks along the index, merged. */
export const WAITING_RUNS: string = [0, 1]
  .map((blocked) => `SELECT * FROM (${SELECT_RUNS} WHERE ${WAITING} AND blocked = ${blocked})`)
  .join(" UNION ALL ")
  .concat(` ORDER BY ${CLAIMED_FIRST} LIMIT ?`);

export const LIVE_RUNS: string = `${SELECT_RUNS} WHERE session_id = ? AND tenant_id = ? AND ${LIVE} ORDER BY seq`;

export const OWNED_RUNS: string = `${SELECT_RUNS} WHERE worker_id = ? AND state = ? ORDER BY seq`;

/** Asked for again and again, by workers that may own many runs: those have an index of their own. */
export const CANCELLING_RUNS: string = `${SELECT_RUNS} WHERE worker_id = ? AND ${CANCELLING} ORDER BY seq`;

const MAY_MOVE = `(state <> 'running' OR ${KNOWN_AGENT})`;

export const DUE_RUNS: string = `${SELECT_RUNS} WHERE wake_at <= ? AND ${MAY_MOVE} ORDER BY wake_at, seq LIMIT ?`;

export const NEXT_WAKE_AT: string = `SELECT wake_at FROM turnwire_runs WHERE wake_at IS NOT NULL AND ${MAY_MOVE}
  ORDER BY wake_at LIMIT 1`;

export const COUNT_TRIMMABLE: string = `SELECT count(*) AS count FROM turnwire_runs WHERE ${TRIMMABLE}`;

export const TRIMMABLE_RUNS: string = `${SELECT_RUNS} WHERE ${TRIMMABLE} ORDER BY finished_at, seq LIMIT ?`;

/** The statement for a filter, and its values. */
export function listRuns(filter: RunFilter, limit: number): { readonly sql: string; readonly values: SqliteValue[] } {
  const { tenantId, sessionId, states } = filter;
  const terms: string[] = [];
  const values: SqliteValue[] = [];
  let index = "";
  if (sessionId !== undefined) {
    terms.push("session_id = ?");
    values.push(encodeText(sessionId));
  }
  if (tenantId !== undefined) {
    terms.push("tenant_id = ?");
    values.push(encodeText(tenantId));
  }
  if (states !== undefined) {
    terms.push("state IN (SELECT value FROM json_each(?))");
    values.push(JSON.stringify(states));
    if (!states.some(isEnded)) {
      terms.push(LIVE);
      // Without it SQLite walks through all runs from the newest, past all that have ended.
      index = " INDEXED BY turnwire_runs_live";
    }
  }
  const where = terms.length === 0 ? "" : ` WHERE ${terms.join(" AND ")}`;
  return { sql: `${SELECT_RUNS}${index}${where} ORDER BY seq DESC LIMIT ?`, values: [...values, limit] };
}
