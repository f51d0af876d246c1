import type { TurnFailure } from "../event/outcome.ts";
import type { ApprovalSnapshot, ApprovalStatus, ExecutionState } from "../substrate/execution.ts";
import { type InteractionRequest, readCancelledInteraction, readInteraction } from "./interaction.ts";
import { isText, readOutcome, type RemoteOutcome } from "./remote-outcome.ts";
import type { SandboxEvent } from "./sandbox-sdk.ts";
import { combine } from "./tidy-events.ts";

/** A question that the run asked. */
export interface FoldedApproval {
  readonly request: InteractionRequest;
  readonly expiresAt?: number;
  readonly withdrawn: boolean;
}

/** How a run stands, as far as its events have been read. */
export class RunFold {
  /** The last event that was read. */
  cursor = "0";
  ended = false;
  finalText: string | undefined;
  failure: TurnFailure | undefined;
  readonly approvals: Map<string, FoldedApproval> = new Map();
  #outcome: RemoteOutcome = { status: "completed" };

  take(event: SandboxEvent): void {
    const { id, type, data = {} } = event;
    if (id !== undefined) this.cursor = id;
    switch (type) {
      case "interaction": {
        const request = readInteraction(event);
        if (request === undefined) return;
        const expiresAt = readExpiry(request.request);
        const expires = expiresAt === undefined ? {} : { expiresAt };
        this.approvals.set(request.approvalId, { request, withdrawn: false, ...expires });
        return;
      }
      case "interaction.cancel": {
        const asked = this.approvals.get(readCancelledInteraction(event) ?? "");
        if (asked !== undefined) this.approvals.set(asked.request.approvalId, { ...asked, withdrawn: true });
        return;
      }
      case "error":
        this.failure = { message: isText(data["message"]) ? data["message"] : "The sandbox reported an error" };
        return;
      case "result":
        this.#outcome = readOutcome(data);
        if (typeof data["finalText"] === "string") this.finalText = data["finalText"];
        return;
      case "done":
        this.#outcome = combine(this.#outcome, readOutcome(data));
        this.end();
    }
  }

  /** Nothing more will come. */
  end(): void {
    this.ended = true;
    if (this.#outcome.status === "failed") this.failure ??= this.#outcome.failure;
  }

  /** `decided`: what this process knows of its own answers; the events do not tell them. */
  state(decided: (approvalId: string) => boolean): ExecutionState {
    if (!this.ended) {
      const waits = Array.from(this.approvals).some(([id, { withdrawn }]) => !withdrawn && !decided(id));
      return waits ? "waiting_for_approval" : "running";
    }
    if (this.#outcome.status === "cancelled") return "cancelled";
    return this.failure === undefined ? "completed" : "failed";
  }

  snapshots(statusOf: (approvalId: string) => ApprovalStatus | undefined): ApprovalSnapshot[] {
    return Array.from(this.approvals, ([approvalId, { request, withdrawn, expiresAt }]): ApprovalSnapshot => {
      const { toolName, input, reason } = request;
      return {
        approvalId,
        toolName,
        input,
        ...(reason === undefined ? {} : { reason }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
        status: statusOf(approvalId) ?? (withdrawn || this.ended ? "expired" : "pending"),
      };
    });
  }
}

function readExpiry({ expiresAt }: Readonly<Record<string, unknown>>): number | undefined {
  const ms = typeof expiresAt === "number" ? expiresAt : typeof expiresAt === "string" ? Date.parse(expiresAt) : NaN;
  return Number.isFinite(ms) ? ms : undefined;
}
