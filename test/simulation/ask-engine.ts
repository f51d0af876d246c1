import { isTurnError, type TurnErrorCode } from "../../src/index.ts";
import type { ExecutionSnapshot } from "../../src/substrate/index.ts";
import { isEndedState } from "./ledger.ts";
import type { SimWorker } from "./sim-worker.ts";
import type { World } from "./world.ts";

/** Something that a client asks of an engine, and how its answer is judged. */
export interface Asked<T> {
  readonly call: () => Promise<T>;
  readonly answered: (value: T) => void;
  /** Whether the engine may say this; a store's trouble and a stopped engine are known everywhere. */
  readonly refused: (code: TurnErrorCode) => boolean;
  /** Whether it may be asked of an engine that has stopped. */
  readonly looks?: boolean;
}

/** Asks, and judges what comes back, whenever that is. */
export function ask<T>(
  world: World,
  worker: SimWorker,
  what: string,
  { call, answered, refused, looks = false }: Asked<T>,
): void {
  const since = worker.stopping;
  world.trace?.(`  a client of ${worker.name}: ${what}`);
  call().then(
    (value) => {
      if (worker.crashed) return;
      world.trace?.(`    answered: ${what}`);
      if (worker.stopping === "stopped" && since === "stopped" && !looks) {
        world.violate("stop", `${worker.name} did ${what} after it had stopped`);
      }
      answered(value);
    },
    (error: unknown) => {
      if (worker.crashed) return;
      world.trace?.(`    refused: ${what}: ${String(error)}`);
      if (!isTurnError(error)) return world.violate("T2", `${what} threw ${String((error as Error)?.stack ?? error)}`);
      if (error.code === "store-failed" || error.code === "store-busy") return;
      if (error.code === "closed" && worker.stopping !== "no") return;
      if (!refused(error.code)) world.violate("errors", `${what} was refused: ${error.code}: ${error.message}`);
    },
  );
}

/** A snapshot was true at some moment: what it says of an end must be the end. */
export function checkSnapshot(world: World, { executionId, state, finalText }: ExecutionSnapshot): void {
  if (!isEndedState(state)) return;
  const run = world.ledger.get(executionId);
  const outcome = run?.documents.get("outcome") as { finalText?: string } | undefined;
  if (run?.row.state !== state || outcome?.finalText !== finalText) {
    world.violate("S7", `${executionId} was said to be ${state} (${finalText}); it is ${run?.row.state}`);
  }
}
