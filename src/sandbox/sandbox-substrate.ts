import { checkIdentity } from "../event/identity.ts";
import { checkName, checkObject, checkOneOf } from "../internal/check-argument.ts";
import type { ApprovalDecision, ExecutionSnapshot } from "../substrate/execution.ts";
import type { Attachment, OpenRequest, Substrate } from "../substrate/substrate.ts";
import type { TurnInput } from "../substrate/turn-input.ts";
import { attachTo, linked, whatIsLeft } from "./attach-run.ts";
import { toTurnError } from "./follow-run.ts";
import { checkSameRequest, type KnownRun, KnownRuns, newRun } from "./known-runs.ts";
import { beginRun, expired, joinRun, notFound } from "./open-run.ts";
import { RemoteFailure } from "./remote-failure.ts";
import { catchUp } from "./catch-up.ts";
import { decideRun } from "./decide-run.ts";
import { type ResolvedSandbox, resolveSandbox, type SandboxAccess, type SandboxOptions } from "./sandbox-options.ts";
import type { SandboxEvent } from "./sandbox-sdk.ts";
import { promptOf } from "./sandbox-transport.ts";
import { snapshotOf } from "./sandbox-snapshot.ts";

/**
 * A sandbox as a place where executions live. Its log holds the agent's raw events (`envelope: "none"`), so a turn over
 * it is `handleChatTurn` with `fromSubstrate`; for hooks that run once whatever happens, put `sandboxAgent` behind a run
 * engine instead.
 *
 * The sandbox keeps a run's events by its execution id for about two minutes after its end. A run that it has dropped is
 * `cursor-gap`, and never run again by itself. Opening an id with another input is refused as far as this process
 * remembers; the sandbox does not compare.
 *
 * @example
 * ```ts no-run
 * import { fromSubstrate, handleChatTurn } from "turnwire";
 * import { sandboxSubstrate } from "turnwire/sandbox";
 *
 * const sandbox = sandboxSubstrate({ url: "https://sandbox.example", token: "…" });
 * const { body } = handleChatTurn({
 *   identity: { tenantId: "acme", sessionId: "thread-abc", userId: "ada", turnIndex: 3 },
 *   projectId: "gtm-agent",
 *   hooks: {
 *     produce: fromSubstrate(sandbox, { input: { message: "Hello" } }),
 *     persistAssistantMessage: ({ executionId, finalText }) => console.log(executionId, finalText),
 *   },
 * });
 * ```
 */
export function sandboxSubstrate(access: SandboxAccess, options: SandboxOptions = {}): Substrate {
  return new SandboxSubstrate(resolveSandbox(access, options, { whenExpired: "cursor-gap" }));
}

class SandboxSubstrate implements Substrate {
  readonly envelope = "none";
  readonly #sandbox: ResolvedSandbox;
  readonly #runs = new KnownRuns();

  constructor(sandbox: ResolvedSandbox) {
    this.#sandbox = sandbox;
  }

  async open(request: OpenRequest): Promise<Attachment> {
    const { executionId, identity, input, after, signal } = request;
    checkName("executionId", executionId);
    checkIdentity("identity", identity);
    checkObject("input", input);
    if (after !== undefined) checkName("after", after);
    signal?.throwIfAborted();
    const known = this.#runs.meet(executionId, () => this.#refer(executionId));
    checkSameRequest(known, request);
    // Who has a cursor has seen the execution: there is nothing to start.
    if (after !== undefined && after !== "0") return this.#join(known, after, signal);
    const settled = known.starting?.catch(() => undefined);
    await settled;
    if (known.exists) return this.#join(known, "0", signal);
    // Between the check and here nobody else ran; those who come now wait for this one.
    return known.starting === undefined ? this.#begin(known, input, signal) : this.open(request);
  }

  async attach(
    executionId: string,
    { after = "0", signal }: { readonly after?: string; readonly signal?: AbortSignal } = {},
  ): Promise<Attachment> {
    checkName("executionId", executionId);
    checkName("after", after);
    signal?.throwIfAborted();
    return this.#join(this.#runs.find(executionId) ?? newRun(this.#refer(executionId)), after, signal);
  }

  async inspect(executionId: string): Promise<ExecutionSnapshot | undefined> {
    checkName("executionId", executionId);
    const known = this.#runs.find(executionId) ?? newRun(this.#refer(executionId));
    return (await catchUp(known, this.#sandbox)) ? snapshotOf(this.#runs.keep(known)) : undefined;
  }

  async cancel(executionId: string, _options?: { readonly reason?: string }): Promise<ExecutionSnapshot> {
    const before = await this.inspect(executionId);
    const known = this.#runs.find(executionId);
    if (before === undefined || known === undefined) throw notFound(this.#refer(executionId));
    // A session's stop reaches whatever runs in it: an execution that has ended must not stop the next one.
    if (known.fold.ended) return before;
    known.stopping = true;
    try {
      await this.#sandbox.transport.interrupt(known.run);
    } catch (error) {
      // It came to its end in between; what the end was, its events say.
      if (!(error instanceof RemoteFailure) || error.kind !== "missing") {
        known.stopping = false;
        throw toTurnError(error);
      }
    }
    await catchUp(known, this.#sandbox);
    return snapshotOf(known);
  }

  async decide(executionId: string, approvalId: string, decision: ApprovalDecision): Promise<ExecutionSnapshot> {
    checkName("approvalId", approvalId);
    checkObject("decision", decision);
    checkOneOf("decision.decision", decision.decision, ["approve", "edit", "reject"]);
    const before = await this.inspect(executionId);
    const known = this.#runs.find(executionId);
    if (before === undefined || known === undefined) throw notFound(this.#refer(executionId));
    await decideRun(known, approvalId, decision, this.#sandbox);
    return snapshotOf(known);
  }

  #refer(executionId: string): KnownRun["run"] {
    return { executionId, sessionId: this.#sandbox.sessionOf(executionId) };
  }

  async #begin(known: KnownRun, input: TurnInput, signal?: AbortSignal): Promise<Attachment> {
    const connection = linked(signal);
    const { transport, retry, settings, claim } = this.#sandbox;
    const { run } = known;
    let mayNot = false;
    const mayStart = async (): Promise<boolean> => {
      const first = claim === undefined || (await claim(run.executionId));
      mayNot = !first;
      return first;
    };
    // The start is not this opener's alone: it goes on when the opener leaves.
    const starting = new AbortController();
    const begun = beginRun({ transport, run, retry, signal: starting.signal }, promptOf(input, settings), mayStart);
    known.starting = begun.then(
      () => {
        known.exists = true;
        known.starting = undefined;
      },
      () => {
        known.starting = undefined;
      },
    );
    try {
      const { created, stream } = await begun;
      if (stream !== undefined) connection.signal.addEventListener("abort", () => starting.abort(), { once: true });
      if (connection.signal.aborted) starting.abort();
      return attachTo(this.#sandbox, known, {
        created,
        after: "0",
        connection,
        ...(stream === undefined ? {} : { stream }),
      });
    } catch (error) {
      if (!(error instanceof RemoteFailure)) throw error;
      if (mayNot) known.exists = true;
      throw error.kind === "missing" ? expired(run) : error.error;
    }
  }

  async #join(met: KnownRun, after: string, signal: AbortSignal | undefined): Promise<Attachment> {
    let known = met;
    const connection = linked(signal);
    const { transport, retry } = this.#sandbox;
    const { run } = known;
    try {
      const stream = await joinRun({ transport, run, retry, signal: connection.signal }, after);
      known = this.#runs.keep(known);
      return attachTo(this.#sandbox, known, { created: false, after, connection, stream });
    } catch (error) {
      if (!(error instanceof RemoteFailure)) throw error;
      const events = await whatIsLeft(this.#sandbox, known, after, error);
      async function* rest(): AsyncGenerator<readonly SandboxEvent[], void, undefined> {
        yield events;
      }
      return attachTo(this.#sandbox, known, { created: false, after, connection, batches: rest() });
    }
  }
}
