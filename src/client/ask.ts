import { TurnError } from "../errors.ts";
import type { ResolvedClientOptions } from "./client-options.ts";
import { refusalOf } from "./refusal.ts";

/** One request, and how long it may take until something is heard. */
export interface Question {
  readonly path: string;
  /** With one it is a POST. */
  readonly body?: unknown;
}

/** A refusal with what its `retry-after` said. */
export interface Refusal extends TurnError {
  retryAfterMs?: number;
}

/** The path of an execution. */
export function placeOf(executionId: string): string {
  return `/turns/${encodeURIComponent(executionId)}`;
}

/** Sends a request once. An answer that is no success is thrown as the `TurnError` that it stands for. */
export async function ask(
  { baseUrl, fetch, headers, clock }: ResolvedClientOptions,
  { path, body }: Question,
  signal: AbortSignal,
): Promise<Response> {
  const more = typeof headers === "function" ? await headers() : headers;
  const post = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(baseUrl + path, {
    ...post,
    headers: { accept: "application/x-ndjson, application/json", "content-type": "application/json", ...more },
    signal,
  });
  if (response.ok) return response;
  const refusal: Refusal = await refusalOf(response, clock);
  const said = response.headers.get("retry-after") ?? "";
  const ms = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - clock.now();
  if (ms > 0) refusal.retryAfterMs = ms;
  throw refusal;
}

/**
 * Waits for something of a connection. When it does not come in time, `step`, which the request was sent with, is
 * aborted; once it is, nobody waits any more, also where a `fetch` does not listen to its signal.
 */
export function inTime<T>(
  { clock, stallMs }: ResolvedClientOptions,
  step: AbortController,
  promise: Promise<T>,
): Promise<T> {
  const { signal } = step;
  return new Promise<T>((resolve, reject) => {
    const stopTimer = clock.after(stallMs, () => step.abort(connectionLost(`Nothing was heard for ${stallMs} ms`)));
    const done = (): void => {
      stopTimer();
      signal.removeEventListener("abort", giveUp);
    };
    const giveUp = (): void => {
      done();
      reject(signal.reason as Error);
    };
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp);
    promise.finally(done).then(resolve, reject);
  });
}

export function connectionLost(message: string, cause?: unknown): TurnError {
  return new TurnError("connection-lost", message, { cause });
}
