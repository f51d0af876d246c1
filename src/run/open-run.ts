import type { JsonValue } from "../event/json.ts";
import { TurnError } from "../errors.ts";
import { checkIdentity } from "../event/identity.ts";
import { canonicalJson } from "../internal/canonical-json.ts";
import { checkDuration, checkName, checkObject, checkString } from "../internal/check-argument.ts";
import { describeValue } from "../internal/describe-value.ts";
import type { OpenRequest } from "../substrate/substrate.ts";
import { DEFAULT_AGENT, type TurnInput } from "../substrate/turn-input.ts";
import { startedEvent } from "../turn/envelope.ts";
import { putCancelIntent } from "./cancel-intent.ts";
import { checkSize } from "./check-size.ts";
import type { EngineCore } from "./engine-core.ts";
import { RunDraft, type SaidEvents } from "./run-draft.ts";
import type { RunRecord, RunTransaction } from "./run-store.ts";

/** A request that was checked, with its values copied: later changes by the caller change nothing. */
export interface CheckedRequest extends Omit<OpenRequest, "input" | "tags" | "signal" | "after"> {
  readonly input: TurnInput;
  /** The input as canonical JSON, for comparison. */
  readonly canonicalInput: string;
  readonly agent: string;
  readonly tags: Readonly<Record<string, JsonValue>>;
  readonly priority: number;
}

/** What `open` found or did. */
export interface OpenedRun {
  readonly run: RunRecord;
  readonly created: boolean;
  /** What was said of this run, and of those that it interrupts. */
  readonly said: readonly { readonly run: RunRecord; readonly events: SaidEvents }[];
  /** Runs that the policy `interrupt` has marked for cancelling. */
  readonly interrupted: readonly string[];
}

/** Refuses what is no request, naming the field. */
export function checkRequest(request: OpenRequest): CheckedRequest {
  checkObject("request", request);
  const { executionId, identity, input, priority = 0, tags = {}, deadlineMs } = request;
  checkName("executionId", executionId);
  checkIdentity("identity", identity);
  checkObject("input", input);
  if (typeof input.message !== "string" && !Array.isArray(input.message)) {
    throw new TypeError(`input.message must be a string or a list of parts, got ${describeValue(input.message)}`);
  }
  if (input.agent !== undefined) checkString("input.agent", input.agent);
  if (typeof priority !== "number" || !Number.isFinite(priority)) {
    throw new RangeError(`priority must be a finite number, got ${describeValue(priority)}`);
  }
  checkObject("tags", tags);
  if (deadlineMs !== undefined) checkDuration("deadlineMs", deadlineMs);
  const { tenantId, sessionId, userId, turnIndex } = identity;
  const agent = input.agent ?? DEFAULT_AGENT;
  const canonicalInput = canonicalJson({ ...input, agent }, "input");
  return {
    executionId,
    identity: { tenantId, sessionId, userId, turnIndex },
    input: JSON.parse(canonicalInput) as TurnInput,
    canonicalInput,
    agent,
    tags: JSON.parse(canonicalJson(tags, "tags")) as Record<string, JsonValue>,
    priority,
    ...(deadlineMs === undefined || deadlineMs === Infinity ? {} : { deadlineMs }),
  };
}

/** Attach or start, as one step of the store (S1); the session's policy is checked in the same step (R3). */
export function openRun(core: EngineCore, tx: RunTransaction, request: CheckedRequest): OpenedRun {
  const existing = tx.getRun(request.executionId);
  if (existing !== undefined) {
    checkSameTurn(tx, existing, request);
    return { run: existing, created: false, said: [], interrupted: [] };
  }
  // Only now: a run that exists is read and compared whichever agents this engine has.
  checkAgent(core, request.agent);
  // Question and answer are kept in one record: half of it is the answer's.
  checkSize("the input", request.canonicalInput, core.options.maxEventBytes / 2);
  const live = tx.liveRuns(request.identity.tenantId, request.identity.sessionId);
  const { session } = core.options;
  if (session === "reject" && live[0] !== undefined) {
    throw new TurnError(
      "session-busy",
      `Session ${request.identity.sessionId} has a turn that has not ended: ${live[0].executionId}`,
    );
  }
  const interrupted = session === "interrupt" ? live.map((run) => interrupt(core, tx, run)) : [];
  const blocked = session !== "parallel" && live.length > 0;
  const created = insert(core, tx, request, blocked);
  const draft = new RunDraft(tx, created);
  draft.say(startedEvent(request));
  draft.say({ type: "run.created", data: { executionId: request.executionId, agent: request.agent } });
  if (blocked || !hasSlot(core, tx, request.executionId)) announceQueued(core, draft);
  const said = draft.write();
  return {
    run: draft.run,
    created: true,
    said: [{ run: draft.run, events: said }, ...interrupted.flatMap(({ said: one }) => one)],
    interrupted: interrupted.map(({ executionId }) => executionId),
  };
}

function checkAgent({ options }: EngineCore, agent: string): void {
  if (options.agents.has(agent)) return;
  const known = [...options.agents.keys()].map((name) => JSON.stringify(name)).join(", ");
  throw new TurnError("agent-not-found", `There is no agent ${describeValue(agent)}; this engine has ${known}`);
}

function checkSameTurn(tx: RunTransaction, run: RunRecord, request: CheckedRequest): void {
  const { tenantId, sessionId, turnIndex } = request.identity;
  const differs =
    run.tenantId !== tenantId
      ? "tenant"
      : run.sessionId !== sessionId
        ? "session"
        : run.turnIndex !== turnIndex
          ? "turn index"
          : canonicalJson(tx.getDocument(run, "input")) !== request.canonicalInput
            ? "input"
            : undefined;
  if (differs === undefined) return;
  throw new TurnError(
    "execution-conflict",
    `Execution ${request.executionId} exists with another ${differs}; a new attempt needs an id of its own`,
  );
}

function insert(core: EngineCore, tx: RunTransaction, request: CheckedRequest, blocked: boolean): RunRecord {
  const { executionId, identity, agent, priority, deadlineMs } = request;
  const now = core.now();
  const run = tx.insertRun({
    executionId,
    ...identity,
    agent,
    priority,
    createdAt: now,
    blocked,
    ...(deadlineMs === undefined ? {} : { deadlineAt: now + deadlineMs }),
  });
  tx.putDocument(run, "input", request.input as unknown as JsonValue);
  if (Object.keys(request.tags).length > 0) tx.putDocument(run, "tags", request.tags);
  if (deadlineMs === undefined) return run;
  // A run that waits in the queue until its deadline must be found there.
  tx.updateRun(run, { wakeAt: now + deadlineMs });
  return { ...run, wakeAt: now + deadlineMs };
}

/** Whether a free slot is there for the run, those that go before it served: then it does not wait, and says nothing of it. */
function hasSlot({ agents, slots }: EngineCore, tx: RunTransaction, executionId: string): boolean {
  if (!slots.free) return false;
  if (tx.nextClaimable(agents)?.executionId === executionId) return true;
  const claimable = tx.waitingRuns(MAX_POSITION).filter(({ blocked, agent }) => !blocked && agents.includes(agent));
  const ahead = claimable.findIndex((run) => run.executionId === executionId);
  return ahead !== -1 && ahead < slots.left;
}

function announceQueued(core: EngineCore, draft: RunDraft): void {
  const { tx, run } = draft;
  const ahead = tx.waitingRuns(MAX_POSITION).findIndex(({ executionId }) => executionId === run.executionId);
  draft.set({ queueAnnounced: true });
  draft.say(queuedEvent(core, run.priority, ahead === -1 ? MAX_POSITION : ahead + 1));
}

/** Nobody is told a position beyond this one. */
export const MAX_POSITION = 1000;

export function queuedEvent(
  core: EngineCore,
  priority: number,
  queuePosition: number,
): { readonly type: string; readonly data: Readonly<Record<string, unknown>> } {
  const { maxConcurrentRuns } = core.options;
  return {
    type: "run.queued",
    data: { queuePosition, activeRunCount: core.slots.held, maxConcurrentRuns, priority },
  };
}

function interrupt(
  core: EngineCore,
  tx: RunTransaction,
  run: RunRecord,
): { executionId: string; said: { run: RunRecord; events: SaidEvents }[] } {
  const { executionId } = run;
  if (run.state === "cancelling" || run.state === "settling") return { executionId, said: [] };
  const draft = new RunDraft(tx, run);
  recordCancel(core, draft, "A newer turn of the session interrupts this one");
  return { executionId, said: [{ run, events: draft.write() }] };
}

/** Records that a run shall be stopped; whoever owns it, or takes it over, sees to it (S7). */
export function recordCancel(core: EngineCore, draft: RunDraft, reason: string | undefined): void {
  const owned = core.hasOwner(draft.run);
  putCancelIntent(draft, reason);
  draft.moveTo("cancelling");
  // Without an owner anybody may take it, at once.
  if (!owned) draft.set({ workerId: undefined, leaseUntil: 0, wakeAt: core.now() });
}
