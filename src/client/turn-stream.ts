import type { TurnFailure, TurnOutcome } from "../event/outcome.ts";
import { createTextAccumulator } from "../event/text-accumulator.ts";
import { isTerminal, type TurnEvent } from "../event/turn-event.ts";
import { parseUsage } from "../event/usage.ts";
import { TurnError } from "../errors.ts";
import { createDeferred } from "../internal/deferred.ts";
import { defined } from "../internal/defined.ts";
import type { ResolvedClientOptions } from "./client-options.ts";
import { type Begin, followTurn } from "./follow-turn.ts";
import type { TurnActions } from "./turn-actions.ts";

export type TurnStreamStatus = "connecting" | "streaming" | "waiting" | "reconnecting" | "ended";

/**
 * A turn as its client sees it. Read it with one `for await` loop, begun at once; leaving the loop is {@link detach}.
 * Without a loop, asking for `finished` reads it to its end.
 */
export interface TurnStream extends AsyncIterable<TurnEvent> {
  /** Known once the server has answered. */
  readonly executionId: Promise<string>;
  /** How the turn ended; rejects when that cannot be known, or the turn was left before. */
  readonly finished: Promise<TurnOutcome>;
  /** The answer so far. */
  readonly text: string;
  /** `waiting`: for a person's approval. */
  readonly status: TurnStreamStatus;
  /** Stops the turn, also one whose start has not been answered yet. Its end comes as an event. */
  cancel(reason?: string): Promise<void>;
  approve(approvalId: string): Promise<void>;
  /** Approves with another input for the tool. */
  edit(approvalId: string, input: unknown): Promise<void>;
  reject(approvalId: string, note?: string): Promise<void>;
  /** Leaves without stopping. */
  detach(): void;
}

/** A loop that begins late still gets what passed by before it, up to so many events. */
const MAX_KEPT = 1000;

/**
 * One reader's view of a turn.
 *
 * Invariants: beyond the first event nothing is read before it is wanted, by a loop or by `finished`, so that a slow
 * loop slows the connection down; `text` and `status` go with the events that were read.
 */
export function createTurnStream(
  options: ResolvedClientOptions,
  actions: TurnActions,
  begin: Begin,
  signal?: AbortSignal,
): TurnStream {
  const answer = createTextAccumulator();
  const id = createDeferred<string>();
  const finished = createDeferred<TurnOutcome>();
  // Whoever wants them hears of a failure there; a loop hears of it itself.
  for (const { promise } of [id, finished]) (promise as Promise<unknown>).catch(() => undefined);
  let status: TurnStreamStatus = "connecting";
  let waiting = false;
  let looped = false;
  let draining = false;
  let kept: Promise<IteratorResult<TurnEvent, void>>[] = [];
  let lost = false;

  const follower = followTurn(options, begin, {
    opened: id.resolve,
    connected(yes) {
      // An answer may come in the very moment in which the turn is left.
      if (status === "ended") return;
      if (yes) status = "streaming";
      else if (status !== "connecting") status = "reconnecting";
    },
    over({ state, finalText = "", failure }) {
      if (status !== "ended") finish(outcomeOf(state, finalText, failure));
    },
  });
  const stopWaking = options.onWake(() => follower.wake());
  signal?.addEventListener("abort", detach);

  function end(): void {
    status = "ended";
    stopWaking();
    signal?.removeEventListener("abort", detach);
    follower.leave();
    void follower.events.return();
  }

  function fail(error: unknown): void {
    if (status !== "ended") end();
    id.reject(error);
    finished.reject(error);
  }

  function finish(outcome: TurnOutcome): void {
    finished.resolve(outcome);
    end();
  }

  function detach(): void {
    kept = [];
    if (status !== "ended") fail(new TurnError("closed", "The turn was left before its end"));
  }

  function note(event: TurnEvent): void {
    const { type, data = {} } = event;
    answer.add(event);
    if (type === "run.state.changed") waiting = data["state"] === "waiting_for_approval";
    if (!isTerminal(event)) return;
    const usage = parseUsage(data["usage"]);
    finish(outcomeOf(type.slice("session.run.".length), answer.text(), data as unknown as TurnFailure, usage));
  }

  async function pull(): Promise<IteratorResult<TurnEvent, void>> {
    try {
      const result = await follower.events.next();
      if (result.done !== true) note(result.value);
      return result;
    } catch (error) {
      fail(error);
      throw error;
    }
  }

  /** Reads one event ahead of any loop. */
  async function keep(): Promise<void> {
    const next = pull();
    kept.push(next);
    if (kept.length > MAX_KEPT) {
      kept = [];
      lost = true;
    }
    await next.catch(() => undefined);
  }

  async function drain(): Promise<void> {
    draining = true;
    while (!looped && status !== "ended") await keep();
  }

  async function decide(approvalId: string, decision: Parameters<TurnActions["decide"]>[2]): Promise<void> {
    await actions.decide(await id.promise, approvalId, decision);
  }

  if (begin.executionId !== undefined) id.resolve(begin.executionId);
  if (signal?.aborted === true) detach();
  else void keep();

  return {
    executionId: id.promise,
    get finished() {
      if (!looped && !draining) void drain();
      return finished.promise;
    },
    get text() {
      return answer.text();
    },
    get status() {
      return status === "streaming" && waiting ? "waiting" : status;
    },
    async cancel(reason) {
      await actions.cancel(await id.promise, { reason });
    },
    approve: (approvalId) => decide(approvalId, { decision: "approve" }),
    edit: (approvalId, input) => decide(approvalId, { decision: "edit", input }),
    reject: (approvalId, note) => decide(approvalId, { decision: "reject", note }),
    detach,
    [Symbol.asyncIterator]() {
      // One that comes too late gets nothing, and `finished` goes on by itself.
      looped = !lost;
      return {
        async next() {
          if (lost) throw new TypeError("Events have passed by unread: begin the loop before asking for finished");
          return kept.shift() ?? pull();
        },
        async return() {
          detach();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

function outcomeOf(
  state: string,
  finalText: string,
  failure: TurnFailure | undefined,
  usage?: TurnOutcome["usage"],
): TurnOutcome {
  const { message = "The turn failed", code } = failure ?? {};
  return defined({
    status: state as TurnOutcome["status"],
    finalText,
    persisted: state === "completed",
    usage,
    failure: state === "failed" ? defined({ message, code }) : undefined,
  });
}
