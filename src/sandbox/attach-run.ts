import type { TurnEvent } from "../event/turn-event.ts";
import { isTurnError } from "../errors.ts";
import { abortWith } from "../internal/abort-with.ts";
import type { Attachment } from "../substrate/substrate.ts";
import { readEvents } from "./event-reader.ts";
import { followRun, toTurnError } from "./follow-run.ts";
import type { KnownRun } from "./known-runs.ts";
import { expired, notFound, resultEvents } from "./open-run.ts";
import { RemoteFailure } from "./remote-failure.ts";
import { RunFold } from "./run-fold.ts";
import type { ResolvedSandbox } from "./sandbox-options.ts";
import type { SandboxEvent } from "./sandbox-sdk.ts";
import type { RemoteStream } from "./sandbox-transport.ts";
import { EventTidier } from "./tidy-events.ts";

/** How one reader reads a run. */
export interface Reading {
  readonly created: boolean;
  readonly after: string;
  /** Fires when the reader leaves. */
  readonly connection: AbortController;
  /** A connection that is open already. */
  readonly stream?: RemoteStream;
  /** What is read instead of the sandbox's stream. */
  readonly batches?: AsyncGenerator<readonly SandboxEvent[], void, undefined>;
}

/** A reader of a run: its events as a turn says them, and what this process learns from them for whoever asks next. */
export function attachTo(sandbox: ResolvedSandbox, known: KnownRun, reading: Reading): Attachment {
  const { created, after, connection, stream } = reading;
  const { transport, retry } = sandbox;
  const { run } = known;
  const { signal } = connection;
  const first = stream === undefined ? {} : { first: stream };
  const batches = reading.batches ?? followRun({ transport, run, after, ...first, retry, signal });
  // Who reads from the start learns how the run stands, for whoever asks next.
  const fold = after === "0" ? new RunFold() : undefined;
  const keep = (): void => {
    if (fold !== undefined && fold.ended) known.fold = fold;
  };
  const events: AsyncIterable<TurnEvent> = readEvents({
    batches,
    tidier: new EventTidier(),
    note: (event) => {
      known.exists = true;
      if (fold === undefined) return;
      fold.take(event);
      if (event.type === "done") keep();
    },
    onEnd: () => {
      if (signal.aborted) return;
      fold?.end();
      keep();
    },
    leave: () => connection.abort(),
    recover: (error) => whatIsLeft(sandbox, known, after, error),
  });
  return { executionId: run.executionId, created, events };
}

/** The events that stand in for those which the sandbox has dropped; throws where there are none. */
export async function whatIsLeft(
  { transport, whenExpired }: ResolvedSandbox,
  known: KnownRun,
  after: string,
  error: unknown,
): Promise<readonly SandboxEvent[]> {
  const { run } = known;
  const isMissing = error instanceof RemoteFailure && error.kind === "missing";
  const isGap = isTurnError(error, "cursor-gap");
  if (!isMissing && !isGap) throw toTurnError(error);
  // Who has everything misses nothing.
  if (isMissing && known.fold.ended && known.fold.cursor === after) return [];
  const result = await transport.result(run).catch(() => undefined);
  if (result !== undefined && after === "0" && whenExpired === "result") return resultEvents(run, result);
  if (isGap) throw error;
  if (known.exists || after !== "0" || result !== undefined) throw expired(run);
  throw notFound(run);
}

/** A controller of our own that fires with the reader's signal. */
export function linked(signal: AbortSignal | undefined): AbortController {
  const controller = new AbortController();
  if (signal === undefined) return controller;
  const forward = (): void => {
    signal.removeEventListener("abort", forward);
    abortWith(controller, signal.reason);
  };
  if (signal.aborted) forward();
  else {
    signal.addEventListener("abort", forward);
    controller.signal.addEventListener("abort", () => signal.removeEventListener("abort", forward), { once: true });
  }
  return controller;
}
