import type { NewRun, RunRecord, RunStore, RunTransaction } from "../../src/run/run-store.ts";

/** A run to insert: `p:s:<n>` of session `s`, but for what is given. */
export function sampleRun(n: number, given: Partial<NewRun> = {}): NewRun {
  return {
    executionId: `p:s:${n}`,
    tenantId: "t",
    sessionId: "s",
    userId: "u",
    turnIndex: n,
    agent: "default",
    priority: 0,
    createdAt: 1_000 + n,
    blocked: false,
    ...given,
  };
}

/** Inserts sample runs, one per entry, numbered from 1. */
export function insertRuns(store: RunStore, given: readonly Partial<NewRun>[]): Promise<RunRecord[]> {
  return store.transact((tx) => given.map((one, index) => tx.insertRun(sampleRun(index + 1, one))));
}

/** Events as the engine appends them: JSON text. */
export function eventTexts(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => JSON.stringify({ type: "text", data: { n: from + index } }));
}

/** All events after a cursor, by pages. */
export function readAll(tx: RunTransaction, run: RunRecord, after = 0, limit = 50): unknown[] {
  const all: unknown[] = [];
  for (let cursor = after; ;) {
    const page = tx.readEvents(run, cursor, limit);
    if (page.length === 0) return all;
    all.push(...page);
    cursor = Number(page.at(-1)?.id);
  }
}

/** Ids and texts that stores tend to get wrong. */
export const hostileTexts: readonly string[] = [
  "",
  " ",
  "'; DROP TABLE turnwire_runs; --",
  '"',
  "\\",
  "%_*?",
  "a\0b",
  "a\0c",
  "\0",
  "\u0001",
  '\u0001"a\\u0000b"',
  "\ud800",
  "\udbff",
  "\udfff",
  "x\udc00y",
  "\u{1f600}",
  "é",
  "e\u0301",
  "\u2028\u2029\ufeff",
  "ß",
  "SS",
  "ss",
  "1",
  "01",
  "1.0",
  "null",
  "__proto__",
  "constructor",
  "x".repeat(5_000),
];
