import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { Guarantee } from "../../src/substrate/conformance/index.ts";
import { type ApprovalDecision, type ExecutionSnapshot, isEnded } from "../../src/substrate/execution.ts";
import type { Attachment, OpenRequest } from "../../src/substrate/substrate.ts";
import type { ReferenceClass } from "./reference-fixture.ts";
import { lastId, type ReferenceApproval, type ReferenceRow, snapshotOf, wake } from "./reference-row.ts";
import { ReferenceSubstrate } from "./reference-substrate.ts";
import { SlowReadersBlockOthers, SlowReadersBlockTheExecution } from "./slow-reader-mutants.ts";

type Reading = { readonly after?: string; readonly signal?: AbortSignal };

class StartsTwice extends ReferenceSubstrate {
  /** Looks first and inserts later, as one does without a transaction. */
  override async open(request: OpenRequest): Promise<Attachment> {
    const known = this.disk.rows.has(request.executionId);
    await Promise.resolve();
    if (!known) this.disk.rows.delete(request.executionId);
    return super.open(request);
  }
}

class IsAlwaysCreated extends ReferenceSubstrate {
  protected override attachment(row: ReferenceRow, created: boolean, reading: Reading): Attachment {
    return { ...super.attachment(row, created, reading), created: true };
  }
}

class MissesConflicts extends ReferenceSubstrate {
  protected override same(): boolean {
    return true;
  }
}

class MindsTheKeyOrder extends ReferenceSubstrate {
  protected override same(row: ReferenceRow, request: OpenRequest): boolean {
    return JSON.stringify(row.request.input) === JSON.stringify(request.input) && super.same(row, request);
  }
}

class StopsOnDetach extends ReferenceSubstrate {
  protected override attachment(row: ReferenceRow, created: boolean, reading: Reading): Attachment {
    reading.signal?.addEventListener("abort", () => row.stop.abort());
    return super.attachment(row, created, reading);
  }
}

class RepeatsAtTheSeam extends ReferenceSubstrate {
  protected override async *read(
    row: ReferenceRow,
    place: number,
    signal?: AbortSignal,
  ): AsyncGenerator<TurnEvent, void, void> {
    const seam = isEnded(row.state) ? undefined : row.log.at(-1)?.id;
    for await (const event of super.read(row, place, signal)) {
      yield event;
      if (event.id === seam) yield event;
    }
  }
}

class LosesAtTheSeam extends ReferenceSubstrate {
  protected override async *read(
    row: ReferenceRow,
    place: number,
    signal?: AbortSignal,
  ): AsyncGenerator<TurnEvent, void, void> {
    const seam = place === 0 || isEnded(row.state) ? undefined : String(lastId(row) + 1);
    for await (const event of super.read(row, place, signal)) if (event.id !== seam) yield event;
  }
}

class HasHoles extends ReferenceSubstrate {
  protected override nextId(row: ReferenceRow): string {
    return String(lastId(row) + (lastId(row) === 3 ? 2 : 1));
  }
}

class ReplaysFromTheCursor extends ReferenceSubstrate {
  protected override place(row: ReferenceRow, after: string | undefined): number {
    return Math.max(0, super.place(row, after) - 1);
  }
}

class StoresHeartbeats extends ReferenceSubstrate {
  protected override passes(event: TurnEvent): boolean {
    return event.type === "session.run.heartbeat" || super.passes(event);
  }
}

class DeliversBeforeStoring extends ReferenceSubstrate {
  readonly #flushed = new Map<ReferenceRow, number>();

  protected override append(row: ReferenceRow, event: TurnEvent): void {
    super.append(row, event);
    const length = row.log.length;
    setTimeout(() => this.#flushed.set(row, length), 20);
  }

  override crash(): void {
    super.crash();
    for (const row of this.disk.rows.values()) row.log.length = this.#flushed.get(row) ?? 0;
  }
}

class SwallowsGaps extends ReferenceSubstrate {
  protected override place(row: ReferenceRow, after: string | undefined): number {
    return super.place(row, String(Math.max(row.trimmed, Number(after ?? "0"))));
  }
}

class SwallowsAhead extends ReferenceSubstrate {
  protected override place(row: ReferenceRow, after: string | undefined): number {
    return super.place(row, Number(after ?? "0") > lastId(row) ? String(lastId(row)) : after);
  }
}

class ReadsAnyCursor extends ReferenceSubstrate {
  protected override place(row: ReferenceRow, after: string | undefined): number {
    return super.place(row, String(Number.parseInt(after ?? "0") || 0));
  }
}

class ForgetsWhatEnded extends ReferenceSubstrate {
  protected override async *read(
    row: ReferenceRow,
    place: number,
    signal?: AbortSignal,
  ): AsyncGenerator<TurnEvent, void, void> {
    if (!isEnded(row.state)) yield* super.read(row, place, signal);
  }
}

class TrimsTheRow extends ReferenceSubstrate {
  override trim(executionId: string): void {
    this.disk.rows.delete(executionId);
  }
}

class StopsWhenAReaderLeaves extends ReferenceSubstrate {
  protected override async *read(
    row: ReferenceRow,
    place: number,
    signal?: AbortSignal,
  ): AsyncGenerator<TurnEvent, void, void> {
    try {
      yield* super.read(row, place, signal);
    } finally {
      row.stop.abort();
    }
  }
}

class CancelsNothing extends ReferenceSubstrate {
  override async cancel(executionId: string): Promise<ExecutionSnapshot> {
    return snapshotOf(this.find(executionId));
  }
}

class CancelsOnlyWhatRuns extends ReferenceSubstrate {
  override async cancel(executionId: string, options?: { readonly reason?: string }): Promise<ExecutionSnapshot> {
    const row = this.find(executionId);
    return row.state === "running" ? super.cancel(executionId, options) : snapshotOf(row);
  }
}

class CancelsWhatEnded extends ReferenceSubstrate {
  override async cancel(executionId: string, options?: { readonly reason?: string }): Promise<ExecutionSnapshot> {
    await super.cancel(executionId, options);
    const row = this.find(executionId);
    if (isEnded(row.state)) row.state = "cancelled";
    return snapshotOf(row);
  }
}

class CancelsWhatSettles extends ReferenceSubstrate {
  override async cancel(executionId: string, options: { readonly reason?: string } = {}): Promise<ExecutionSnapshot> {
    const row = this.find(executionId);
    if (row.state === "settling") row.cancelled = options;
    return super.cancel(executionId, options);
  }
}

class WaitsForDeafAgents extends ReferenceSubstrate {
  override async cancel(executionId: string, options: { readonly reason?: string } = {}): Promise<ExecutionSnapshot> {
    const row = this.find(executionId);
    const deaf = JSON.stringify(row.request.input).includes('"deaf":true');
    return row.state === "running" && deaf
      ? { ...snapshotOf(row), state: "cancelling" }
      : super.cancel(executionId, options);
  }
}

class ForgetsStopsInACrash extends ReferenceSubstrate {
  #crashed = false;

  override async cancel(executionId: string, options?: { readonly reason?: string }): Promise<ExecutionSnapshot> {
    const row = this.find(executionId);
    if (row.state !== "running") return super.cancel(executionId, options);
    setTimeout(() => this.#crashed || void super.cancel(executionId, options), 10);
    return { ...snapshotOf(row), state: "cancelling" };
  }

  override crash(): void {
    super.crash();
    this.#crashed = true;
  }
}

class EndsTwice extends ReferenceSubstrate {
  protected override finish(row: ReferenceRow): void {
    super.finish(row);
    this.tell(row, "session.run.completed", {});
    wake(row);
  }
}

class HasNoBeginning extends ReferenceSubstrate {
  protected override tell(row: ReferenceRow, type: string, data: Readonly<Record<string, unknown>>): void {
    if (type !== "session.run.started") super.tell(row, type, data);
  }
}

class LetsAgentsForgeTheEnd extends ReferenceSubstrate {
  protected override passes(): boolean {
    return true;
  }
}

class StaleOwnersWrite extends ReferenceSubstrate {
  protected override lost(row: ReferenceRow): boolean {
    return isEnded(row.state);
  }
}

class RecoversNothing extends ReferenceSubstrate {
  override recover(): void {}
}

class DecidesTwice extends ReferenceSubstrate {
  protected override mayDecide(): boolean {
    return true;
  }
}

class RefusesTheSameDecision extends ReferenceSubstrate {
  protected override mayDecide(approval: ReferenceApproval, decision: ApprovalDecision): boolean {
    return super.mayDecide(
      approval,
      approval.decided === undefined ? decision : { decision: "approve", note: "never" },
    );
  }
}

class ResumesAtTheFirstDecision extends ReferenceSubstrate {
  protected override resumeWhenDecided(row: ReferenceRow): void {
    if (row.state !== "waiting_for_approval" || row.approvals.every(({ decided }) => decided === undefined)) return;
    row.state = "queued";
    this.fillSlots();
  }
}

class AttachCreates extends ReferenceSubstrate {
  override async attach(executionId: string, options: Reading = {}): Promise<Attachment> {
    if (this.disk.rows.has(executionId)) return super.attach(executionId, options);
    return { executionId, created: false, events: (async function* () {})() };
  }
}

class ListsEverything extends ReferenceSubstrate {
  override async list(): Promise<ExecutionSnapshot[]> {
    return super.list({});
  }
}

/** A reference with one fault, and the guarantee that it thereby breaks. */
export interface Mutant {
  readonly breaks: Guarantee;
  readonly Class: ReferenceClass;
}

export const mutants: readonly Mutant[] = [
  { breaks: "S1", Class: StartsTwice },
  { breaks: "S1", Class: IsAlwaysCreated },
  { breaks: "S1", Class: MissesConflicts },
  { breaks: "S1", Class: MindsTheKeyOrder },
  { breaks: "S1", Class: StopsOnDetach },
  { breaks: "S2", Class: RepeatsAtTheSeam },
  { breaks: "S2", Class: LosesAtTheSeam },
  { breaks: "S2", Class: HasHoles },
  { breaks: "S2", Class: ReplaysFromTheCursor },
  { breaks: "S2", Class: StoresHeartbeats },
  { breaks: "S3", Class: DeliversBeforeStoring },
  { breaks: "S4", Class: SwallowsGaps },
  { breaks: "S4", Class: SwallowsAhead },
  { breaks: "S4", Class: ReadsAnyCursor },
  { breaks: "S5", Class: ForgetsWhatEnded },
  { breaks: "S5", Class: TrimsTheRow },
  { breaks: "S6", Class: SlowReadersBlockOthers },
  { breaks: "S6", Class: SlowReadersBlockTheExecution },
  { breaks: "S6", Class: StopsWhenAReaderLeaves },
  { breaks: "S7", Class: CancelsNothing },
  { breaks: "S7", Class: CancelsOnlyWhatRuns },
  { breaks: "S7", Class: CancelsWhatEnded },
  { breaks: "S7", Class: CancelsWhatSettles },
  { breaks: "S7", Class: WaitsForDeafAgents },
  { breaks: "S7", Class: ForgetsStopsInACrash },
  { breaks: "S8", Class: EndsTwice },
  { breaks: "S8", Class: HasNoBeginning },
  { breaks: "S8", Class: LetsAgentsForgeTheEnd },
  { breaks: "S9", Class: StaleOwnersWrite },
  { breaks: "R5", Class: RecoversNothing },
  { breaks: "R7", Class: DecidesTwice },
  { breaks: "R7", Class: RefusesTheSameDecision },
  { breaks: "R7", Class: ResumesAtTheFirstDecision },
  { breaks: "port", Class: AttachCreates },
  { breaks: "port", Class: ListsEverything },
];
