import { TurnError } from "../errors.ts";
import { checkFunction } from "../internal/check-argument.ts";
import type { Clock } from "../internal/clock.ts";
import { redactAll, redactOnly } from "./redact.ts";
import { checkFound, RemoteFailure, severed, thrownFailure } from "./remote-failure.ts";
import type {
  SandboxBox,
  SandboxEvent,
  SandboxInputPart,
  SandboxPromptOptions,
  SandboxResult,
  SandboxSession,
} from "./sandbox-sdk.ts";
import type { Prompt, RemoteStream, RunRef, SandboxTransport } from "./sandbox-transport.ts";
import { createStallGuard } from "./stall-guard.ts";

/** How long the sandbox may take to say that it has a result; of a run that still works it would say nothing for long. */
const RESULT_MS = 5000;

/** Whether the box knows execution ids, so that a run can be found again. */
export function canReconnect(box: SandboxBox): boolean {
  return typeof box.session === "function";
}

/** The sandbox by way of its own SDK. */
export function createSdkTransport(
  box: SandboxBox,
  options: { readonly clock: Clock; readonly stallMs: number; readonly secrets: readonly string[] },
): SandboxTransport {
  checkFunction("box.streamPrompt", (box as { readonly streamPrompt?: unknown }).streamPrompt);
  const redactError = redactAll(options.secrets);

  function session({ sessionId }: RunRef): SandboxSession {
    const found = box.session?.(sessionId);
    if (found === undefined) throw new TurnError("not-supported", "This SDK has no box.session to reach a run by");
    return found;
  }

  async function call<T>(body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      throw error instanceof TurnError ? error : thrownFailure(error, redactError);
    }
  }

  const stream = (message: Prompt["message"], prompt: SandboxPromptOptions): RemoteStream =>
    readBox(box, message, prompt, options);

  const reconnect = (run: RunRef, after: string, signal: AbortSignal): RemoteStream =>
    stream("", { sessionId: run.sessionId, executionId: run.executionId, lastEventId: after, signal });

  async function result(run: RunRef): Promise<SandboxResult | undefined> {
    const found = session(run);
    if (found.result === undefined) return undefined;
    const { executionId } = run;
    try {
      const given = await within(RESULT_MS, options.clock, () => call(async () => found.result?.({ executionId })));
      // An SDK that knows no result by execution may give the session's last one.
      return given?.executionId === undefined || given.executionId === executionId ? (given ?? undefined) : undefined;
    } catch (error) {
      if (error instanceof RemoteFailure && (error.kind === "missing" || error.status === 404)) return undefined;
      throw error;
    }
  }

  /** The run from its start, when the sandbox has it. */
  async function find(run: RunRef, signal: AbortSignal): Promise<RemoteStream | undefined> {
    try {
      return await peek(reconnect(run, "0", signal));
    } catch (error) {
      if (error instanceof RemoteFailure && error.kind === "missing") return undefined;
      throw error;
    }
  }

  return {
    connects: false,
    async begin(run, prompt, { mayStart, signal }) {
      const found = await find(run, signal);
      if (found !== undefined) return { created: false, stream: found };
      // Its events may be gone and its result still there.
      if ((await result(run)) !== undefined || !(await mayStart())) return { created: false };
      const { message, agent, ...settings } = prompt;
      const { executionId, sessionId } = run;
      // The turn's id is what the sandbox tells a second dispatch by.
      const named = agent === undefined ? {} : { context: { ...settings.context, agent } };
      const dispatch = { ...settings, ...named, sessionId, executionId, turnId: executionId, detach: true };
      if (box.dispatchPrompt === undefined) {
        return { created: true, stream: stream(message, { ...dispatch, signal }) };
      }
      const receipt = await call(async () => box.dispatchPrompt?.(asParts(message), dispatch));
      return { created: receipt?.dispatched !== false };
    },
    reconnect: async (run, after, signal) => reconnect(run, after, signal),
    result,
    async interrupt(run) {
      const { cancelled } = await call(() => session(run).interrupt({ executionId: run.executionId }));
      return cancelled === true;
    },
    async respond(run, answer) {
      const found = session(run);
      if (found.respondToInteraction === undefined) {
        throw new TurnError("not-supported", "This SDK has no session.respondToInteraction: pass respond");
      }
      await call(async () => found.respondToInteraction?.(answer));
    },
  };
}

/** One call of `streamPrompt` as a stream: a batch per event. */
export function readBox(
  box: SandboxBox,
  message: Prompt["message"],
  prompt: SandboxPromptOptions,
  { clock, stallMs, secrets }: { readonly clock: Clock; readonly stallMs: number; readonly secrets: readonly string[] },
): RemoteStream {
  const redact = redactOnly(secrets);
  const redactError = redactAll(secrets);
  const { signal } = prompt;

  async function* batches(): AsyncGenerator<readonly SandboxEvent[], void, undefined> {
    let giveUp: (failure: RemoteFailure) => void = () => undefined;
    const broken = new Promise<never>((_, reject) => (giveUp = reject));
    broken.catch(() => undefined);
    // An SDK that does not listen to its signal, or hangs, is left behind.
    const onAbort = (): void => giveUp(severed("The reader left"));
    signal?.addEventListener("abort", onAbort, { once: true });
    const guard = createStallGuard(clock, stallMs, () => giveUp(severed(`The sandbox was silent for ${stallMs} ms`)));
    let leave = (): Promise<unknown> | undefined => undefined;
    let ended = false;
    try {
      const iterator = box.streamPrompt(asParts(message), prompt)[Symbol.asyncIterator]();
      leave = () => iterator.return?.();
      for (;;) {
        const { done, value } = await Promise.race([iterator.next(), broken]);
        guard.hold();
        if (done === true) {
          ended = true;
          return;
        }
        yield [readOne(value as SentEvent, secrets.length === 0 ? undefined : redact)];
        guard.touch();
      }
    } catch (error) {
      throw thrownFailure(error, redactError);
    } finally {
      guard.stop();
      signal?.removeEventListener("abort", onAbort);
      // Not waited for: the SDK's generator may hang in a read of its own.
      if (!ended) Promise.resolve(leave()).catch(() => undefined);
    }
  }

  return { batches: batches(), leftover: () => undefined };
}

type SentEvent = ReturnType<SandboxBox["streamPrompt"]> extends AsyncIterable<infer T> ? T : never;

function readOne(value: SentEvent, redact: ((text: string) => string) | undefined): SandboxEvent {
  const { type, data, id } = value;
  const isObject = typeof data === "object" && data !== null && !Array.isArray(data);
  const event = {
    type,
    ...(data === undefined ? {} : { data: isObject ? (data as Record<string, unknown>) : { value: data } }),
    ...(typeof id === "string" && id !== "" ? { id } : {}),
  };
  if (redact === undefined) return event;
  const json = JSON.stringify(event);
  const clean = redact(json);
  return clean === json ? event : (JSON.parse(clean) as SandboxEvent);
}

function asParts(message: Prompt["message"]): string | SandboxInputPart[] {
  return typeof message === "string" ? message : [...message];
}

/** Waits for the first events, so that a run which is not there is found out now. */
async function peek({ batches, leftover }: RemoteStream): Promise<RemoteStream> {
  const iterator = batches[Symbol.asyncIterator]();
  const first = await iterator.next();
  try {
    if (first.done !== true) first.value.forEach(checkFound);
  } catch (error) {
    await iterator.return?.();
    throw error;
  }
  async function* rest(): AsyncGenerator<readonly SandboxEvent[], void, undefined> {
    try {
      for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { batches: rest(), leftover };
}

function within<T>(ms: number, clock: Clock, body: () => Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(undefined));
    body().then(resolve, reject).finally(cancel);
  });
}
