import { encodeNdjson, type TurnEvent } from "../../src/wire/index.ts";

/** One request as the client sent it. */
export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Whether the client has given it up. */
  aborted(): boolean;
}

/** Answers with these events, and then ends, breaks or says nothing more. */
export interface Streamed {
  readonly events: readonly TurnEvent[];
  readonly last?: "end" | "hang" | Error;
  /** Null: the header does not reach the page. */
  readonly executionId?: string | null;
  /** Raw text after the events. */
  readonly more?: string;
}

/** What a scripted server does with a request. */
export type Reply =
  | Response
  | { readonly error: Error }
  /** Never answers; a client that gives up is told so, unless it is not even listened to. */
  | { readonly hang: true; readonly deaf?: boolean }
  | Streamed;

export interface ScriptedFetch {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly sent: readonly SentRequest[];
  /** How many streams the client has let go of. */
  cancelled(): number;
  /** How many chunks of streams were asked for. */
  pulls(): number;
}

export const BASE = "https://chat.example";
export const EXECUTION = "acme@p:s:0";

/** A `fetch` that answers one request after the other as the script says; one more than that is an error. */
export function scriptFetch(
  script: readonly (Reply | ((request: SentRequest) => Reply | Promise<Reply>))[],
): ScriptedFetch {
  const sent: SentRequest[] = [];
  let cancelled = 0;
  let pulls = 0;

  function stream(
    { events, last = "end", executionId = EXECUTION, more = "" }: Streamed,
    signal: AbortSignal | null | undefined,
  ): Response {
    const lines = [...events.map(encodeNdjson), ...(more === "" ? [] : [more])];
    let index = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          signal?.addEventListener(
            "abort",
            () => {
              cancelled++;
              controller.error(signal.reason);
            },
            { once: true },
          );
        },
        pull(controller) {
          pulls++;
          const line = lines[index++];
          if (line !== undefined) controller.enqueue(new TextEncoder().encode(line));
          else if (last === "end") controller.close();
          else if (last !== "hang") controller.error(last);
          else return new Promise<void>(() => undefined);
          return undefined;
        },
        cancel() {
          cancelled++;
        },
      },
      { highWaterMark: 0 },
    );
    const headers = {
      "content-type": "application/x-ndjson",
      ...(executionId === null ? {} : { "x-execution-id": executionId }),
    };
    return new Response(body, { headers });
  }

  return {
    sent,
    cancelled: () => cancelled,
    pulls: () => pulls,
    async fetch(url, init) {
      const { signal } = init;
      const request: SentRequest = {
        method: init.method ?? "GET",
        path: url.slice(BASE.length),
        headers: init.headers as Record<string, string>,
        body: typeof init.body === "string" ? (JSON.parse(init.body) as unknown) : undefined,
        aborted: () => signal?.aborted === true,
      };
      if (!url.startsWith(BASE)) throw new Error(`A request to somewhere else: ${url}`);
      sent.push(request);
      const step = script[sent.length - 1];
      if (step === undefined)
        throw new Error(`Request ${sent.length} is not in the script: ${request.method} ${request.path}`);
      const reply = typeof step === "function" ? await step(request) : step;
      if (reply instanceof Response) return reply;
      if ("error" in reply) throw reply.error;
      if ("hang" in reply) {
        return new Promise<Response>((_, reject) => {
          if (reply.deaf !== true)
            signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        });
      }
      return stream(reply, signal);
    },
  };
}

/** A problem document as the routes write it. */
export function problem(
  status: number,
  code: string,
  options: { retryable?: boolean; retryAfter?: string } = {},
): Response {
  const { retryable = false, retryAfter } = options;
  return new Response(JSON.stringify({ status, code, retryable, detail: `It was ${code}` }), {
    status,
    headers: {
      "content-type": "application/problem+json",
      ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
    },
  });
}
