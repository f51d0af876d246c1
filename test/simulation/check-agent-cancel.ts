import type { StoppedRun } from "../../src/run/index.ts";
import { canonical } from "./canonical.ts";
import type { CommitCheck } from "./ledger.ts";
import type { SimWorker } from "./sim-worker.ts";

/** What a run fails with that no agent is called for any more. */
const GIVEN_UP: ReadonlySet<unknown> = new Set(["recovery-failed", "deadline-exceeded"]);
/** Where a run is that is stopped, or given up. */
const TOLD_IN: ReadonlySet<string> = new Set(["cancelling", "queued", "claimed", "resuming", "running"]);

/** Notes that an agent is told of a stop, and checks that it may be, with what it gets. */
export function checkCancel(worker: SimWorker, stopped: StoppedRun): void {
  const { ledger, clock } = worker.shared;
  const { executionId } = stopped;
  const known = ledger.get(executionId);
  ledger.trace?.(`    ${worker.name} tells the agent of ${executionId} of its stop`);
  if (worker.stopping === "stopped") ledger.violate("stop", `${worker.name} tells an agent after it has stopped`);
  if (known === undefined || !known.log.some(({ data }) => data?.["state"] === "running")) {
    ledger.violate("S7", `The agent of ${executionId} is told of a stop, and was never begun`);
    return;
  }
  const { row, documents } = known;
  if (!TOLD_IN.has(row.state))
    ledger.violate("S7", `The agent of ${executionId} is told of a stop; it is ${row.state}`);
  if (known.owners.get(row.epoch) !== worker || row.workerId !== worker.workerId || row.leaseUntil <= clock.now) {
    ledger.violate("S9", `${worker.name} tells the agent of ${executionId}, which ${row.workerId} has by now`);
  }
  if (canonical(stopped.checkpoint) !== canonical(documents.get("checkpoint"))) {
    ledger.violate("S7", `The agent of ${executionId} is told with another checkpoint than it kept`);
  }
  known.toldOfStop.add(row.epoch);
}

/**
 * A run that was begun is settled as cancelled, or as given up, only by one whose call of the agent was stopped, or who has told
 * the agent.
 */
export const checkAgentTold: CommitCheck = ({ ledger, worker }, run, { after, documents }) => {
  const settlement = documents.get("settlement") as
    { readonly status?: string; readonly failure?: { readonly code?: string } } | undefined;
  const isGivenUp = settlement?.status === "failed" && GIVEN_UP.has(settlement.failure?.code);
  if (!(settlement?.status === "cancelled" || isGivenUp) || !worker.knows(after.agent)) return;
  const called = run.calls.some(({ epoch }) => epoch === after.epoch);
  if (run.calls.length === 0 || called || run.toldOfStop.has(after.epoch)) return;
  ledger.violate("S7", `${after.executionId} is settled as ${settlement.status}, and its agent was not told`);
};
