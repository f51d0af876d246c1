import type { TurnEvent } from "turnwire/client";

// What a turn's events say, without any page: what to show of it is read from here.

/** An event with the time at which it was said, as far as that is known. */
export interface SeenEvent {
  readonly event: TurnEvent;
  readonly at: number;
  /** Taken back: a crash came after it, and the answer went on from an earlier place. */
  dropped: boolean;
}

export type Block =
  | { readonly kind: "text"; text: string }
  | { readonly kind: "tool"; readonly callId: string; tool: string; state: ToolView }
  | ApprovalBlock;

export interface ToolView {
  readonly status: string;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly error?: string;
}

export interface ApprovalBlock {
  readonly kind: "approval";
  readonly approvalId: string;
  readonly toolName: string;
  readonly input: unknown;
  readonly reason: string | undefined;
  /** `pending`, or what was decided. */
  decision: string;
}

export type TurnPhase =
  "queued" | "running" | "waiting" | "stopping" | "settling" | "completed" | "failed" | "cancelled";

const PHASES: Readonly<Record<string, TurnPhase>> = {
  queued: "queued",
  claimed: "running",
  running: "running",
  resuming: "running",
  waiting_for_approval: "waiting",
  cancelling: "stopping",
  settling: "settling",
};

const TERMINALS: Readonly<Record<string, TurnPhase>> = {
  "session.run.completed": "completed",
  "session.run.failed": "failed",
  "session.run.cancelled": "cancelled",
};

/** Everything that one turn has said so far. */
export class TurnRecord {
  readonly seen: SeenEvent[] = [];
  question: string | undefined;
  agent: string | undefined;
  phase: TurnPhase = "queued";
  attempt = 1;
  failure: { readonly message: string; readonly code: string | undefined } | undefined;
  #blocks: Block[] = [];

  get blocks(): readonly Block[] {
    return this.#blocks;
  }

  get ended(): boolean {
    return this.phase === "completed" || this.phase === "failed" || this.phase === "cancelled";
  }

  /** The answer's text. */
  get text(): string {
    return this.#blocks.map((block) => (block.kind === "text" ? block.text : "")).join("");
  }

  get pendingApproval(): ApprovalBlock | undefined {
    const pending = this.#blocks.find((block) => block.kind === "approval" && block.decision === "pending");
    return pending?.kind === "approval" ? pending : undefined;
  }

  add(event: TurnEvent, at: number): void {
    this.seen.push({ event, at, dropped: false });
    if (event.type === "run.restarted") this.#restart(event);
    else this.#apply(event);
  }

  #restart({ id, data }: TurnEvent): void {
    this.attempt = numberOf(data?.["attempt"], this.attempt + 1);
    const keep = numberOf(data?.["keep"], 1);
    const until = numberOf(id, Infinity);
    for (const one of this.seen) {
      const at = numberOf(one.event.id, 0);
      if (at > keep && at < until && isProducers(one.event)) one.dropped = true;
    }
    this.#blocks = [];
    for (const one of this.seen) if (!one.dropped && isProducers(one.event)) this.#apply(one.event);
  }

  #apply({ type, data = {} }: TurnEvent): void {
    const terminal = TERMINALS[type];
    if (terminal !== undefined) this.phase = terminal;
    switch (type) {
      case "playground.question":
        this.question = String(data["text"]);
        return;
      case "run.created":
        this.agent = String(data["agent"]);
        return;
      case "run.state.changed":
        this.phase = PHASES[String(data["state"])] ?? this.phase;
        return;
      case "message.part.updated":
        this.#applyPart(data);
        return;
      case "approval.requested":
        this.#blocks.push({
          kind: "approval",
          approvalId: String(data["approvalId"]),
          toolName: String(data["toolName"]),
          input: data["input"],
          reason: typeof data["reason"] === "string" ? data["reason"] : undefined,
          decision: "pending",
        });
        return;
      case "approval.resolved":
        for (const block of this.#blocks) {
          if (block.kind === "approval" && block.approvalId === data["approvalId"]) {
            block.decision = String(data["decision"]);
          }
        }
        return;
      case "error":
      case "session.run.failed":
        this.failure = {
          message: String(data["message"]),
          code: typeof data["code"] === "string" ? data["code"] : this.failure?.code,
        };
    }
  }

  #applyPart(data: Readonly<Record<string, unknown>>): void {
    const part = data["part"] as { type?: unknown; callID?: unknown; tool?: unknown; state?: ToolView } | undefined;
    if (part?.type === "text" && typeof data["delta"] === "string") {
      const last = this.#blocks.at(-1);
      if (last?.kind === "text") last.text += data["delta"];
      else this.#blocks.push({ kind: "text", text: data["delta"] });
    } else if (part?.type === "tool" && part.state !== undefined) {
      const callId = String(part.callID);
      const known = this.#blocks.find((block) => block.kind === "tool" && block.callId === callId);
      if (known?.kind === "tool") known.state = part.state;
      else this.#blocks.push({ kind: "tool", callId, tool: String(part.tool), state: part.state });
    }
  }
}

/** Whether the agent said it, or a person answered it: what a restart may take back. */
function isProducers({ type }: TurnEvent): boolean {
  return !type.startsWith("run.") && !type.startsWith("session.run.");
}

function numberOf(value: unknown, otherwise: number): number {
  const number = typeof value === "string" || typeof value === "number" ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : otherwise;
}
