import type { TurnIdentity } from "../event/identity.ts";
import { TurnError } from "../errors.ts";
import { canonicalJson } from "../internal/canonical-json.ts";
import type { ApprovalDecision } from "../substrate/execution.ts";
import type { OpenRequest } from "../substrate/substrate.ts";
import { DEFAULT_AGENT } from "../substrate/turn-input.ts";
import { RunFold } from "./run-fold.ts";
import type { RunRef } from "./sandbox-transport.ts";

/** A decision that this process has taken to the sandbox, or is about to. */
export interface TakenDecision {
  readonly text: string;
  readonly decision: ApprovalDecision;
  readonly delivered: Promise<void>;
}

/** What this process knows of one run. Nothing depends on it but courtesy: another process knows none of it. */
export interface KnownRun {
  readonly run: RunRef;
  identity: Pick<TurnIdentity, "tenantId" | "sessionId"> | undefined;
  /** What it was opened with, as canonical JSON. */
  opened: string | undefined;
  /** Whether the sandbox has been seen to have it: it is never started again. */
  exists: boolean;
  starting: Promise<void> | undefined;
  stopping: boolean;
  fold: RunFold;
  catchingUp: Promise<void>;
  readonly decisions: Map<string, TakenDecision>;
}

/** The latest runs that this process had to do with; older ones are found in the sandbox again. */
export class KnownRuns {
  readonly #runs = new Map<string, KnownRun>();
  readonly #limit: number;

  constructor(limit = 1000) {
    this.#limit = limit;
  }

  find(executionId: string): KnownRun | undefined {
    return this.#runs.get(executionId);
  }

  /** The run, moved to the young end; made when it is not known. */
  meet(executionId: string, refer: () => RunRef): KnownRun {
    return this.keep(this.#runs.get(executionId) ?? newRun(refer()));
  }

  /** Remembers a run; when another call has come to know it meanwhile, that one's. */
  keep(known: KnownRun): KnownRun {
    const { executionId } = known.run;
    const other = this.#runs.get(executionId);
    if (other !== undefined && other !== known) {
      if (!other.fold.ended) other.fold = known.fold;
      other.exists ||= known.exists;
      return other;
    }
    this.#runs.delete(executionId);
    this.#runs.set(executionId, known);
    for (const [oldest, { starting }] of this.#runs) {
      if (this.#runs.size <= this.#limit) break;
      if (starting === undefined && oldest !== executionId) this.#runs.delete(oldest);
    }
    return known;
  }
}

export function newRun(run: RunRef): KnownRun {
  return {
    run,
    identity: undefined,
    opened: undefined,
    exists: false,
    starting: undefined,
    stopping: false,
    fold: new RunFold(),
    catchingUp: Promise.resolve(),
    decisions: new Map(),
  };
}

/** Notes what the run is opened with, or refuses what differs from before (S1), as far as this process knows. */
export function checkSameRequest(known: KnownRun, { executionId, identity, input }: OpenRequest): void {
  const { tenantId, sessionId, turnIndex } = identity;
  const asked = { ...input, agent: input.agent ?? DEFAULT_AGENT };
  const text = canonicalJson([asked, tenantId, sessionId, turnIndex], "input");
  if (known.opened !== undefined && known.opened !== text) {
    throw new TurnError(
      "execution-conflict",
      `The execution ${executionId} was opened with another input, tenant, session or turn index`,
    );
  }
  known.opened = text;
  known.identity = { tenantId, sessionId };
}
