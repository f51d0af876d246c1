import type { JsonValue } from "../event/json.ts";
import { TurnError } from "../errors.ts";
import type { ApprovalDecision } from "../substrate/execution.ts";
import { isObject, isText } from "./remote-outcome.ts";
import type { SandboxAnswer, SandboxEvent } from "./sandbox-sdk.ts";

/** A question of the sandbox's agent to a person, as an approval is asked for. */
export interface InteractionRequest {
  readonly approvalId: string;
  readonly toolName: string;
  readonly input: JsonValue;
  readonly reason?: string;
  readonly expiresInMs?: number;
  /** As the sandbox sent it. */
  readonly request: Readonly<Record<string, unknown>>;
}

/** What a product makes of a decision for the sandbox; the default fits requests without fields of their own. */
export type AnswerInteraction = (
  request: Readonly<Record<string, unknown>>,
  decision: ApprovalDecision,
) => Omit<SandboxAnswer, "id">;

/** The question in an `interaction` event; undefined for one that nobody could answer, because it has no id. */
export function readInteraction({ data = {} }: SandboxEvent): InteractionRequest | undefined {
  const request = isObject(data["request"]) ? data["request"] : data;
  const { id, ...rest } = request;
  if (!isText(id)) return undefined;
  const { toolName, tool, kind, input, reason, title, expiresInMs } = rest;
  const name = [toolName, tool, kind].find(isText) ?? "interaction";
  const why = [reason, title].find(isText);
  return {
    approvalId: id,
    toolName: name,
    // It came as JSON, or through an SDK that read it as JSON.
    input: (input === undefined ? rest : input) as JsonValue,
    ...(why === undefined ? {} : { reason: why }),
    ...(typeof expiresInMs === "number" && expiresInMs > 0 ? { expiresInMs } : {}),
    request,
  };
}

/** The id of the question that an `interaction.cancel` event takes back. */
export function readCancelledInteraction({ data = {} }: SandboxEvent): string | undefined {
  const request = isObject(data["request"]) ? data["request"] : {};
  return [data["id"], data["interactionId"], request["id"]].find(isText);
}

export function answerInteraction(
  request: Readonly<Record<string, unknown>>,
  decision: ApprovalDecision,
): Omit<SandboxAnswer, "id"> {
  const note = decision.note === undefined ? {} : { note: decision.note };
  switch (decision.decision) {
    case "approve":
      return { outcome: "accepted", data: {}, ...note };
    case "edit": {
      const { input = null } = decision;
      return { outcome: "accepted", data: isObject(input) ? input : { value: input }, ...note };
    }
    case "reject":
      return { outcome: "declined", ...note };
    default:
      throw new TurnError("invalid-request", `A decision on ${String(request["id"])} must approve, edit or reject`);
  }
}
