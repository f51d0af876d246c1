import * as z from "zod/mini";
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

const notBlank = z.regex(/\S/, "Must not be blank");
const name = z.string().check(z.maxLength(200), notBlank);
const count = z.int().check(z.gte(0));
const cursor = z.string().check(z.maxLength(200));
const note = z.optional(z.string().check(z.maxLength(10_000)));
const json = z.json() as z.ZodMiniType<JsonValue>;

/** What a user may say, unless the product has its own schema. */
export const userMessage: z.ZodMiniType<TurnInput["message"]> = z.union(
  [
    z.string().check(z.minLength(1)),
    z.array(z.catchall(z.object({ type: z.string().check(z.minLength(1)) }), json)).check(z.minLength(1)),
  ],
  "Expected a text, or a list of parts with a type",
);

/** The body of `POST /turns` with the product's own kind of message. */
export function startTurnBodyWith(message: z.core.$ZodType<TurnInput["message"]>): z.ZodMiniType<StartTurnBody> {
  return z.strictObject({
    sessionId: name,
    turnIndex: count,
    message,
    attempt: z.optional(count),
    agent: z.optional(name),
    data: z.optional(json),
    after: z.optional(cursor),
  });
}

export const startTurnBody: z.ZodMiniType<StartTurnBody> = startTurnBodyWith(userMessage);

/** `POST /turns/:executionId/cancel`; may be left out. */
export const cancelTurnBody: z.ZodMiniType<{ readonly reason?: string | undefined }> = z.strictObject({
  reason: z.optional(z.string().check(z.maxLength(1000), notBlank)),
});

/** `POST /turns/:executionId/approvals/:approvalId`. */
export const decideApprovalBody: z.ZodMiniType<Decided> = z.discriminatedUnion("decision", [
  z.strictObject({ decision: z.literal("approve"), note }),
  z.strictObject({ decision: z.literal("edit"), input: json, note }),
  z.strictObject({ decision: z.literal("reject"), note }),
]);

/** What {@link decideApprovalBody} reads. */
export type Decided = {
  readonly [Key in keyof ApprovalDecision]: ApprovalDecision[Key] | (Key extends "decision" ? never : undefined);
};

/** `GET /turns/:executionId/events`. */
export const attachQuery: z.ZodMiniType<{ readonly after?: string | undefined }> = z.object({
  after: z.optional(cursor),
});

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
export const sessionTurnsQuery: z.ZodMiniType<{ readonly state: readonly ExecutionState[] }> = z.object({
  state: z.array(z.enum(STATES)),
});

export const executionParams: z.ZodMiniType<{ readonly executionId: string }> = z.object({
  executionId: z.string().check(z.minLength(1), z.maxLength(256)),
});

export const approvalParams: z.ZodMiniType<{ readonly executionId: string; readonly approvalId: string }> = z.object({
  executionId: z.string().check(z.minLength(1), z.maxLength(256)),
  approvalId: z.string().check(z.maxLength(512), notBlank),
});

export const sessionParams: z.ZodMiniType<{ readonly sessionId: string }> = z.object({ sessionId: name });
