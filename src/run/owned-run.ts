import type { AgentObject } from "../agent/agent.ts";
import { isTurnError, TurnError } from "../errors.ts";
import { createDeferred, type Deferred } from "../internal/deferred.ts";
import { createEventHook } from "../turn/event-hook.ts";
import { type Produced, produceTurn } from "../turn/produce-turn.ts";
import { subject } from "../turn/run-hook.ts";
import { agentProducer } from "./agent-producer.ts";
import { agentRun } from "./agent-run.ts";
import { readApprovalRequest } from "./approvals.ts";
import { type BegunRun, beginRun } from "./begin-run.ts";
import type { EngineCore, Fence } from "./engine-core.ts";
import { type HeldRun, sayEvent } from "./held-run.ts";
import { loggedAnswer } from "./logged-answer.ts";
import type { RunRecord } from "./run-store.ts";
import { RunWriter } from "./run-writer.ts";
import { settleEnding, settleRun } from "./settle-run.ts";
import { suspendRun } from "./suspend-run.ts";
import type { Ending } from "./take-run.ts";

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
  readonly #held: HeldRun;
  readonly #writer: RunWriter;
  readonly #stop = new AbortController();
  /** What ended the agent's work, when something other than the agent did. */
  #stoppedBy: "cancel" | "deadline" | "lost" | undefined;
  #lost: Deferred<void> = createDeferred();

  constructor(core: EngineCore, run: RunRecord, fence: Fence) {
    const { executionId, tenantId, sessionId, userId, turnIndex } = run;
    const turn = { ...core.options, identity: { tenantId, sessionId, userId, turnIndex }, executionId };
    const hook = createEventHook(turn);
    this.executionId = executionId;
    this.fence = fence;
    this.#core = core;
    this.#writer = new RunWriter(core, executionId, fence, {
      stored: ({ events }) => events.forEach(hook.tell),
      // As an error, so that an agent can tell it from a stop: what it has started elsewhere goes on for another worker.
      lost: () => this.#end("lost", new TurnError("lease-lost", "The lease is lost")),
    });
    this.#held = { core, executionId, turn, writer: this.#writer, hook, lost: this.#lost.promise };
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
  run(agent: AgentObject): Promise<void> {
    return this.#guarded(async () => {
      const begun = await this.#writer.commit((draft) => beginRun(draft, this.#core.options.maxHistoryTurns));
      if (begun === undefined) return settleEnding(this.#held, { how: "cancelled" });
      const produced = await this.#produce(agent, begun);
      if (this.isLost) return;
      if (produced.end.how === "suspended" && (await this.#suspend())) return;
      await settleRun(this.#held, produced);
    });
  }

  /** Settles without calling any agent. Never rejects. */
  settle(ending: Ending): Promise<void> {
    return this.#guarded(() => settleEnding(this.#held, ending));
  }

  /** A run that its worker cannot go on with is left to recovery; only the lease's loss is nobody's mistake. */
  async #guarded(body: () => Promise<void>): Promise<void> {
    try {
      // What hangs in a hook or an agent after the lease was lost must not keep the slot.
      await Promise.race([body(), this.#lost.promise]);
    } catch (error) {
      if (isTurnError(error, "lease-lost")) return;
      const { turn } = this.#held;
      turn.log("A run broke off; it is recovered when its lease lapses", { ...subject(turn), error });
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
    const held = this.#held;
    const { deadlineAt, keep } = begun.run;
    const answer = await loggedAnswer(this.#writer, keep);
    answer.seal();
    await this.#writer.hold();
    const passDeadline = (): void => this.#end("deadline", undefined);
    const leftMs = deadlineAt === undefined ? Infinity : deadlineAt - this.#core.now();
    // Claimed before anybody noticed: its agent is not called any more.
    if (leftMs <= 0) passDeadline();
    const stopTimer = this.#core.options.clock.after(Math.max(0, leftMs), passDeadline);
    const stop = this.#stop.signal;
    let approvals = begun.approvalCount;
    const produced = await produceTurn(held.turn, {
      produce: ({ signal }) => agentProducer(agent, agentRun(held, begun, signal, stop), answer),
      emit: (event) => {
        if (event.type !== "approval.requested") return sayEvent(held, event);
        const { executionId } = this;
        const { maxEventBytes: maxBytes } = this.#core.options;
        const about = { executionId, index: ++approvals, now: this.#core.now(), maxBytes };
        const asked = readApprovalRequest(event, about);
        return sayEvent(held, asked.event, (draft) => draft.tx.putApproval(asked.record));
      },
      stop,
      answer,
    });
    stopTimer();
    if (this.#stoppedBy !== "deadline") return produced;
    const error = new TurnError("deadline-exceeded", "The turn did not finish before its deadline");
    return { ...produced, end: { how: "threw", error } };
  }

  #suspend(): Promise<boolean> {
    return this.#writer.commit((draft) => suspendRun(draft, this.#core.now()));
  }
}
