import * as z from "zod";
import type { JsonValue } from "../event/json.ts";
import type { ApprovalDecision, ExecutionState } from "../substrate/execution.ts";
import type { TurnInput } from "../substrate/turn-input.ts";

// One schema per body and parameter set. Fields that are not known are refused, so that a misspelt one is not ignored.

/** `POST /turns`. */
export interface StartTurnBody {
  readonly sessionId: string;
  readonly turnIndex: number;
  readonly message: TurnInput["message"];
  readonly attempt?: number | undefined;
  readonly agent?: string | undefined;
  readonly data?: JsonValue | undefined;
  readonly after?: string | undefined;
}

const name = z.string().max(200).regex(/\S/, "Must not be blank");
const count = z.int().min(0);
const cursor = z.string().max(200);
const note = z.string().max(10_000).optional();
const json = z.json() as z.ZodType<JsonValue>;

/** What a user may say, unless the product has its own schema. */
export const userMessage: z.ZodType<TurnInput["message"]> = z.union(
  [z.string().min(1), z.array(z.object({ type: z.string().min(1) }).catchall(json)).min(1)],
  "Expected a text, or a list of parts with a type",
);

/** The body of `POST /turns` with the product's own kind of message. */
export function startTurnBodyWith(message: z.ZodType<TurnInput["message"]>): z.ZodType<StartTurnBody> {
  return z.strictObject({
    sessionId: name,
    turnIndex: count,
    message,
    attempt: count.optional(),
    agent: name.optional(),
    data: json.optional(),
    after: cursor.optional(),
  });
}

export const startTurnBody: z.ZodType<StartTurnBody> = startTurnBodyWith(userMessage);

/** `POST /turns/:executionId/cancel`; may be left out. */
export const cancelTurnBody: z.ZodType<{ readonly reason?: string | undefined }> = z.strictObject({
  reason: z.string().max(1000).regex(/\S/, "Must not be blank").optional(),
});

/** `POST /turns/:executionId/approvals/:approvalId`. */
export const decideApprovalBody: z.ZodType<Decided> = z.discriminatedUnion("decision", [
  z.strictObject({ decision: z.literal("approve"), note }),
  z.strictObject({ decision: z.literal("edit"), input: json, note }),
  z.strictObject({ decision: z.literal("reject"), note }),
]);

/** What {@link decideApprovalBody} reads. */
export type Decided = {
  readonly [Key in keyof ApprovalDecision]: ApprovalDecision[Key] | (Key extends "decision" ? never : undefined);
};

/** `GET /turns/:executionId/events`. */
export const attachQuery: z.ZodType<{ readonly after?: string | undefined }> = z.object({ after: cursor.optional() });

const STATES = [
  "queued",
  "claimed",
  "running",
  "waiting_for_approval",
  "resuming",
  "cancelling",
  "settling",
  "completed",
  "failed",
  "cancelled",
] as const satisfies readonly ExecutionState[];

/** `GET /sessions/:sessionId/turns`; `state` may be given several times. */
export const sessionTurnsQuery: z.ZodType<{ readonly state: readonly ExecutionState[] }> = z.object({
  state: z.array(z.enum(STATES)),
});

export const executionParams: z.ZodType<{ readonly executionId: string }> = z.object({
  executionId: z.string().min(1).max(256),
});

export const approvalParams: z.ZodType<{ readonly executionId: string; readonly approvalId: string }> = z.object({
  executionId: z.string().min(1).max(256),
  approvalId: z.string().min(1).max(512),
});

export const sessionParams: z.ZodType<{ readonly sessionId: string }> = z.object({ sessionId: name });
