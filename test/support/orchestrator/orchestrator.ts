import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createDeferred } from "../../../src/internal/deferred.ts";
import { type RemoteAnswer, type RemoteEvent, RemoteRun } from "./remote-run.ts";
import { type Framing, writeFrame } from "./write-frame.ts";

// This is not the Tangle orchestrator. It is a stand-in that speaks the wire as it is documented, over a real socket, so
// that what is built for the real one can be tested where the real one is not. Where the documentation says nothing, it
// does what makes it hardest for a client.

/** What a run's agent gets from the orchestrator. */
export interface RemoteAgentRun {
  readonly executionId: string;
  readonly sessionId: string;
  readonly message: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  /** Asks a person; `expired` after the request's own time. */
  readonly ask: (request: {
    readonly id: string;
    readonly [more: string]: unknown;
  }) => Promise<RemoteAnswer | "expired">;
}

/** The agent inside: yields events; those with `live` are not kept. */
export type RemoteAgent = (
  run: RemoteAgentRun,
) => AsyncIterable<{ readonly type: string; readonly data?: Readonly<Record<string, unknown>>; readonly live?: true }>;

/** A connection that does not last. `after` counts what this connection sends. */
export interface Cut {
  readonly how: "reset" | "clean";
  readonly events?: number;
  /** So many bytes after the last of those events; before its end when negative. */
  readonly bytes?: number;
  /** Before the response begins. */
  readonly silently?: true;
}

export interface Refusal {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface OrchestratorOptions {
  readonly agent: RemoteAgent;
  readonly token?: string;
  readonly bufferEvents?: number;
  /** How long a run's events are kept after its end. */
  readonly retentionMs?: number;
  readonly latencyMs?: number;
  readonly slowStartMs?: number;
  readonly framing?: Framing;
  /** Sends the event of the cursor again, and each event twice. */
  readonly repeats?: boolean;
}

export interface StreamRequest {
  /** Counts the streams that were answered, from 0. */
  readonly index: number;
  readonly executionId: string;
  readonly after: string;
}

export interface Orchestrator {
  readonly url: string;
  readonly token: string;
  /** How many runs were started. */
  readonly prompts: number;
  /** How many dispatches found their run already there. */
  readonly duplicates: number;
  readonly interrupts: number;
  readonly runs: ReadonlyMap<string, RemoteRun>;
  /** Each request, as `METHOD /path`. */
  readonly requests: readonly string[];
  /** Which streams are cut. */
  cut: ((stream: StreamRequest) => Cut | undefined) | undefined;
  /** Which requests are refused. */
  refuse: ((request: { readonly path: string; readonly index: number }) => Refusal | undefined) | undefined;
  /** Retention, now: the run's events are gone, and its result is not. */
  expire(executionId: string): void;
  close(): Promise<void>;
}

export async function startOrchestrator(options: OrchestratorOptions): Promise<Orchestrator> {
  const { token = "orchestrator-token", bufferEvents = 10_000, retentionMs = 120_000 } = options;
  const { latencyMs = 0, slowStartMs = 0, framing = "named", repeats = false } = options;
  const runs = new Map<string, RemoteRun>();
  const results = new Map<string, Readonly<Record<string, unknown>>>();
  const requests: string[] = [];
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let streams = 0;
  let prompts = 0;
  let duplicates = 0;
  let interrupts = 0;

  function later(ms: number, body: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      body();
    }, ms);
    timer.unref();
    timers.add(timer);
  }

  const pause = (ms: number): Promise<void> =>
    ms === 0 ? Promise.resolve() : new Promise((resolve) => later(ms, resolve));

  function expire(executionId: string): void {
    const run = runs.get(executionId);
    if (run?.result !== undefined) results.set(executionId, { ...run.result, executionId });
    runs.delete(executionId);
  }

  /** Starts a run, or finds the one that is buffered. */
  function dispatch(executionId: string, sessionId: string, message: unknown, metadata: object): [RemoteRun, boolean] {
    const found = runs.get(executionId);
    if (found !== undefined) {
      duplicates++;
      return [found, false];
    }
    prompts++;
    const run = new RemoteRun(executionId, sessionId, bufferEvents);
    runs.set(executionId, run);
    void work(run, message, metadata as Record<string, unknown>);
    return [run, true];
  }

  async function work(run: RemoteRun, message: unknown, metadata: Readonly<Record<string, unknown>>): Promise<void> {
    const { executionId, sessionId } = run;
    await pause(slowStartMs);
    run.append("start", { id: executionId });
    run.append("execution.started", { executionId, sessionId, timestamp: 1_764_000_000_000 });
    let text = "";
    const finish = (outcome: string): void => {
      const timing = { startedAt: 1, completedAt: 2 };
      const tokenUsage = { inputTokens: 3, outputTokens: 5 };
      if (run.result === undefined) {
        run.append("result", { executionId, outcome, finalText: text, toolInvocations: [], tokenUsage, timing });
      }
      run.append("done", { outcome });
      later(retentionMs, () => expire(executionId));
    };
    run.stop.signal.addEventListener("abort", () => finish("cancelled"), { once: true });
    const ask: RemoteAgentRun["ask"] = (request) => askPerson(run, request);
    try {
      for await (const event of options.agent({
        executionId,
        sessionId,
        message,
        metadata,
        signal: run.stop.signal,
        ask,
      })) {
        const { type, data = {}, live } = event;
        if (run.ended) return;
        if (live === true) run.tell(type, data);
        else run.append(type, data);
        if (type === "message.part.updated" && typeof data["delta"] === "string") text += data["delta"];
      }
      if (!run.ended) finish("completed");
    } catch (error) {
      if (run.ended) return;
      run.append("error", { message: error instanceof Error ? error.message : String(error) });
      finish("failed");
    }
  }

  function askPerson(
    run: RemoteRun,
    request: { readonly id: string; readonly [more: string]: unknown },
  ): Promise<RemoteAnswer | "expired"> {
    const answer = createDeferred<RemoteAnswer | "expired">();
    const question = { answer, state: "open" as "open" | "answered" | "expired" };
    run.questions.set(request.id, question);
    run.append("interaction", { request });
    const { expiresInMs } = request;
    if (typeof expiresInMs === "number") {
      later(expiresInMs, () => {
        if (question.state !== "open") return;
        question.state = "expired";
        run.append("interaction.cancel", { id: request.id, reason: "timeout" });
        answer.resolve("expired");
      });
    }
    return answer.promise;
  }

  async function stream(response: ServerResponse, run: RemoteRun, after: string): Promise<void> {
    const cut = orchestrator.cut?.({ index: streams++, executionId: run.executionId, after });
    const left = new AbortController();
    response.on("close", () => left.abort());
    if (cut?.silently === true) {
      response.socket?.resetAndDestroy();
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    response.flushHeaders();
    let sent = 0;
    /** Writes a frame, or as much of it as the cut allows; false when that was the last of it. */
    const write = async (event: RemoteEvent): Promise<boolean> => {
      const frame = Buffer.from(writeFrame(event, framing));
      const size = sizeUntilCut(frame.length, ++sent, cut);
      if (size > 0 && !response.write(frame.subarray(0, size))) await drained(response, left.signal);
      if (size === frame.length && !(cut?.events === sent && (cut.bytes ?? 0) <= 0)) return true;
      await endStream(response, cut);
      return false;
    };
    if (cut !== undefined && (cut.events ?? 0) === 0 && (cut.bytes ?? 0) <= 0) {
      await endStream(response, cut);
      return;
    }
    // What each connection says of itself, and a comment that keeps it open.
    response.write(`: keep-alive\n\n${writeFrame({ type: "connection.established", data: {} }, framing)}`);
    for await (const batch of run.read(repeats ? String(Math.max(0, Number(after) - 1)) : after, left.signal)) {
      for (const event of batch) {
        if (left.signal.aborted) return;
        if (!(await write(event))) return;
        if (repeats && !(await write(event))) return;
      }
    }
    response.end();
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://orchestrator");
    requests.push(`${request.method ?? ""} ${pathname}`);
    const index = requests.length - 1;
    const body = await readJson(request);
    await pause(latencyMs);
    const refusal = orchestrator.refuse?.({ path: pathname, index });
    if (refusal !== undefined) return reply(response, refusal);
    if (request.headers.authorization !== `Bearer ${token}`) {
      return reply(response, { status: 401, body: { error: { code: "unauthorized", message: "Who are you?" } } });
    }
    const header = (name: string): string | undefined => request.headers[name]?.toString();
    const [, one, two, three, four] = pathname.split("/").map(decodeURIComponent);
    const where = `${request.method ?? ""} /${one ?? ""}/${two ?? ""}`;
    const missing = { status: 404, body: { error: { code: "execution_not_found", message: "No such execution" } } };
    if (where === "POST /agents/run" && three === "stream") {
      const executionId = header("x-execution-id") ?? crypto.randomUUID();
      const after = header("last-event-id");
      const found = runs.get(executionId);
      if (after !== undefined && body["message"] === "") {
        return found === undefined ? reply(response, missing) : stream(response, found, after);
      }
      const metadata = body["metadata"] ?? {};
      const [run] = dispatch(executionId, String(body["sessionId"]), body["message"], metadata);
      return stream(response, run, "0");
    }
    if (where === "GET /agents/run" && four === "events") {
      const run = runs.get(three ?? "");
      return run === undefined
        ? reply(response, missing)
        : stream(response, run, searchParams.get("lastEventId") ?? "0");
    }
    if (where === "POST /agents/sessions" && four === "abort") {
      const run = [...runs.values()].find(
        ({ sessionId, executionId, ended }) => sessionId === three && executionId === body["executionId"] && !ended,
      );
      if (run !== undefined) interrupts++;
      run?.stop.abort();
      return reply(response, { status: 200, body: { success: true, data: { cancelled: run !== undefined } } });
    }
    if (where === "POST /agents/sessions" && four === "interactions") {
      return reply(response, takeAnswer(three ?? "", body as unknown as RemoteAnswer));
    }
    // What an SDK does behind its methods is its own business; these two routes are the stand-in's.
    if (where === "POST /stand-in/dispatch") {
      const executionId = String(body["executionId"]);
      const [, dispatched] = dispatch(executionId, String(body["sessionId"]), body["message"], body["metadata"] ?? {});
      return reply(response, { status: 200, body: { executionId, dispatched } });
    }
    if (where === "GET /stand-in/results") {
      const run = runs.get(three ?? "");
      const result = results.get(three ?? "") ?? (run?.ended === true ? run.result : undefined);
      return reply(response, result === undefined ? missing : { status: 200, body: result });
    }
    return reply(response, { status: 404, body: { error: "No such route" } });
  }

  function takeAnswer(sessionId: string, given: RemoteAnswer): Refusal {
    const run = [...runs.values()].find((one) => one.sessionId === sessionId && one.questions.has(given.id));
    const question = run?.questions.get(given.id);
    if (question === undefined) return { status: 404, body: { error: { code: "interaction_not_found" } } };
    if (question.state === "answered") return { status: 409, body: { error: { code: "interaction_answered" } } };
    if (question.state === "expired") return { status: 410, body: { error: { code: "interaction_expired" } } };
    question.state = "answered";
    question.answer.resolve(given);
    return { status: 200, body: { success: true } };
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) reply(response, { status: 500, body: { error: String(error) } });
      else response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const orchestrator: Orchestrator = {
    url: `http://127.0.0.1:${port}`,
    token,
    get prompts() {
      return prompts;
    },
    get duplicates() {
      return duplicates;
    },
    get interrupts() {
      return interrupts;
    },
    runs,
    requests,
    cut: undefined,
    refuse: undefined,
    expire,
    close: () =>
      new Promise<void>((resolve) => {
        for (const timer of timers) clearTimeout(timer);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return orchestrator;
}

/** How many bytes of a connection's nth frame are written: the cut lies so many bytes after the end of a frame. */
function sizeUntilCut(length: number, n: number, cut: Cut | undefined): number {
  if (cut === undefined) return length;
  const { events = 0, bytes = 0 } = cut;
  if (n === events && bytes < 0) return Math.max(0, length + bytes);
  if (n === events + 1) return Math.min(length, Math.max(0, bytes));
  return length;
}

async function endStream(response: ServerResponse, cut: Cut | undefined): Promise<void> {
  // What was written before the cut gets its chance to arrive.
  await new Promise((resolve) => setImmediate(resolve));
  if (cut?.how === "clean") response.end();
  else response.socket?.resetAndDestroy();
}

function drained(response: ServerResponse, left: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    response.once("drain", resolve);
    if (left.aborted) resolve();
    else left.addEventListener("abort", () => resolve(), { once: true });
  });
}

function reply(response: ServerResponse, { status, body, headers }: Refusal): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body ?? {}));
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}
