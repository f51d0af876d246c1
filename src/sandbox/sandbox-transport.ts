import type { TurnInput } from "../substrate/turn-input.ts";
import type { SandboxAnswer, SandboxEvent, SandboxResult } from "./sandbox-sdk.ts";

/** A run in the sandbox, by the names that any process can work out again. */
export interface RunRef {
  readonly executionId: string;
  /** The sandbox's own session, in which the run is one turn. */
  readonly sessionId: string;
}

/** What is asked of the agent in the sandbox. */
export interface Prompt {
  readonly message: TurnInput["message"];
  /** Which of the sandbox's agents. Absent: its default. */
  readonly agent?: string;
  readonly model?: string;
  readonly timeoutMs?: number;
  readonly context?: Record<string, unknown>;
}

/** The prompt of a turn: its data goes where the sandbox takes what is not the message. */
export function promptOf({ message, agent, data }: TurnInput, settings: Omit<Prompt, "message">): Prompt {
  const context = data === undefined ? settings.context : { ...settings.context, data };
  return {
    ...settings,
    message,
    ...(agent === undefined ? {} : { agent }),
    ...(context === undefined ? {} : { context }),
  };
}

/** One connection's worth of a run's events. Ends when the connection does; that says nothing about the run. */
export interface RemoteStream {
  /** What came together; throws `RemoteFailure` when the connection broke. */
  readonly batches: AsyncIterable<readonly SandboxEvent[]>;
  /** After a clean end: an event that the bytes ended in the middle of, as far as it can be read. */
  readonly leftover: () => Leftover | undefined;
}

export interface Leftover {
  readonly event: SandboxEvent;
  /** The same for the same bytes. */
  readonly key: string;
}

/** What came of a dispatch. Without a stream: read the run from its start. */
export interface Begun {
  readonly created: boolean;
  readonly stream?: RemoteStream;
}

/**
 * How the sandbox is reached. The requests are told apart on purpose: only `begin` can start work, and a reader that
 * lost its connection never uses it.
 */
export interface SandboxTransport {
  /** Whether `reconnect` answers when the sandbox has, and not before anything was sent. */
  readonly connects: boolean;
  /**
   * First dispatch, and the same turn again: the sandbox starts the run, or joins the one of that id. `mayStart` is asked
   * before anything that could start one.
   */
  begin(
    run: RunRef,
    prompt: Prompt,
    options: { readonly mayStart: () => Promise<boolean>; readonly signal: AbortSignal },
  ): Promise<Begun>;
  /** The run's events strictly after one of them; `"0"` is the start. Never starts anything. */
  reconnect(run: RunRef, after: string, signal: AbortSignal): Promise<RemoteStream>;
  /** The result of a run that has ended, where the sandbox keeps one. */
  result(run: RunRef): Promise<SandboxResult | undefined>;
  /** Whether it was stopped by this. */
  interrupt(run: RunRef, signal?: AbortSignal): Promise<boolean>;
  respond(run: RunRef, answer: SandboxAnswer): Promise<void>;
}
