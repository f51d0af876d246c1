import { TurnError } from "../errors.ts";
import { Patience } from "./patience.ts";
import { RemoteFailure } from "./remote-failure.ts";
import type { ResolvedRetry } from "./retry-options.ts";
import type { SandboxEvent, SandboxResult } from "./sandbox-sdk.ts";
import type { Begun, Prompt, RemoteStream, RunRef, SandboxTransport } from "./sandbox-transport.ts";

interface OpenOptions {
  readonly transport: SandboxTransport;
  readonly run: RunRef;
  readonly retry: ResolvedRetry;
  readonly signal: AbortSignal;
}

interface BeginOptions extends OpenOptions {
  /** Ends the connection; `signal` alone leaves a request that is on its way to its end. Default: `signal`. */
  readonly connection?: AbortSignal;
}

/** Joins the run, or starts it; tries again while that may help. A try that may have reached the sandbox is repeated as
 * the same turn, which the sandbox knows by its id. Throws `TurnError`, and `RemoteFailure` only of the kind `missing`. */
export function beginRun(
  { transport, run, connection, ...rest }: BeginOptions,
  prompt: Prompt,
  mayStart: () => Promise<boolean>,
): Promise<Begun> {
  let asked: Promise<boolean> | undefined;
  // Asked once: what may start may start again until it has.
  const once = (): Promise<boolean> => (asked ??= mayStart());
  return persist(rest, () => transport.begin(run, prompt, { mayStart: once, signal: connection ?? rest.signal }));
}

/** Connects to a run that exists. Throws as {@link beginRun} does. */
export function joinRun({ transport, run, ...rest }: OpenOptions, after: string): Promise<RemoteStream> {
  return persist(rest, () => transport.reconnect(run, after, rest.signal));
}

/** Tries again while that may help, and throws as {@link beginRun} does. */
export async function persist<T>(
  { retry, signal }: Pick<OpenOptions, "retry" | "signal">,
  body: () => Promise<T>,
): Promise<T> {
  const patience = new Patience(retry);
  for (;;) {
    try {
      return await body();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RemoteFailure) || error.kind === "missing") throw error;
      await patience.wait(error, signal);
      signal.throwIfAborted();
    }
  }
}

/** What is left of a run whose events are gone, as its last two events. */
export function resultEvents({ executionId }: RunRef, result: SandboxResult): SandboxEvent[] {
  const outcome = result.outcome === undefined ? {} : { outcome: result.outcome };
  return [
    { type: "result", data: { executionId, ...result } },
    { type: "done", data: outcome },
  ];
}

export function expired({ executionId }: RunRef): TurnError {
  return new TurnError(
    "cursor-gap",
    `The sandbox no longer has the events of ${executionId}: its buffer was dropped after the run's end. It is not run again; for that, use another attempt`,
  );
}

export function notFound({ executionId }: RunRef): TurnError {
  return new TurnError("execution-not-found", `The sandbox has no execution ${executionId}`);
}
