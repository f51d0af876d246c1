// What this library needs of `@tangle-network/sandbox`, as structure: the package itself is not imported, and anything of
// the same shape will do. Read off version 0.1.x and what came after it; what only newer versions have is optional.

/** A piece of a prompt that is not only text. */
export interface SandboxInputPart {
  readonly type: string;
  readonly [more: string]: unknown;
}

/** One event of a run, as the SDK yields it. */
export interface SandboxEvent {
  readonly type: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly id?: string;
}

export interface SandboxPromptOptions {
  readonly sessionId?: string;
  readonly model?: string;
  readonly timeoutMs?: number;
  readonly context?: Record<string, unknown>;
  /** From here on: unknown to 0.1.x. */
  readonly executionId?: string;
  /** With an empty message: the stream of a run that exists, strictly after this event; `"0"` is the start. */
  readonly lastEventId?: string;
  /** What a second dispatch of the same turn is recognised by. */
  readonly turnId?: string;
  /** The run outlives the call. */
  readonly detach?: boolean;
  readonly signal?: AbortSignal;
}

/** A run's result as the sandbox keeps it, also when its events are gone. */
export interface SandboxResult {
  readonly executionId?: string;
  readonly outcome?: unknown;
  readonly finalText?: string;
  readonly tokenUsage?: unknown;
  readonly [more: string]: unknown;
}

/** What a person answers to an `interaction`. */
export interface SandboxAnswer {
  readonly id: string;
  readonly outcome: "accepted" | "declined";
  readonly data?: Record<string, unknown>;
  readonly note?: string;
}

/** One conversation inside a sandbox. */
export interface SandboxSession {
  interrupt(options: { readonly executionId: string }): Promise<{ readonly cancelled?: boolean }>;
  result?(options: { readonly executionId: string }): Promise<SandboxResult | null | undefined>;
  respondToInteraction?(answer: SandboxAnswer): Promise<unknown>;
}

/** A sandbox. Without `session` it is taken for a 0.1.x one, which knows no execution ids. */
export interface SandboxBox {
  streamPrompt(
    message: string | SandboxInputPart[],
    options?: SandboxPromptOptions,
  ): AsyncIterable<{ readonly type: string; readonly data?: unknown; readonly id?: string }>;
  session?(id: string): SandboxSession;
  dispatchPrompt?(
    message: string | SandboxInputPart[],
    options?: SandboxPromptOptions,
  ): Promise<{ readonly sessionId?: string; readonly executionId?: string; readonly dispatched?: boolean }>;
}
