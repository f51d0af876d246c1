import type { Vm, VmLimits } from "./vm.ts";

/** Makes VMs. What it is made of is loaded with the first one. */
export interface ScriptEngine {
  readonly name: string;
  /** A VM in this thread. */
  createVm(limits: VmLimits): Promise<Vm>;
  /** What a child process needs to make the same VM there; absent where the engine cannot run in one. */
  readonly child?: ChildEngine;
}

export interface ChildEngine {
  /** The URL of the program that a child runs. */
  readonly program: string;
  /** What the program needs and must not fetch for itself, because it may not read files: the compiled engine's bytes. */
  payload(): Promise<Uint8Array>;
}
