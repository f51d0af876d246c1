/** What one object has used of what Cloudflare charges for. */
export interface ObjectUsage {
  instances: number;
  fetches: number;
  alarms: number;
  transactions: number;
  rowsWritten: number;
  rowsRead: number;
  /** Milliseconds in which something held the object in memory. */
  heldMs: number;
  holders: number;
  heldSince: number;
  /** By statement, cut short. */
  readonly statements: Record<string, { times: number; written: number; read: number }>;
}

export function emptyUsage(): ObjectUsage {
  return {
    instances: 0,
    fetches: 0,
    alarms: 0,
    transactions: 0,
    rowsWritten: 0,
    rowsRead: 0,
    heldMs: 0,
    holders: 0,
    heldSince: 0,
    statements: {},
  };
}
