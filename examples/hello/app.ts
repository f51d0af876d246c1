import { Hono } from "hono";
import { fromText, handleChatTurn } from "turnwire";

// A chat-turn endpoint in one route: it streams the answer and keeps it, also when the client leaves in between.

/** Stands in for your database. */
const answers = new Map<string, string>();

/** Stands in for your model: a stream of text. */
async function* answer(message: string): AsyncGenerator<string> {
  for (const word of `You said: ${message}`.split(/(?<= )/)) {
    yield word;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const app = new Hono();

app.post("/turns", async (context) => {
  const request: unknown = await context.req.json().catch(() => undefined);
  if (!isTurnRequest(request)) return context.json({ detail: "Expected { sessionId, turnIndex, message }" }, 400);
  const { sessionId, turnIndex, message } = request;
  const { body, contentType } = handleChatTurn({
    // From your own authentication, never from the request's body.
    identity: { tenantId: "acme", userId: "ada", sessionId, turnIndex },
    hooks: {
      produce: () => fromText(answer(message)),
      persistAssistantMessage: ({ finalText }) => void answers.set(`${sessionId}/${turnIndex}`, finalText),
    },
  });
  return new Response(body, { headers: { "content-type": contentType } });
});

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

export default app;
