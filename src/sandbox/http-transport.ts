import { checkName, checkOptionalFunction } from "../internal/check-argument.ts";
import type { Clock } from "../internal/clock.ts";
import { describeValue } from "../internal/describe-value.ts";
import { onAbort } from "../internal/on-abort.ts";
import { readFrames } from "./read-frames.ts";
import { readAnswer, readRefusal } from "./read-refusal.ts";
import { redactAll, redactOnly } from "./redact.ts";
import { refusalFailure, RemoteFailure, severed, thrownFailure } from "./remote-failure.ts";
import { isObject } from "./remote-outcome.ts";
import type { RemoteStream, RunRef, SandboxTransport } from "./sandbox-transport.ts";
import { createStallGuard } from "./stall-guard.ts";

/** A sandbox that is reached straight over HTTP. */
export interface SandboxEndpoint {
  /** Where the sandbox answers, without credentials in it. */
  readonly url: string;
  /** Sent as bearer token, and to nobody told. */
  readonly token: string;
  readonly fetch?: typeof fetch;
}

/**
 * The wire of the sandbox: `POST /agents/run/stream` with `X-Execution-ID` starts a run or joins it, and is sent by
 * `begin` alone; `GET /agents/run/{id}/events` reads one, which can start nothing; `/agents/sessions/{id}` has the
 * routes that stop a run and answer its questions.
 */
export function createHttpTransport(
  endpoint: SandboxEndpoint,
  options: { readonly clock: Clock; readonly stallMs: number; readonly secrets: readonly string[] },
): SandboxTransport {
  const { clock, stallMs } = options;
  const base = readBase(endpoint.url);
  checkName("token", endpoint.token);
  checkOptionalFunction("fetch", endpoint.fetch);
  const { token, fetch: send = globalThis.fetch } = endpoint;
  const secrets = [token, ...options.secrets];
  const redact = redactOnly(secrets);
  const redactError = redactAll(secrets);

  async function request(
    path: string,
    init: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: unknown },
    signal?: AbortSignal,
  ): Promise<Response> {
    let response: Response;
    try {
      // Called by itself: some platforms refuse their fetch as another object's method.
      response = await send(`${base}${path}`, {
        method: init.method ?? "GET",
        headers: {
          authorization: `Bearer ${token}`,
          ...(init.body === undefined ? {} : { "content-type": "application/json" }),
          ...init.headers,
        },
        // A redirect could carry the token away.
        redirect: "manual",
        ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      throw thrownFailure(error, redactError);
    }
    if (response.ok) return response;
    throw refusalFailure(await readRefusal(response, clock), redactError);
  }

  /** A request with a short answer, which may be silent for as long as a stream: not every `fetch` has an end of its own. */
  async function ask(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
    const connection = new AbortController();
    const unlisten = onAbort(signal, () => connection.abort());
    let stalled = false;
    const stopTimer = clock.after(stallMs, () => {
      stalled = true;
      connection.abort();
    });
    try {
      return await request(path, { method: "POST", body }, connection.signal);
    } catch (error) {
      throw stalled ? noAnswer() : error;
    } finally {
      stopTimer();
      unlisten();
    }
  }

  const noAnswer = (): RemoteFailure => severed(`The sandbox did not answer for ${stallMs} ms`);

  async function open(
    path: string,
    init: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: unknown },
    signal: AbortSignal,
  ): Promise<RemoteStream> {
    // Of its own, so that a connection which fell silent can be given up without its reader.
    const connection = new AbortController();
    const forward = (): void => connection.abort();
    if (signal.aborted) forward();
    else signal.addEventListener("abort", forward, { once: true });
    const release = (): void => signal.removeEventListener("abort", forward);
    let stalled = false;
    const guard = createStallGuard(clock, stallMs, () => {
      stalled = true;
      connection.abort();
    });
    const end = (): void => {
      guard.stop();
      release();
    };
    try {
      const response = await request(
        path,
        { ...init, headers: { accept: "text/event-stream", ...init.headers } },
        connection.signal,
      );
      const type = response.headers.get("content-type") ?? "";
      if (response.body === null || !type.toLowerCase().startsWith("text/event-stream")) {
        response.body?.cancel().catch(() => undefined);
        throw refusalFailure(
          { status: 502, message: `expected an event stream, got ${describeValue(type)}` },
          redactError,
        );
      }
      // A stream that nobody has begun to read may lie for as long as it likes.
      guard.stop();
      return readFrames(response.body, {
        clock,
        redact,
        redactError,
        stallMs,
        giveUp: () => connection.abort(),
        signal: connection.signal,
        onEnd: release,
      });
    } catch (error) {
      end();
      throw stalled ? noAnswer() : error;
    }
  }

  const events = (run: RunRef, after: string, signal: AbortSignal): Promise<RemoteStream> =>
    open(
      `/agents/run/${encodeURIComponent(run.executionId)}/events?lastEventId=${encodeURIComponent(after)}`,
      { headers: { "x-execution-id": run.executionId, "last-event-id": after } },
      signal,
    ).catch((error: unknown) => {
      throw asMissing(error);
    });
  const sessionPath = (run: RunRef, rest: string): string =>
    `/agents/sessions/${encodeURIComponent(run.sessionId)}${rest}`;

  return {
    connects: true,
    async begin(run, prompt, { mayStart, signal }) {
      try {
        return { created: false, stream: await events(run, "0", signal) };
      } catch (error) {
        if (!(error instanceof RemoteFailure) || error.kind !== "missing" || !(await mayStart())) throw error;
      }
      const { message, agent = "default", model, context, timeoutMs } = prompt;
      const body = {
        identifier: agent,
        message,
        sessionId: run.sessionId,
        metadata: { ...context, turnId: run.executionId, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
        ...(model === undefined ? {} : { backend: { model } }),
      };
      const headers = { "x-execution-id": run.executionId };
      return { created: true, stream: await open("/agents/run/stream", { method: "POST", headers, body }, signal) };
    },
    reconnect: events,
    // The wire has no route for it.
    result: async () => undefined,
    async interrupt(run, signal) {
      const body = { executionId: run.executionId };
      const response = await ask(sessionPath(run, "/abort"), body, signal);
      const answer = await readAnswer(response, clock);
      const { data } = answer;
      return (isObject(data) ? data : answer)["cancelled"] === true;
    },
    async respond(run, answer) {
      const response = await ask(sessionPath(run, "/interactions"), answer);
      response.body?.cancel().catch(() => undefined);
    },
  };
}

/** On the route of one execution, a plain 404 can only mean the execution. */
function asMissing(error: unknown): unknown {
  if (!(error instanceof RemoteFailure) || error.kind !== "final" || error.status !== 404) return error;
  return new RemoteFailure(error.error, "missing");
}

/** The base, without a slash at its end. What is wrong with it is said without repeating it: it may hold a password. */
function readBase(url: unknown): string {
  let base: URL;
  try {
    base = new URL(String(url));
  } catch {
    throw new TypeError("url must be the absolute URL of the sandbox");
  }
  if (base.protocol !== "https:" && base.protocol !== "http:")
    throw new TypeError("url must begin with https: or http:");
  if (base.username !== "" || base.password !== "") {
    throw new TypeError("url must not hold a user or a password: pass the token on its own");
  }
  if (base.search !== "" || base.hash !== "") throw new TypeError("url must have no query and no fragment");
  return base.href.replace(/\/+$/, "");
}
