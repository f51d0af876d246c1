import { fromText, handleChatTurn } from "turnwire";

// The same as app.ts without a framework: a fetch handler, as Workers, Deno, Bun and others take it.

/** Stands in for your database. */
const answers = new Map<string, string>();

/** Stands in for your model: a stream of text. */
async function* answer(message: string): AsyncGenerator<string> {
  for (const word of `You said: ${message}`.split(/(?<= )/)) {
    yield word;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What a platform such as Workers hands over beside the request, to keep work alive after the response. */
interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

async function fetch(request: Request, _env?: unknown, context?: Context): Promise<Response> {
  if (new URL(request.url).pathname !== "/turns") return new Response("Not found", { status: 404 });
  if (request.method !== "POST") return new Response("Use POST", { status: 405, headers: { allow: "POST" } });
  const turn: unknown = await request.json().catch(() => undefined);
  if (!isTurnRequest(turn))
    return Response.json({ detail: "Expected { sessionId, turnIndex, message }" }, { status: 400 });
  const { sessionId, turnIndex, message } = turn;
  const { body, contentType } = handleChatTurn({
    // From your own authentication, never from the request's body.
    identity: { tenantId: "acme", userId: "ada", sessionId, turnIndex },
    hooks: {
      produce: () => fromText(answer(message)),
      persistAssistantMessage: ({ finalText }) => void answers.set(`${sessionId}/${turnIndex}`, finalText),
    },
    waitUntil: (promise) => context?.waitUntil(promise),
  });
  return new Response(body, { headers: { "content-type": contentType } });
}

interface TurnRequest {
  readonly sessionId: string;
  readonly turnIndex: number;
  readonly message: string;
}

function isTurnRequest(value: unknown): value is TurnRequest {
  const { sessionId, turnIndex, message } = Object(value) as Record<keyof TurnRequest, unknown>;
  const isIndex = typeof turnIndex === "number" && Number.isSafeInteger(turnIndex) && turnIndex >= 0;
  return typeof sessionId === "string" && isIndex && typeof message === "string";
}

export default { fetch };
