import { TurnError } from "../../src/errors.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import { canonicalJson } from "../../src/internal/canonical-json.ts";
import { conformanceAgent, conformanceHooks } from "../../src/substrate/conformance/index.ts";
import { type ApprovalDecision, type ExecutionSnapshot, isEnded } from "../../src/substrate/execution.ts";
import type { Attachment, ListFilter, OpenRequest, Substrate } from "../../src/substrate/substrate.ts";
import {
  answerOf,
  createRow,
  keyOf,
  lastId,
  type ReferenceApproval,
  type ReferenceDisk,
  type ReferenceRow,
  snapshotOf,
  wake,
} from "./reference-row.ts";

type Reading = { readonly after?: string; readonly signal?: AbortSignal };

/**
 * A substrate that exists only to test the conformance suite: everything in memory, naive, and right. Its mutants
 * override one of the protected methods each. Crashes and other processes are played: an instance that was killed
 * writes no more, and two instances share a disk, which is an object.
 */
export class ReferenceSubstrate implements Substrate {
  readonly envelope: "stored" | "none";
  readonly disk: ReferenceDisk;
  readonly slots: number;
  #running = 0;
  #dead = false;
  /** While frozen it does nothing of its own. */
  #frozen: Promise<void> | undefined;

  constructor(options: { envelope: "stored" | "none"; disk: ReferenceDisk; slots: number }) {
    this.envelope = options.envelope;
    this.disk = options.disk;
    this.slots = options.slots;
  }

  async open(request: OpenRequest): Promise<Attachment> {
    let row = this.disk.rows.get(request.executionId);
    const created = row === undefined;
    if (row === undefined) {
      row = createRow(request, this.disk.rows.size);
      this.disk.rows.set(request.executionId, row);
      const { sessionId, tenantId, turnIndex } = request.identity;
      this.tell(row, "session.run.started", { sessionId, tenantId, turnIndex });
      this.fillSlots();
    } else if (!this.same(row, request)) {
      throw new TurnError("execution-conflict", `Execution ${request.executionId} was opened with something else`);
    }
    return this.attachment(row, created, request);
  }

  async attach(executionId: string, options: Reading = {}): Promise<Attachment> {
    return this.attachment(this.find(executionId), false, options);
  }

  async inspect(executionId: string): Promise<ExecutionSnapshot | undefined> {
    const row = this.disk.rows.get(executionId);
    return row === undefined ? undefined : snapshotOf(row);
  }

  async cancel(executionId: string, options: { readonly reason?: string } = {}): Promise<ExecutionSnapshot> {
    const row = this.find(executionId);
    if (row.state === "running") {
      row.cancelled = options;
      row.state = "cancelling";
      row.stop.abort(options.reason);
    } else if (row.state === "queued" || row.state === "waiting_for_approval") {
      row.cancelled = options;
      this.finish(row);
    }
    return snapshotOf(row);
  }

  async decide(executionId: string, approvalId: string, decision: ApprovalDecision): Promise<ExecutionSnapshot> {
    const row = this.find(executionId);
    const approval = row.approvals.find(({ snapshot }) => snapshot.approvalId === approvalId);
    if (approval === undefined) throw new TurnError("approval-not-found", `There is no approval ${approvalId}`);
    const status = ({ approve: "approved", edit: "edited", reject: "rejected" } as const)[decision.decision];
    if (status === undefined) throw new TypeError(`decision must be approve, edit or reject, got ${decision.decision}`);
    if (this.mayDecide(approval, decision)) {
      approval.decided = decision;
      approval.snapshot = { ...approval.snapshot, status };
      this.resumeWhenDecided(row);
    }
    return snapshotOf(row);
  }

  async list({ sessionId, tenantId, states }: ListFilter): Promise<ExecutionSnapshot[]> {
    return [...this.disk.rows.values()]
      .sort((a, b) => b.seq - a.seq)
      .map(snapshotOf)
      .filter((one) => sessionId === undefined || one.sessionId === sessionId)
      .filter((one) => tenantId === undefined || one.tenantId === tenantId)
      .filter((one) => states === undefined || states.includes(one.state));
  }

  // What fixtures do to it.

  crash(): void {
    this.#dead = true;
    for (const row of this.disk.rows.values()) row.stop.abort("crashed");
  }

  /** Stops doing anything, for as long as the promise is pending. */
  freeze(until: Promise<void>): void {
    this.#frozen = until;
  }

  trim(executionId: string): void {
    const row = this.find(executionId);
    row.trimmed = lastId(row);
    row.log = [];
  }

  /** Looks after an execution whose owner is gone. */
  recover(row: ReferenceRow): void {
    if (isEnded(row.state) || row.state === "queued") return;
    row.epoch++;
    if (row.state === "waiting_for_approval") return this.awaitDecisions(row);
    if (row.state === "running") {
      row.attempt++;
      row.state = "queued";
      this.append(row, { type: "run.restarted", data: { attempt: row.attempt, keep: "1" } });
      return;
    }
    this.finish(row);
  }

  // What the mutants change.

  protected find(executionId: string): ReferenceRow {
    const row = this.disk.rows.get(executionId);
    if (row === undefined) throw new TurnError("execution-not-found", `There is no execution ${executionId}`);
    return row;
  }

  protected same(row: ReferenceRow, request: OpenRequest): boolean {
    return row.key === keyOf(request);
  }

  /** Whether an owner may no longer write. */
  protected lost(row: ReferenceRow, epoch: number): boolean {
    return this.#dead || row.epoch !== epoch;
  }

  protected append(row: ReferenceRow, event: TurnEvent): void {
    row.log.push({ ...event, id: this.nextId(row) });
    wake(row);
  }

  protected nextId(row: ReferenceRow): string {
    return String(lastId(row) + 1);
  }

  /** Waits until more may be appended. */
  protected room(_row: ReferenceRow): Promise<void> | undefined {
    return undefined;
  }

  /** Whether an agent's event may pass. */
  protected passes(event: TurnEvent): boolean {
    return this.envelope === "none" || !event.type.startsWith("session.run.");
  }

  /** The cursor as a number, when it can be served. */
  protected place(row: ReferenceRow, after: string | undefined): number {
    if (after !== undefined && !/^(0|[1-9]\d{0,14})$/.test(after)) {
      throw new TurnError("invalid-request", `after must be an event's id, got ${JSON.stringify(after)}`);
    }
    const place = Number(after ?? "0");
    if (place < row.trimmed) throw new TurnError("cursor-gap", `Events up to ${row.trimmed} were trimmed`);
    if (place > lastId(row)) throw new TurnError("cursor-ahead", `The last event is ${lastId(row)}`);
    return place;
  }

  protected attachment(row: ReferenceRow, created: boolean, { after, signal }: Reading): Attachment {
    const events = this.read(row, this.place(row, after), signal);
    return { executionId: row.request.executionId, created, events };
  }

  protected async *read(row: ReferenceRow, place: number, signal?: AbortSignal): AsyncGenerator<TurnEvent, void, void> {
    const gone = new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
    let next = place;
    while (signal?.aborted !== true && !this.#dead) {
      const event = row.log[next - row.trimmed];
      if (event !== undefined) {
        next++;
        yield event;
      } else if (isEnded(row.state)) return;
      else await Promise.race([row.changed.promise, gone]);
    }
  }

  /** Whether a decision is new; refuses one that differs from what was decided. */
  protected mayDecide({ decided }: ReferenceApproval, decision: ApprovalDecision): boolean {
    if (decided === undefined) return true;
    if (decided.decision === "expired") throw new TurnError("approval-expired", "Nobody decided in time");
    if (canonicalJson({ ...decided }) === canonicalJson({ ...decision })) return false;
    throw new TurnError("approval-decided", `It was decided already: ${decided.decision}`);
  }

  /** Ends an execution, once. */
  protected finish(row: ReferenceRow): void {
    row.state = row.cancelled !== undefined ? "cancelled" : row.failure !== undefined ? "failed" : "completed";
    row.epoch++;
    if (row.failure !== undefined) this.tell(row, "error", row.failure);
    this.tell(row, `session.run.${row.state}`, {
      sessionId: row.request.identity.sessionId,
      ...row.cancelled,
      ...row.failure,
    });
    wake(row);
  }

  fillSlots(): void {
    const queue = [...this.disk.rows.values()].filter(({ state }) => state === "queued");
    for (const row of queue) if (this.#running < this.slots && !this.#dead) void this.#own(row);
  }

  // The life of an execution.

  async #own(row: ReferenceRow): Promise<void> {
    this.#running++;
    const epoch = ++row.epoch;
    row.state = "running";
    row.stop = new AbortController();
    await this.#produce(row, epoch);
    this.#running--;
    this.fillSlots();
  }

  async #produce(row: ReferenceRow, epoch: number): Promise<void> {
    const { signal } = row.stop;
    const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    const { executionId, input } = row.request;
    const all = row.approvals.flatMap(({ decided }) => decided ?? []);
    for (const approval of row.approvals) approval.consumed = true;
    const resume = all.length === 0 ? {} : { resume: { all } };
    const agent = conformanceAgent({ executionId, input, signal, attempt: row.attempt, ...resume });
    try {
      while (true) {
        const next = await Promise.race([agent.next(), stopped]);
        await this.#frozen;
        if (this.lost(row, epoch)) return;
        if (next === undefined || next.done === true || signal.aborted) break;
        if (next.value.type === "approval.requested") this.#ask(row, next.value);
        else if (this.passes(next.value)) this.append(row, next.value);
        await this.room(row);
      }
    } catch (error) {
      if (this.lost(row, epoch)) return;
      if (!signal.aborted) row.failure = { message: error instanceof Error ? error.message : String(error) };
    }
    if (row.approvals.some(({ consumed }) => !consumed) && row.cancelled === undefined) {
      row.state = "waiting_for_approval";
      this.awaitDecisions(row);
    } else await this.#settle(row, epoch);
  }

  async #settle(row: ReferenceRow, epoch: number): Promise<void> {
    row.finalText = answerOf(row);
    if (row.failure === undefined && row.cancelled === undefined) {
      row.state = "settling";
      await conformanceHooks.persistAssistantMessage({
        executionId: row.request.executionId,
        finalText: row.finalText,
      });
    }
    if (!this.lost(row, epoch)) this.finish(row);
  }

  #ask(row: ReferenceRow, event: TurnEvent): void {
    const { expiresInMs, ...question } = event.data as { toolName: string; input: null; expiresInMs?: number };
    const approvalId = `${row.request.executionId}#${row.approvals.length + 1}`;
    const expiresAt = expiresInMs === undefined ? {} : { expiresAt: Date.now() + expiresInMs };
    row.approvals.push({ snapshot: { approvalId, ...question, ...expiresAt, status: "pending" }, consumed: false });
    this.append(row, { ...event, data: { ...event.data, approvalId } });
  }

  private awaitDecisions(row: ReferenceRow): void {
    for (const approval of row.approvals) {
      const { expiresAt } = approval.snapshot;
      if (expiresAt !== undefined) setTimeout(() => this.#expire(row, approval), expiresAt - Date.now());
    }
    this.resumeWhenDecided(row);
  }

  #expire(row: ReferenceRow, approval: ReferenceApproval): void {
    if (approval.decided !== undefined || isEnded(row.state)) return;
    approval.decided = { decision: "expired" };
    approval.snapshot = { ...approval.snapshot, status: "expired" };
    this.resumeWhenDecided(row);
  }

  protected resumeWhenDecided(row: ReferenceRow): void {
    if (row.state !== "waiting_for_approval" || row.approvals.some(({ decided }) => decided === undefined)) return;
    row.state = "queued";
    this.fillSlots();
  }

  /** An event of the envelope, where this log has one. */
  protected tell(row: ReferenceRow, type: string, data: Readonly<Record<string, unknown>>): void {
    const { executionId } = row.request;
    if (this.envelope === "stored" || type === "error") this.append(row, { type, data: { ...data, executionId } });
  }
}
