import { Patience } from "./patience.ts";
import { checkFound, RemoteFailure, severed } from "./remote-failure.ts";
import type { ResolvedRetry } from "./retry-options.ts";
import type { SandboxEvent } from "./sandbox-sdk.ts";
import type { RemoteStream, RunRef, SandboxTransport } from "./sandbox-transport.ts";
import { SeenIds, unknownCursor } from "./seen-ids.ts";

export interface FollowOptions {
  readonly transport: SandboxTransport;
  readonly run: RunRef;
  /** Read strictly after this event; `"0"` is the start. */
  readonly after: string;
  /** Whether that event is known to be one of the run's. Default: for the start only. */
  readonly sure?: boolean;
  /** A connection that is open already. */
  readonly first?: RemoteStream;
  readonly retry: ResolvedRetry;
  /** Ends the reading, never the run. */
  readonly signal: AbortSignal;
}

/**
 * The events of a run, each once, in order, whatever the connections do; in batches, as they came.
 *
 * A run is over with `done`, or with a `result` after which nothing more comes. Every other end of a connection is a
 * severed one, and the next one asks for what comes after the last event; nothing here can start a run. Throws
 * `RemoteFailure` of the kind `missing` when the sandbox has dropped the run, and `TurnError` when patience has ended.
 */
export async function* followRun(options: FollowOptions): AsyncGenerator<readonly SandboxEvent[], void, undefined> {
  const { transport, run, after, retry, signal } = options;
  const seen = new SeenIds(after, options.sure);
  const patience = new Patience(retry);
  let stream = options.first;
  let hasResult = false;
  let doubtful: string | undefined;

  while (!signal.aborted) {
    let failure: RemoteFailure;
    let news = false;
    let clean = false;
    const from = seen.last;
    const hadResult = hasResult;
    seen.connected();
    try {
      stream ??= await transport.reconnect(run, from, signal);
      for await (const batch of stream.batches) {
        const taken = takeNew(batch, seen);
        const fresh: readonly SandboxEvent[] = hadResult ? taken.filter(isNoRepeat) : taken;
        const last = fresh.at(-1);
        if (last === undefined) continue;
        news = true;
        if (!fresh.every(isRefusal)) patience.renew();
        hasResult ||= fresh.some(isResult);
        yield fresh;
        if (isDone(last)) return;
      }
      clean = true;
      failure = severed("The connection to the sandbox ended before the run did");
    } catch (error) {
      if (!(error instanceof RemoteFailure)) throw error;
      failure = error;
    }
    if (signal.aborted) return;
    if (clean) {
      const leftover = stream?.leftover();
      const key = leftover === undefined ? undefined : `${seen.last} ${leftover.key}`;
      // It was there twice at the same place: its sender ends without a blank line, and it was not cut off.
      if (leftover !== undefined && key === doubtful && (!hadResult || isNoRepeat(leftover.event))) {
        if (seen.take(leftover.event)) yield [leftover.event];
        news = true;
        hasResult ||= isResult(leftover.event);
        if (isDone(leftover.event)) return;
      }
      doubtful = key;
    }
    stream = undefined;
    // Nothing comes after the result, so that was all of it.
    if (hasResult && !news && failure.kind !== "final") return;
    if (failure.kind === "missing") throw failure;
    if (clean && !news && !seen.sure) {
      // A cursor that a client brought, and nothing after it: either it is the run's last event, or none of the run's.
      yield* followAfter(options);
      return;
    }
    await patience.wait(failure, signal);
  }
}

/** Looks for the cursor from the run's start, and reads on from there. */
async function* followAfter(options: FollowOptions): AsyncGenerator<readonly SandboxEvent[], void, undefined> {
  const { first: _first, sure: _sure, after, ...rest } = options;
  let found = false;
  for await (const batch of followRun({ ...rest, after: "0" })) {
    if (found) {
      yield batch;
      continue;
    }
    const at = batch.findIndex(({ id }) => id === after);
    if (at === -1) continue;
    found = true;
    if (at + 1 < batch.length) yield batch.slice(at + 1);
  }
  if (!found && !options.signal.aborted) throw unknownCursor(after);
}

/** The events that the reader does not have; what comes after `done` is nobody's. */
function takeNew(batch: readonly SandboxEvent[], seen: SeenIds): readonly SandboxEvent[] {
  let at = 0;
  // Nearly always all of it is new: then the batch is handed on as it is.
  for (const event of batch) {
    if (event.id === undefined || isDone(event) || !seen.take(event)) break;
    at++;
  }
  if (at === batch.length) return batch;
  const fresh = batch.slice(0, at);
  // The event that ended the loop has been looked at, unless it has no id or is the last.
  const first = batch[at];
  if (first !== undefined && first.id !== undefined && !isDone(first)) at++;
  for (const event of batch.slice(at)) {
    checkFound(event);
    if (isMarker(event) || !seen.take(event)) continue;
    fresh.push(event);
    if (isDone(event)) break;
  }
  return fresh;
}

/** What each connection says of itself is no part of the run. */
function isMarker({ type, id }: SandboxEvent): boolean {
  return type === "connection.established" && id === undefined;
}

/** An error that is none of the run's events: a sandbox that has nothing else to say may say it to every connection. */
function isRefusal({ type, id }: SandboxEvent): boolean {
  return type === "error" && id === undefined;
}

/** For a connection that was made after the result: only the end can still come, and what has no id was said before. */
function isNoRepeat(event: SandboxEvent): boolean {
  return event.id !== undefined || isDone(event);
}

function isDone(event: SandboxEvent | undefined): boolean {
  return event?.type === "done";
}

function isResult({ type }: SandboxEvent): boolean {
  return type === "result";
}

/** Anything that a transport threw, as what a caller is told. */
export function toTurnError(error: unknown): unknown {
  return error instanceof RemoteFailure ? error.error : error;
}
