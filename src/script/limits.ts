import { checkCount, checkDuration, checkObject } from "../internal/check-argument.ts";
import type { VmLimits } from "./vm/vm.ts";

/** What scripts may use. Each limit that is reached is a typed error: `script-timeout` for the times, else `script-limit`. */
export interface ScriptLimits {
  /** Wall time of a whole call, waiting in the queue and for the host included. Default 30,000. */
  readonly timeoutMs?: number;
  /**
   * VM time without a pause: from being entered until nothing is left to do but wait. Time in which the program was kept
   * from its CPU does not count, where the runtime tells. Default 50.
   */
  readonly sliceMs?: number;
  /** All the memory of one VM, reserved as a whole and used as needed. At least 16 MiB, default 32 MiB. */
  readonly memoryBytes?: number;
  /** Stack of scripts. Default and most 32 KiB, some 180 calls deep: more could overflow the host's own stack. */
  readonly stackBytes?: number;
  /** A script's source with the modules that it is given. Default 512 KiB. */
  readonly sourceBytes?: number;
  /** One value that crosses, as JSON: arguments, a result, what a host function is given or answers. Default 1 MiB. */
  readonly messageBytes?: number;
  /** Host calls and timers that one script may have pending. Default 1,000. */
  readonly maxPendingCalls?: number;
  /** Calls into one tenant's VM that have not ended. Default 10,000. */
  readonly maxQueuedCalls?: number;
  /** VMs, one per tenant; with `isolation: 'process'` that many children. Idle ones make room, then calls wait. Default 8. */
  readonly maxVms?: number;
  /** With `isolation: 'process'`: how much longer than `sliceMs` a child may take to answer before it is killed. Default 1,000. */
  readonly killGraceMs?: number;
}

export interface ResolvedLimits extends VmLimits {
  readonly timeoutMs: number;
  readonly sourceBytes: number;
  readonly maxQueuedCalls: number;
  readonly maxVms: number;
}

const MiB = 1024 * 1024;
// What QuickJS as compiled asks for, its own stack and tables included.
const LEAST_MEMORY = 16 * MiB;
const MOST_MEMORY = 1024 * MiB;
const LEAST_STACK = 8 * 1024;
const MOST_STACK = 32 * 1024;

export function resolveLimits(limits: ScriptLimits = {}): ResolvedLimits {
  checkObject("limits", limits);
  const { timeoutMs = 30_000, sliceMs = 50, memoryBytes = 32 * MiB, stackBytes = MOST_STACK } = limits;
  const { sourceBytes = MiB / 2, messageBytes = MiB } = limits;
  const { maxPendingCalls = 1_000, maxQueuedCalls = 10_000, maxVms = 8, killGraceMs = 1_000 } = limits;
  checkDuration("limits.timeoutMs", timeoutMs);
  checkDuration("limits.sliceMs", sliceMs);
  if (!Number.isFinite(sliceMs)) throw new RangeError("limits.sliceMs must be finite");
  checkDuration("limits.killGraceMs", killGraceMs);
  checkBetween("limits.memoryBytes", memoryBytes, LEAST_MEMORY, MOST_MEMORY);
  checkBetween("limits.stackBytes", stackBytes, LEAST_STACK, MOST_STACK);
  const counts = { sourceBytes, messageBytes, maxPendingCalls, maxQueuedCalls, maxVms };
  for (const [name, value] of Object.entries(counts)) checkCount(`limits.${name}`, value, 1);
  return { timeoutMs, sliceMs, memoryBytes, stackBytes, killGraceMs, ...counts };
}

function checkBetween(name: string, value: number, least: number, most: number): void {
  checkCount(name, value, least);
  if (value > most) throw new RangeError(`${name} must be at most ${most}, got ${value}`);
}
