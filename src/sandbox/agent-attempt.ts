import type { AgentRun } from "../agent/agent.ts";
import { createTextAccumulator } from "../event/text-accumulator.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { isTurnError } from "../errors.ts";
import { ignoreRejection } from "../internal/ignore-rejection.ts";
import { type AgentCheckpoint, decodeCheckpoint, encodeCheckpoint } from "./agent-checkpoint.ts";
import { deliverDecision } from "./deliver-decision.ts";
import { followRun, toTurnError } from "./follow-run.ts";
import type { InteractionRequest } from "./interaction.ts";
import { beginRun, expired, joinRun, resultEvents } from "./open-run.ts";
import { RemoteFailure } from "./remote-failure.ts";
import type { ResolvedSandbox } from "./sandbox-options.ts";
import type { SandboxEvent } from "./sandbox-sdk.ts";
import { promptOf, type RemoteStream, type RunRef } from "./sandbox-transport.ts";
import { EventTidier } from "./tidy-events.ts";

/**
 * One call of the sandbox agent by its engine: the first one, one after a crash, or one after a question was decided.
 *
 * Invariants: before the sandbox could start anything, the checkpoint says so; a run that may have been started is only
 * ever read on, unless the sandbox cannot have forgotten it; a checkpoint's place is that of the last event that the
 * engine has taken.
 */
export class AgentAttempt {
  readonly #sandbox: ResolvedSandbox;
  readonly #run: AgentRun;
  readonly #limits: { readonly bufferMs: number; readonly checkpointEvents: number };
  readonly #remote: RunRef;
  readonly #connection = new AbortController();
  /** What the dispatch and its stream hang on: a stop does not break off the request that may yet start the run. */
  readonly #dispatch = new AbortController();
  /** From the moment that the run may be started until the sandbox has answered. */
  #beginning: Promise<unknown> | undefined;
  readonly #tidier: EventTidier;
  readonly #answer = createTextAccumulator();
  /** What the text of earlier attempts was that stays. */
  readonly #kept: string;
  #place: AgentCheckpoint;
  readonly #isFirst: boolean;

  constructor(
    sandbox: ResolvedSandbox,
    run: AgentRun,
    limits: { readonly bufferMs: number; readonly checkpointEvents: number },
  ) {
    const { executionId } = run;
    const kept = decodeCheckpoint(run.checkpoint);
    this.#sandbox = sandbox;
    this.#run = run;
    this.#limits = limits;
    this.#remote = { executionId, sessionId: kept?.sessionId ?? sandbox.sessionOf(executionId) };
    this.#isFirst = kept === undefined;
    this.#kept = kept?.text ?? "";
    this.#tidier = new EventTidier(kept?.parts);
    this.#place = kept ?? {
      ...this.#remote,
      dispatchedAt: sandbox.clock.now(),
      after: "0",
      text: "",
      parts: {},
      answered: [],
    };
  }

  async *stream(): AsyncGenerator<TurnEvent, void, undefined> {
    const { signal } = this.#run;
    const onStop = (): void => this.#stop();
    if (signal.aborted) return;
    signal.addEventListener("abort", onStop, { once: true });
    try {
      const { asked } = this.#place;
      if (asked !== undefined && !(await this.#answerQuestion(asked))) {
        // It was asked, and the engine was lost before it could wait.
        yield approvalRequested(asked);
        return;
      }
      if (this.#isFirst) await this.#save({});
      const first = await this.#connect();
      yield* this.#read(first);
    } catch (error) {
      throw toTurnError(error);
    } finally {
      signal.removeEventListener("abort", onStop);
      this.#connection.abort();
      this.#dispatch.abort();
    }
  }

  /** The engine ends the run, or has lost it; only the first is an end for the sandbox too. */
  #stop(): void {
    this.#connection.abort();
    const isLost = isTurnError(this.#run.signal.reason, "lease-lost");
    if (isLost || this.#beginning === undefined) this.#dispatch.abort();
    // Nobody waits for it: the turn is over, and a sandbox that is away is stopped by its own limits.
    if (!isLost) ignoreRejection(this.#interrupt(this.#beginning));
  }

  async #interrupt(beginning: Promise<unknown> | undefined): Promise<void> {
    const interrupt = (): Promise<boolean> => this.#sandbox.transport.interrupt(this.#remote);
    if (beginning !== undefined) {
      if (await interrupt().catch(() => false)) return;
      // It was not there, and the dispatch that is under way may yet start it.
      await beginning;
    }
    await interrupt();
  }

  #save(changes: Partial<AgentCheckpoint>): Promise<void> {
    const text = this.#kept + this.#answer.text();
    this.#place = { ...this.#place, text, parts: this.#tidier.said(), ...changes };
    return this.#run.saveCheckpoint(encodeCheckpoint(this.#place));
  }

  /** Takes the decision to the sandbox; false when there is none for this question. */
  async #answerQuestion(asked: InteractionRequest): Promise<boolean> {
    const { resume } = this.#run;
    const { answered } = this.#place;
    // A resume that is kept from an earlier question is no answer to this one.
    if (resume === undefined || answered.includes(resume.approvalId)) return false;
    await deliverDecision(this.#sandbox, this.#remote, asked, resume, this.#connection.signal);
    const { asked: _asked, ...place } = this.#place;
    this.#place = { ...place, answered: [...answered, resume.approvalId] };
    await this.#run.saveCheckpoint(encodeCheckpoint(this.#place));
    return true;
  }

  async #connect(): Promise<RemoteStream | undefined> {
    const { transport, retry, settings, clock } = this.#sandbox;
    const { after, dispatchedAt } = this.#place;
    const options = { transport, run: this.#remote, retry, signal: this.#connection.signal };
    try {
      if (after !== "0") return await joinRun(options, after);
      const prompt = promptOf(this.#run.input, settings);
      // Later, a run that is not there may have been dropped after its end.
      const mayStart = async (): Promise<boolean> => {
        const isTooLate = !this.#isFirst && clock.now() - dispatchedAt >= this.#limits.bufferMs;
        // Not every SDK hears of a stop while it looks for the run.
        if (isTooLate || this.#run.signal.aborted) return false;
        this.#beginning = begun.catch(() => undefined);
        return true;
      };
      const begun = beginRun({ ...options, connection: this.#dispatch.signal }, prompt, mayStart);
      return (await begun).stream;
    } catch (error) {
      if (!(error instanceof RemoteFailure) || error.kind !== "missing") throw error;
      // What is left of it is looked for where the reading fails in the same way.
      return undefined;
    } finally {
      this.#beginning = undefined;
    }
  }

  async *#read(first: RemoteStream | undefined): AsyncGenerator<TurnEvent, void, undefined> {
    const { checkpointEvents } = this.#limits;
    let sinceCheckpoint = 0;
    for await (const batch of this.#batches(first)) {
      for (const remote of batch) {
        const out: TurnEvent[] = [];
        this.#tidier.take(remote, out);
        for (const event of out) {
          const said = this.#withoutKept(event);
          this.#answer.add(said);
          yield said;
        }
        if (remote.id !== undefined) this.#place = { ...this.#place, after: remote.id };
        const asked = out.find(isQuestion);
        if (asked !== undefined) {
          // The engine has it: from here on it can be asked again, and answered.
          await this.#save({ asked: asked.data as unknown as InteractionRequest });
          return;
        }
        if (++sinceCheckpoint < checkpointEvents) continue;
        sinceCheckpoint = 0;
        await this.#save({});
      }
    }
    const rest: TurnEvent[] = [];
    this.#tidier.end(rest);
    yield* rest;
  }

  async *#batches(first: RemoteStream | undefined): AsyncGenerator<readonly SandboxEvent[], void, undefined> {
    const { transport, retry } = this.#sandbox;
    const run = this.#remote;
    const { after } = this.#place;
    const { signal } = this.#connection;
    try {
      yield* followRun({ transport, run, after, sure: true, ...(first === undefined ? {} : { first }), retry, signal });
    } catch (error) {
      const isMissing = error instanceof RemoteFailure && error.kind === "missing";
      if (!isMissing && !isTurnError(error, "cursor-gap")) throw error;
      const result = await transport.result(run);
      if (result === undefined) throw isMissing ? expired(run) : error;
      yield resultEvents(run, result);
    }
  }

  /** What an earlier attempt has said stays in the engine's answer: a result that says it again would double it. */
  #withoutKept(event: TurnEvent): TurnEvent {
    const finalText = event.data?.["finalText"];
    if (event.type !== "result" || this.#kept === "" || typeof finalText !== "string") return event;
    const { finalText: _finalText, ...data } = event.data ?? {};
    if (!finalText.startsWith(this.#kept)) return { ...event, data };
    return { ...event, data: { ...data, finalText: finalText.slice(this.#kept.length) } };
  }
}

function isQuestion({ type }: TurnEvent): boolean {
  return type === "approval.requested";
}

function approvalRequested(asked: InteractionRequest): TurnEvent {
  return { type: "approval.requested", data: { ...asked } };
}
