import type { Inference } from "./assemble-inference.ts";
import { createInference } from "./create-inference.ts";

const core: Inference = createInference();

export const createSession: Inference["createSession"] = core.createSession;
export const createBuilder: Inference["createBuilder"] = core.createBuilder;
export const runInference: Inference["runInference"] = core.runInference;
export const engines: Inference["engines"] = core.engines;
export const tools: Inference["tools"] = core.tools;

export { type Consts, consts } from "./consts.ts";
export type { Inference, InferenceSetup } from "./assemble-inference.ts";
export { createInference } from "./create-inference.ts";
export type { Engine, EngineContext, EngineFunction } from "./engine.ts";
export type { EngineConfig, Engines } from "./engines.ts";
export type {
  EventBase,
  EventListener,
  InferenceEvent,
  InferenceEventOf,
  ToolCallInfo,
  ToolResultInfo,
} from "./inference-event.ts";
export { InferenceError, type InferenceErrorCode } from "./inference-error.ts";
export type { InferenceHost } from "./inference-host.ts";
export type { JsonSchema } from "./json-schema.ts";
export type { Middleware, MiddlewareContext, MiddlewareFunction, NextMiddleware } from "./middleware.ts";
export { type LogEntry, type Middlewares, middlewares } from "./middlewares.ts";
export type { RunContext, RunTags } from "./run-context.ts";
export type { RunHandle } from "./run-handle.ts";
export type { RunOptions } from "./run-options.ts";
export type { Session } from "./session.ts";
export type { SessionBuilder } from "./session-builder.ts";
export type { SessionOptions } from "./session-options.ts";
export type {
  AfterToolCallAnswer,
  AfterToolCallContext,
  BeforeToolCallAnswer,
  HookCall,
  HookContext,
  ToolErrorAnswer,
  ToolErrorContext,
  ToolHooks,
} from "./tool-hooks.ts";
export type { ToolLoopSettings } from "./tool-loop-settings.ts";
export type { ToolContext, ToolDefinition, ToolRegistry, Tools, ToolSpec } from "./tool-registry.ts";
export type { Block, Turn } from "./turn.ts";
export { type Turns, turns } from "./turns.ts";
export { version } from "./version.ts";
