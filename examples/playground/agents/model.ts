import { textDelta, type TurnEvent } from "turnwire";
import type { AgentRun } from "turnwire/run";
import { SseFrameReader } from "turnwire/wire";
import type { PlaygroundAgent } from "./playground-agent.ts";
import { plainText } from "./speak.ts";

interface Provider {
  readonly title: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** The piece of the answer in one of its events. */
  readonly delta: (event: unknown) => unknown;
}

interface OpenAiChunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[];
}

interface AnthropicChunk {
  readonly type?: string;
  readonly delta?: { readonly text?: string };
  readonly error?: { readonly message?: string };
}

/** A real model, when the environment has a key for one. */
export function modelAgent(environment: NodeJS.ProcessEnv): PlaygroundAgent | undefined {
  const provider = findProvider(environment);
  if (provider === undefined) return undefined;
  return {
    title: provider.title,
    about: "A real model, asked with the key in your environment.",
    example: "Tell me something about turnstiles.",
    // Asking again costs money and changes nothing: the lost attempt's words are taken back.
    agent: { replay: "safe", stream: (run) => ask(provider, run) },
  };
}

function findProvider(environment: NodeJS.ProcessEnv): Provider | undefined {
  const openAi = environment["OPENAI_API_KEY"];
  if (openAi) {
    const model = environment["OPENAI_MODEL"] ?? "gpt-4o-mini";
    return {
      title: `OpenAI ${model}`,
      url: `${environment["OPENAI_BASE_URL"] ?? "https://api.openai.com/v1"}/chat/completions`,
      headers: { authorization: `Bearer ${openAi}` },
      body: { model, stream: true },
      delta: (event) => (event as OpenAiChunk).choices?.[0]?.delta?.content,
    };
  }
  const anthropic = environment["ANTHROPIC_API_KEY"];
  if (anthropic) {
    const model = environment["ANTHROPIC_MODEL"] ?? "claude-3-5-haiku-latest";
    return {
      title: `Anthropic ${model}`,
      url: `${environment["ANTHROPIC_BASE_URL"] ?? "https://api.anthropic.com"}/v1/messages`,
      headers: { "x-api-key": anthropic, "anthropic-version": "2023-06-01" },
      body: { model, stream: true, max_tokens: 2048 },
      delta: (event) => {
        const { type, delta, error } = event as AnthropicChunk;
        if (type === "error") throw new Error(error?.message ?? "The model failed");
        return delta?.text;
      },
    };
  }
  return undefined;
}

async function* ask(provider: Provider, { input, history, signal }: AgentRun): AsyncGenerator<TurnEvent> {
  const messages = [
    ...history.map(({ role, content }) => ({ role, content: plainText(content) })),
    { role: "user", content: plainText(input.message) },
  ];
  const response = await fetch(provider.url, {
    method: "POST",
    headers: { "content-type": "application/json", ...provider.headers },
    body: JSON.stringify({ ...provider.body, messages }),
    signal,
  });
  // A thrown response fails the turn with its status and the message in its body.
  if (!response.ok || response.body === null) throw response;

  const reader = new SseFrameReader({ maxFrameBytes: 1024 * 1024 });
  const frames: string[] = [];
  for await (const chunk of response.body) {
    reader.push(chunk, ({ data }) => frames.push(data));
    for (const data of frames.splice(0)) {
      if (data === "[DONE]") return;
      const delta = provider.delta(JSON.parse(data));
      if (typeof delta === "string" && delta !== "") yield textDelta(delta);
    }
  }
}
