import type { Clock } from "../internal/clock.ts";
import type { HostFunction } from "./host-function.ts";
import type { PendingCall, ScriptCallOptions } from "./pending-call.ts";
import type { Vm, VmStop } from "./vm/vm.ts";

/** What a script's context needs of the runtime around it. */
export interface ContextHost {
  readonly clock: Clock;
  readonly messageBytes: number;
  readonly hosts: Readonly<Record<string, HostFunction>>;
  readonly number: number;
  /** Runs a job in the owner's turn; `refused` hears when it never will. */
  run(
    operation: string,
    job: (vm: Vm) => void,
    refused: (error: unknown) => void,
    labels?: Readonly<Record<string, string>>,
  ): void;
  /** The whole VM is gone, not this context alone. */
  lostVm(stop: VmStop, vm: Vm): void;
  /** This context is dead. */
  contextClosed(): void;
  console(level: string, text: string): void;
  newCall(operation: string, options: ScriptCallOptions, settled: (call: PendingCall) => void): PendingCall;
}
