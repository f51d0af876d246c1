import type { TurnErrorCode } from "../../errors.ts";

/*
 * A VM as its owner sees it, wherever it runs. The owner hands over one command after the other; a reply holds all that
 * the VM wants of the host, in order, and comes when the VM's stack has unwound and its jobs are done. In a child process
 * and inline alike, so that the order of what happens is the same.
 */
export interface Vm {
  /** Evaluates a script in a new context of that number. */
  open(context: number, script: ScriptSource, isWanted: () => boolean): VmAnswer;
  /** Where commands wait, `isWanted` is asked at the last moment; a command that nobody wants is not begun. */
  enter(
    context: number,
    operation: number,
    first: number,
    second: number,
    text: string | undefined,
    isWanted: () => boolean,
  ): VmAnswer;
  close(context: number): void;
  /** Ends it at once, whatever it is doing. */
  dispose(): void | Promise<void>;
  /** Resolves when it ended by itself; absent where that cannot happen unnoticed. */
  readonly lost?: Promise<VmStop>;
}

export type VmAnswer = VmReply | Promise<VmReply>;

export interface VmReply {
  readonly messages: readonly string[];
  /** The context was closed, because the script went over a limit or the VM failed. */
  readonly stopped?: VmStop;
  /** The context or its VM was gone before this command was begun: nothing of it happened, and another can take it. */
  readonly unbegun?: true;
}

export interface VmStop {
  readonly code: Extract<TurnErrorCode, "script-timeout" | "script-limit" | "vm-lost">;
  readonly message: string;
  /** Not the context alone: the VM with everything in it. */
  readonly wholeVm: boolean;
}

export interface ScriptSource {
  readonly fileName: string;
  readonly source: string;
  readonly modules: readonly (readonly [name: string, source: string])[];
  /** Names of the global functions that call the host. */
  readonly hosts: readonly string[];
}

/** The limits that hold inside a VM. */
export interface VmLimits {
  readonly sliceMs: number;
  readonly memoryBytes: number;
  readonly stackBytes: number;
  readonly messageBytes: number;
  readonly maxPendingCalls: number;
  /** How much longer than its slice a child process may take to answer before it is killed. */
  readonly killGraceMs: number;
}
