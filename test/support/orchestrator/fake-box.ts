import { SseFrameReader } from "../../../src/wire/sse-frames.ts";
import type {
  SandboxBox,
  SandboxEvent,
  SandboxPromptOptions,
  SandboxSession,
} from "../../../src/sandbox/sandbox-sdk.ts";
import type { RemoteAnswer } from "./remote-run.ts";

// Stands in for the SDK's box, over the stand-in orchestrator. Not the SDK: what it does is what is documented of it.

export interface FakeBoxOptions {
  readonly url: string;
  readonly token: string;
  /** 0.1.x knows no ids, ignores signals, and drops what it cannot parse; `current` is what came later. */
  readonly version?: "0.1" | "current";
  /** Leaves methods out, as some versions between the two do. */
  readonly without?: readonly ("dispatchPrompt" | "result")[];
}

/** As the SDK throws it. */
export class FakeSandboxError extends Error {
  override readonly name: string = "SandboxError";
  readonly code: string;
  readonly status: number;
  readonly retryAfterMs?: number;

  constructor(message: string, code: string, status: number, retryAfterMs?: number) {
    super(message);
    this.code = code;
    this.status = status;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

export function createFakeBox(options: FakeBoxOptions): SandboxBox {
  const { url, token, version = "current", without = [] } = options;
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };

  async function call(path: string, body?: unknown, more: RequestInit = {}): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${url}${path}`, {
        method: body === undefined ? "GET" : "POST",
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...more,
        headers: { ...headers, ...(more.headers as Record<string, string>) },
      });
    } catch (error) {
      if ((error as Error).name === "AbortError") throw error;
      // The SDK's message says where it wanted to go, which is what must not get any further.
      throw new FakeSandboxError(`Request to ${url}${path} with Bearer ${token} failed`, "NETWORK_ERROR", 0);
    }
    if (response.ok) return response;
    const text = await response.text();
    const error = (readJson(text)["error"] ?? {}) as { code?: string; message?: string };
    const wait = response.headers.get("retry-after");
    throw new FakeSandboxError(
      `${error.message ?? "Request failed"} (${url}${path}, Bearer ${token})`,
      error.code ?? `HTTP_${response.status}`,
      response.status,
      wait === null ? undefined : Number(wait) * 1000,
    );
  }

  async function* streamPrompt(
    message: unknown,
    prompt: SandboxPromptOptions = {},
  ): AsyncGenerator<SandboxEvent, void, undefined> {
    const { sessionId, context, model, executionId, lastEventId, turnId, signal } = prompt;
    const isOld = version === "0.1";
    const body = {
      identifier: "default",
      message,
      sessionId,
      metadata: { ...context, ...(isOld ? {} : { turnId }) },
      ...(model === undefined ? {} : { backend: { model } }),
    };
    const ids = {
      ...(executionId === undefined ? {} : { "x-execution-id": executionId }),
      ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
    };
    const response = await call("/agents/run/stream", body, {
      ...(isOld ? {} : { headers: ids }),
      ...(isOld || signal === undefined ? {} : { signal }),
    });
    if (response.body === null) return;
    if (isOld) yield* parseAsOld(response.body);
    else yield* parse(response.body, `${url} with Bearer ${token}`);
  }

  if (version === "0.1") return { streamPrompt };

  const session = (sessionId: string): SandboxSession => {
    const path = `/agents/sessions/${encodeURIComponent(sessionId)}`;
    return {
      async interrupt({ executionId }) {
        const answer = readJson(await (await call(`${path}/abort`, { executionId })).text());
        return { cancelled: (answer["data"] as { cancelled?: boolean }).cancelled === true };
      },
      respondToInteraction: async (answer: RemoteAnswer) => (await call(`${path}/interactions`, answer)).json(),
      ...(without.includes("result")
        ? {}
        : {
            result: async ({ executionId }: { executionId: string }) =>
              readJson(await (await call(`/stand-in/results/${encodeURIComponent(executionId)}`)).text()),
          }),
    };
  };
  return {
    streamPrompt,
    session,
    ...(without.includes("dispatchPrompt")
      ? {}
      : {
          dispatchPrompt: async (message, { sessionId, executionId, context = {} } = {}) => {
            const body = { message, sessionId, executionId, metadata: context };
            return (await (await call("/stand-in/dispatch", body)).json()) as { dispatched: boolean };
          },
        }),
  };
}

async function* parse(body: ReadableStream<Uint8Array>, where: string): AsyncGenerator<SandboxEvent> {
  const frames = new SseFrameReader({ maxFrameBytes: 32 * 1024 * 1024 });
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const events: SandboxEvent[] = [];
      frames.push(value, ({ data, event, id }) => {
        const parsed = readJson(data);
        const whole = event === undefined;
        events.push({
          type: whole ? String(parsed["type"]) : event,
          data: whole ? (parsed["data"] as Record<string, unknown>) : parsed,
          ...(id === undefined ? {} : { id }),
        });
      });
      yield* events;
    }
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new FakeSandboxError(`Stream from ${where} broke`, "NETWORK_ERROR", 0);
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/** As 0.1.0 reads a stream: by LF alone, one data line, a name needed, the last frame dropped, the fetch never left. */
async function* parseAsOld(body: ReadableStream<Uint8Array>): AsyncGenerator<SandboxEvent> {
  const utf8 = new TextDecoder();
  let buffer = "";
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    buffer += utf8.decode(value, { stream: true });
    const blocks = buffer.split("\n\n");
    buffer = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n");
      const field = (name: string): string | undefined =>
        lines.findLast((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const type = field("event");
      const data = field("data");
      const id = field("id");
      if (type === undefined || data === undefined) continue;
      yield { type, data: readJson(data), ...(id === undefined ? {} : { id }) };
    }
  }
}

function readJson(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
