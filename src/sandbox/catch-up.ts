import { createDeferred } from "../internal/deferred.ts";
import { ignoreRejection } from "../internal/ignore-rejection.ts";
import { followRun, toTurnError } from "./follow-run.ts";
import type { KnownRun } from "./known-runs.ts";
import { joinRun, resultEvents } from "./open-run.ts";
import { RemoteFailure } from "./remote-failure.ts";
import type { ResolvedSandbox } from "./sandbox-options.ts";

/** How much longer the first event may take where it cannot be told when the connection stands. */
const CONNECTING = 5;
/** A log that is there has a first event. */
const FIRST_MS = 5000;
/** A run at work may never be silent for long: after so much reading it is taken to stand where it has been read to. */
const BUSY_MS = 2000;

/**
 * Reads on from where the fold of a run stands to where its log ends now. False when the sandbox has no such run; a run
 * that it has dropped is known by its result, or by what was read before.
 */
export function catchUp(known: KnownRun, sandbox: ResolvedSandbox): Promise<boolean> {
  // One after the other: two that read the same events would take them twice.
  const caught = known.catchingUp.then(() => readOn(known, sandbox));
  known.catchingUp = caught.then(
    () => undefined,
    () => undefined,
  );
  return caught;
}

async function readOn(known: KnownRun, sandbox: ResolvedSandbox): Promise<boolean> {
  const { fold, run } = known;
  if (fold.ended) return true;
  const { transport, retry, clock, quietMs } = sandbox;
  const leaving = new AbortController();
  const { signal } = leaving;
  let batches: ReturnType<typeof followRun> | undefined;
  let busyUntil = Infinity;
  try {
    const stream = await joinRun({ transport, run, retry, signal }, fold.cursor);
    batches = followRun({ transport, run, after: fold.cursor, sure: true, first: stream, retry, signal });
    let patienceMs = transport.connects ? quietMs : quietMs * CONNECTING;
    if (fold.cursor === "0") patienceMs = FIRST_MS;
    for (;;) {
      const quiet = createDeferred<undefined>();
      const cancel = clock.after(patienceMs, () => quiet.resolve(undefined));
      const next = batches.next();
      // What is not waited for any more ends with the signal.
      ignoreRejection(next);
      const read = await Promise.race([next, quiet.promise]);
      cancel();
      patienceMs = quietMs;
      if (read === undefined) break;
      if (read.done === true) {
        if (!signal.aborted) fold.end();
        break;
      }
      known.exists = true;
      for (const event of read.value) fold.take(event);
      const now = clock.now();
      busyUntil = Math.min(busyUntil, now + BUSY_MS);
      if (fold.ended || now >= busyUntil) break;
    }
    known.exists = true;
    return true;
  } catch (error) {
    if (!(error instanceof RemoteFailure) || error.kind !== "missing") throw toTurnError(error);
    return readResult(known, sandbox);
  } finally {
    leaving.abort();
    // One that is left between two events still holds its connection, and a timer.
    ignoreRejection(batches?.return());
  }
}

async function readResult({ fold, run, exists }: KnownRun, { transport }: ResolvedSandbox): Promise<boolean> {
  let result: Awaited<ReturnType<typeof transport.result>>;
  try {
    result = await transport.result(run);
  } catch (error) {
    throw toTurnError(error);
  }
  if (result !== undefined) {
    for (const event of resultEvents(run, result)) fold.take(event);
    return true;
  }
  if (!exists) return false;
  // It was there, has ended, and nobody who is asked here has seen how.
  fold.failure = { message: "The sandbox dropped the run before its end was read", code: "cursor-gap" };
  fold.end();
  return true;
}
