import type { RunTags } from "./run-context.ts";

interface EventPayloads {
  start: object;
  partial: { readonly delta: string; readonly completion: string };
  "partial-thinking": { readonly delta: string; readonly completion: string };
  "tool-call": { readonly toolCall: ToolCallInfo };
  "tool-call-execute": { readonly toolCall: ToolCallInfo; readonly callId: string };
  "tool-result": { readonly toolResult: ToolResultInfo };
  "tool-call-execution-result": { readonly toolResult: ToolResultInfo; readonly callId: string };
  final: { readonly text: string };
  interrupt: { readonly text: string };
  error: { readonly error: string };
}

export interface ToolCallInfo {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

export interface ToolResultInfo {
  readonly id: string;
  readonly result?: unknown;
  readonly error?: string;
}

/** What every event of a run carries. */
export interface EventBase {
  readonly timestampMs: number;
  readonly sessionId: string;
  readonly inferenceId: string;
  readonly turnId: string;
  readonly deadlineMs?: number;
  readonly tags?: RunTags;
}

/**
 * One thing that a run says. `start` is the first; `final`, `interrupt` (cancelled) or `error` is the last, and comes
 * before the run's promise settles.
 */
export type InferenceEvent = {
  [T in keyof EventPayloads]: EventBase & { readonly type: T } & EventPayloads[T];
}[keyof EventPayloads];

export type InferenceEventOf<T extends InferenceEvent["type"] | "*"> = T extends "*"
  ? InferenceEvent
  : Extract<InferenceEvent, { readonly type: T }>;

export type EventPayload<T extends InferenceEvent["type"]> = EventPayloads[T];

/** Is not waited for; what it throws, or rejects with, is reported and changes nothing. */
export type EventListener<T extends InferenceEvent["type"] | "*"> = (event: InferenceEventOf<T>) => unknown;
