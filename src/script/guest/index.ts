/*
 * What the module `turnwire` is to a script. `npm run generate` makes of this file what script authors' editors and type
 * checkers read (turnwire.generated.d.ts). As a module it is the same core, for tests of a script's functions without a VM
 * that let `turnwire` stand for it.
 */
import type { TurnIdentity } from "../../event/identity.ts";
import type { JsonValue } from "../../event/json.ts";
import type { TurnEvent } from "../../event/turn-event.ts";
import type { Engine, RunHandle, ToolRegistry, Turn } from "../../inference/index.ts";

export {
  consts,
  createBuilder,
  createInference,
  createSession,
  engines,
  InferenceError,
  middlewares,
  runInference,
  tools,
  turns,
  version,
} from "../../inference/index.ts";
export type {
  AfterToolCallAnswer,
  AfterToolCallContext,
  BeforeToolCallAnswer,
  Block,
  Engine,
  EngineContext,
  EngineFunction,
  HookCall,
  HookContext,
  InferenceEvent,
  InferenceEventOf,
  JsonSchema,
  Middleware,
  MiddlewareContext,
  MiddlewareFunction,
  NextMiddleware,
  RunHandle,
  RunOptions,
  Session,
  SessionOptions,
  ToolCallInfo,
  ToolContext,
  ToolDefinition,
  ToolErrorAnswer,
  ToolErrorContext,
  ToolHooks,
  ToolLoopSettings,
  ToolRegistry,
  ToolResultInfo,
  ToolSpec,
  Turn,
} from "../../inference/index.ts";

export type { JsonValue, TurnEvent };

type Content = string | readonly { readonly type: string; readonly [more: string]: unknown }[];

/** What a script agent's script is asked. */
export interface ScriptTurn {
  readonly message: Content;
  /** The message's text: all of it, or its text parts one below the other. */
  readonly text: string;
  readonly data?: JsonValue;
  /** The session's earlier turns. */
  readonly history: readonly {
    readonly turnIndex: number;
    readonly role: "user" | "assistant";
    readonly content: Content;
  }[];
  /** From 1; counts how often this turn was begun. */
  readonly attempt: number;
  /** After `requestApproval`: what was decided. */
  readonly resume?: ScriptDecision & { readonly all: readonly ScriptDecision[] };
  /** What `saveCheckpoint` kept last. */
  readonly checkpoint?: JsonValue;
}

export interface ScriptDecision {
  readonly approvalId: string;
  readonly decision: "approve" | "edit" | "reject" | "expired";
  readonly input?: JsonValue;
  readonly note?: string;
}

/** What it answers with. All that returns a promise resolves when the turn has taken it. */
export interface ScriptContext {
  readonly identity: TurnIdentity;
  readonly executionId: string;
  readonly tags: Readonly<Record<string, JsonValue>>;
  readonly deadline?: number;
  /** Fires when the turn is stopped; there is a second left then. */
  readonly signal: AbortSignal;
  /** Engines and tools that the product gives. */
  readonly engines: Readonly<Record<string, Engine>>;
  readonly tools: ToolRegistry;
  /** Says a piece of the answer. */
  readonly text: (delta: string) => Promise<void>;
  readonly emit: (event: TurnEvent) => Promise<void>;
  /** Keeps a value, and all that was said before, beyond a crash. */
  readonly saveCheckpoint: (value: JsonValue) => Promise<void>;
  /** Asks a person: return what it returns. The default export is called afresh with `turn.resume`. */
  readonly requestApproval: (request: {
    readonly toolName: string;
    readonly input: JsonValue;
    readonly reason?: string;
    readonly expiresInMs?: number;
  }) => Promise<undefined>;
  /** Says a session's run as parts of the answer: its text, its reasoning and its tools. */
  readonly forward: (handle: RunHandle) => Promise<Turn>;
}

/** A script agent's default export. A text that it returns is the answer where none was streamed. */
export type ScriptAnswer = (turn: ScriptTurn, ctx: ScriptContext) => unknown;
