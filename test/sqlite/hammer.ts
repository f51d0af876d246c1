import type { RunTransaction } from "../../src/run/run-store.ts";
import { sqliteStore } from "../../src/sqlite/index.ts";
import { sampleRun } from "../run/sample-run.ts";

// One of several processes: each transaction writes to a run that all share and to one of its own.

const [path = "", worker = "", transactions = "0"] = process.argv.slice(2);
const store = sqliteStore({ path, busyMs: 30_000 });

function step(tx: RunTransaction, n: number): void {
  const open = (executionId: string): NonNullable<ReturnType<RunTransaction["getRun"]>> =>
    tx.getRun(executionId) ?? tx.insertRun(sampleRun(1, { executionId, sessionId: executionId }));
  const shared = open("shared");
  const json = JSON.stringify({ type: "text", data: { worker, n } });
  tx.appendEvents(shared, shared.lastEventId + 1, [json, json]);
  tx.updateRun(shared, { lastEventId: shared.lastEventId + 2, epoch: shared.epoch + 1 });
  const own = open(worker);
  tx.updateRun(own, { epoch: own.epoch + 1 });
  tx.putDocument(own, "progress", n + 1);
}

let kept = 0;
let longestMs = 0;
for (let n = 0; n < Number(transactions); n++) {
  const startedAt = performance.now();
  await store.transact((tx) => step(tx, n));
  longestMs = Math.max(longestMs, performance.now() - startedAt);
  kept++;
}
await store.close();
console.log(JSON.stringify({ kept, longestMs }));
