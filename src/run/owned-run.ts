import type { AgentObject, AgentRun } from "../agent/agent.ts";
import type { JsonValue } from "../event/json.ts";
import { createTextAccumulator, type TextAccumulator } from "../event/text-accumulator.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { isTurnError, TurnError } from "../errors.ts";
import { canonicalJson } from "../internal/canonical-json.ts";
import { createDeferred, type Deferred } from "../internal/deferred.ts";
import { encodeEvent } from "../turn/encode-event.ts";
import { createEventHook, type EventHook } from "../turn/event-hook.ts";
import { ProducerReports } from "../turn/producer-reports.ts";
import { type Produced, produceTurn } from "../turn/produce-turn.ts";
import { runHookSafely, subject } from "../turn/run-hook.ts";
import { concludeTurn, type Settlement } from "../turn/settlement.ts";
import { type SettleProgress, type SettleStep, settleTurn } from "../turn/settle-turn.ts";
import { type OwnedTurn, subjectOf } from "../turn/turn-owner.ts";
import { agentProducer } from "./agent-producer.ts";
import { allDecided, firstExpiry, openApprovals, readApprovalRequest, resumeRun } from "./approvals.ts";
import { type BegunRun, beginRun } from "./begin-run.ts";
import { closeRun } from "./close-run.ts";
import type { EngineCore, Fence } from "./engine-core.ts";
import type { RunDraft } from "./run-draft.ts";
import type { RunRecord } from "./run-store.ts";
import { RunWriter } from "./run-writer.ts";

/** How a run that has no agent to call any more is settled. */
export type Ending =
  | { readonly how: "cancelled" }
  | { readonly how: "failed"; readonly error: TurnError }
  /** Goes on with a settle that was begun before. */
  | { readonly how: "resettled"; readonly giveUp?: TurnError };

const PAGE = 500;

/**
 * One run in the hands of this worker: from its lease to its end, to a suspension, or to the loss of the lease.
 *
 * Invariants: nothing is written without the lease; the agent is never called again once settle was entered (R5); every
 * step of settle is recorded before the next begins (R8).
 */
export class OwnedRun {
  readonly executionId: string;
  readonly fence: Fence;
  readonly #core: EngineCore;
  readonly #turn: OwnedTurn;
  readonly #writer: RunWriter;
  readonly #hook: EventHook;
  readonly #stop = new AbortController();
  /** What ended the agent's work, when something other than the agent did. */
  #stoppedBy: "cancel" | "deadline" | "lost" | undefined;
  #lost: Deferred<void> = createDeferred();

  constructor(core: EngineCore, run: RunRecord, fence: Fence) {
    const { executionId, tenantId, sessionId, userId, turnIndex } = run;
    this.executionId = executionId;
    this.fence = fence;
    this.#core = core;
    this.#turn = { ...core.options, identity: { tenantId, sessionId, userId, turnIndex }, executionId };
    this.#hook = createEventHook(this.#turn);
    this.#writer = new RunWriter(core, executionId, fence, {
      stored: ({ events }) => events.forEach(this.#hook.tell),
      // As an error, so that an agent can tell it from a stop: what it has started elsewhere goes on for another worker.
      lost: () => this.#end("lost", new TurnError("lease-lost", "The lease is lost")),
    });
    this.extendLease(run.leaseUntil);
  }

  /** A stop that somebody has recorded in the store. */
  cancel(reason: string | undefined): void {
    this.#end("cancel", reason);
  }

  /** Another worker may have the run now: nothing more is written, and no hook begins. */
  lose(cause: unknown): void {
    this.#writer.lose(cause);
  }

  extendLease(until: number): void {
    this.#writer.leaseUntil = until;
  }

  get leaseUntil(): number {
    return this.#writer.leaseUntil;
  }

  get isLost(): boolean {
    return this.#stoppedBy === "lost";
  }

  /** Runs the agent and settles; returns when there is nothing left for this worker to do. Never rejects. */
  run(agent: AgentObject | undefined): Promise<void> {
    return this.#guarded(async () => {
      const begun = await this.#writer.commit((draft) => beginRun(draft, this.#core.options.maxHistoryTurns));
      if (begun === undefined) return this.#settleAs({ how: "cancelled" });
      if (agent === undefined) return this.#settleAs({ how: "failed", error: agentMissing(begun.run.agent) });
      const produced = await this.#produce(agent, begun);
      if (this.isLost) return;
      if (produced.end.how === "suspended" && (await this.#suspend())) return;
      await this.#settle(produced);
    });
  }

  /** Settles without calling any agent. Never rejects. */
  settle(ending: Ending): Promise<void> {
    return this.#guarded(() => this.#settleAs(ending));
  }

  /** A run that its worker cannot go on with is left to recovery; only the lease's loss is nobody's mistake. */
  async #guarded(body: () => Promise<void>): Promise<void> {
    try {
      // What hangs in a hook or an agent after the lease was lost must not keep the slot.
      await Promise.race([body(), this.#lost.promise]);
    } catch (error) {
      if (isTurnError(error, "lease-lost")) return;
      this.#turn.log("A run broke off; it is recovered when its lease lapses", { ...subject(this.#turn), error });
      this.lose(error);
    }
  }

  #end(by: "cancel" | "deadline" | "lost", reason: string | TurnError | undefined): void {
    if (by === "lost") {
      this.#stoppedBy = "lost";
      this.#lost.resolve();
    }
    this.#stoppedBy ??= by;
    this.#stop.abort(reason);
  }

  async #produce(agent: AgentObject, begun: BegunRun): Promise<Produced> {
    const { deadlineAt, keep } = begun.run;
    const answer = await this.#answerUpTo(keep);
    answer.seal();
    await this.#writer.hold();
    const passDeadline = (): void => this.#end("deadline", undefined);
    const leftMs = deadlineAt === undefined ? Infinity : deadlineAt - this.#core.now();
    // Claimed before anybody noticed: its agent is not called any more.
    if (leftMs <= 0) passDeadline();
    const stopTimer = this.#core.options.clock.after(Math.max(0, leftMs), passDeadline);
    let approvals = begun.approvalCount;
    const produced = await produceTurn(this.#turn, {
      produce: ({ signal }) => agentProducer(agent, this.#agentRun(begun, signal), answer),
      emit: (event) => {
        if (event.type !== "approval.requested") return this.#say(event);
        const { executionId } = this;
        const asked = readApprovalRequest(event, { executionId, index: ++approvals, now: this.#core.now() });
        return this.#say(asked.event, (draft) => draft.tx.putApproval(asked.record));
      },
      stop: this.#stop.signal,
      answer,
    });
    stopTimer();
    if (this.#stoppedBy !== "deadline") return produced;
    const error = new TurnError("deadline-exceeded", "The turn did not finish before its deadline");
    return { ...produced, end: { how: "threw", error } };
  }

  #agentRun(begun: BegunRun, signal: AbortSignal): AgentRun {
    const { run, input, history, tags, resume, checkpoint } = begun;
    return {
      executionId: this.executionId,
      identity: this.#turn.identity,
      input,
      history,
      attempt: run.attempt,
      signal,
      tags,
      ...(run.deadlineAt === undefined ? {} : { deadline: run.deadlineAt }),
      ...(resume === undefined ? {} : { resume }),
      ...(checkpoint === undefined ? {} : { checkpoint }),
      saveCheckpoint: (value) => this.#saveCheckpoint(value),
    };
  }

  #say(event: TurnEvent, effect?: (draft: RunDraft, id: number) => void): Promise<void> | undefined {
    // Ids are the log's own; one that the agent brought would be a second one.
    const { id: _id, ...own } = event;
    return this.#writer.say(encodeEvent(this.#turn, event.id === undefined ? event : own), effect);
  }

  async #saveCheckpoint(value: JsonValue): Promise<void> {
    const kept = JSON.parse(canonicalJson(value, "checkpoint")) as JsonValue;
    if (this.#stop.signal.aborted) throw new TurnError("closed", `The run ${this.executionId} was stopped`);
    void this.#say({ type: "run.checkpointed", data: {} }, (draft, id) => {
      draft.tx.putDocument(draft.run, "checkpoint", kept);
      draft.set({ keep: id });
    });
    await this.#writer.commit(() => undefined);
  }

  /** The answer as the log tells it up to an event, that included. */
  async #answerUpTo(last: number): Promise<TextAccumulator> {
    const answer = createTextAccumulator();
    for (let cursor = 1; cursor < last;) {
      const events = await this.#writer.commit(({ tx, run }) => tx.readEvents(run, cursor, PAGE));
      if (events.length === 0) break;
      for (const event of events) if (Number(event.id) <= last) answer.add(event);
      cursor = Number(events.at(-1)?.id);
    }
    return answer;
  }

  /** Lets the run wait for its people: no slot, no lease (R6). False when it was cancelled in between. */
  #suspend(): Promise<boolean> {
    return this.#writer.commit((draft) => {
      if (draft.run.state === "cancelling") return false;
      const { run, tx } = draft;
      const now = this.#core.now();
      const keep = draft.moveTo("waiting_for_approval");
      const approvals = openApprovals(tx, run.executionId);
      draft.set({
        keep,
        workerId: undefined,
        leaseUntil: 0,
        wakeAt: firstExpiry(approvals),
        deadlineAt: undefined,
        deadlineLeftMs: run.deadlineAt === undefined ? undefined : Math.max(0, run.deadlineAt - now),
      });
      if (allDecided(approvals)) resumeRun(draft, now);
      return true;
    });
  }

  async #settleAs(ending: Ending): Promise<void> {
    if (ending.how === "resettled") return this.#resettle(ending.giveUp);
    const keepsText = this.#turn.partialText === "keep";
    const produced: Produced = {
      end: ending.how === "cancelled" ? { how: "stopped" } : { how: "threw", error: ending.error },
      reports: new ProducerReports(),
      answer: keepsText ? await this.#answerUpTo(Infinity) : createTextAccumulator(),
      spoke: true,
    };
    await this.#settle(produced);
  }

  /** Enters settle: the point of no return, committed with the run's last events (R8). */
  async #settle(produced: Produced): Promise<void> {
    let settlement = await concludeTurn(this.#turn, await this.#withReason(produced));
    const entered = await this.#enter(settlement);
    if (!entered) {
      // A stop was recorded before this point of no return: it counts, however the agent has ended.
      settlement = await concludeTurn(this.#turn, await this.#withReason({ ...produced, end: { how: "stopped" } }));
      await this.#enter(settlement);
    }
    await this.#finish({ settlement });
  }

  #enter(settlement: Settlement): Promise<boolean> {
    return this.#writer.commit((draft) => {
      if (draft.run.state === "cancelling" && settlement.status !== "cancelled") return false;
      draft.moveTo("settling");
      draft.tx.putDocument(draft.run, "settlement", settlement as unknown as JsonValue);
      draft.tx.putDocument(draft.run, "progress", {});
      return true;
    });
  }

  /** A stop's reason is the one that was recorded with it. */
  async #withReason(produced: Produced): Promise<Produced> {
    if (produced.end.how !== "stopped") return produced;
    const reason = await this.#writer.commit(({ tx, run }) => tx.getDocument(run, "cancel"));
    return typeof reason === "string" ? { ...produced, reason } : produced;
  }

  async #resettle(giveUp: TurnError | undefined): Promise<void> {
    const stored = await this.#writer.commit(({ tx, run }) => ({
      settlement: tx.getDocument(run, "settlement"),
      progress: tx.getDocument(run, "progress"),
    }));
    const settlement = stored.settlement as unknown as Settlement | undefined;
    if (settlement === undefined) throw new Error(`Run ${this.executionId} is settling without a settlement`);
    const progress = stored.progress as unknown as Omit<SettleProgress, "settlement">;
    if (giveUp === undefined) return this.#finish({ ...progress, settlement });
    // Its hooks took every worker with them that tried: end it without them, and say so.
    const failure = { message: giveUp.message, code: giveUp.code };
    const persisted = progress.persisted ?? { failure };
    await this.#finish({ settlement, persisted, completed: true, ended: true });
  }

  async #finish(progress: SettleProgress): Promise<void> {
    let done = progress;
    await this.#writer.hold();
    await settleTurn(this.#turn, progress, async (step) => {
      done = after(done, step);
      await this.#record(step, done);
      // The next hook is begun by nobody but the owner.
      if (step.step !== "closed") await this.#writer.hold();
    });
    await this.#hook.quiet();
    await runHookSafely(this.#turn, "traceFlush", () => this.#turn.hooks.traceFlush?.(subjectOf(this.#turn)));
  }

  #record(step: SettleStep, { settlement: _settlement, ...progress }: SettleProgress): Promise<void> {
    return this.#writer.commit((draft) => {
      if (step.step === "closed") closeRun(draft, { ...step, now: this.#core.now() });
      else draft.tx.putDocument(draft.run, "progress", progress as unknown as JsonValue);
    });
  }
}

/** The progress once a step is done. */
function after(progress: SettleProgress, step: SettleStep): SettleProgress {
  switch (step.step) {
    case "persisted":
      return { ...progress, persisted: step.failure === undefined ? {} : { failure: step.failure } };
    case "completed":
      return { ...progress, completed: true };
    case "ended":
      return { ...progress, ended: true };
    case "closed":
      return progress;
  }
}

function agentMissing(name: string): TurnError {
  return new TurnError("agent-not-found", `This engine has no agent ${JSON.stringify(name)} to go on with`);
}
