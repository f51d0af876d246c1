import type { Clock } from "../internal/clock.ts";
import type { HostFunction } from "./host-function.ts";
import type { ScriptLimits } from "./limits.ts";
import type { JobReport, OwnerStats } from "./owner/owner-contract.ts";
import type { ScriptCallOptions } from "./pending-call.ts";
import type { Script } from "./script.ts";
import type { ScriptEngine } from "./vm/script-engine.ts";

export interface ConsoleEntry {
  readonly level: string;
  readonly text: string;
  readonly tenant: string;
  readonly fileName: string;
}

export interface ScriptRuntimeOptions {
  readonly engine: ScriptEngine;
  /**
   * Where VMs run. `inline`: in this thread; works everywhere. `process`: each in a child process (Node, Deno, Bun), which
   * is killed when it does not answer: the only way to stop a builtin that runs on by itself.
   */
  readonly isolation?: "inline" | "process";
  readonly limits?: ScriptLimits;
  /** Functions of the host, as globals of all scripts. */
  readonly host?: Readonly<Record<string, HostFunction>>;
  /** What scripts write to their console. Default: nowhere. */
  readonly console?: (entry: ConsoleEntry) => void;
  /** How the jobs on the VMs ended. */
  readonly observe?: (report: JobReport) => void;
  readonly clock?: Clock;
}

export interface OpenScriptOptions extends ScriptCallOptions {
  /** The text of an ES module. */
  readonly source: string;
  /** What errors of the script call it. Default `script.js`. */
  readonly fileName?: string;
  /** Whose script it is. Scripts of two tenants never meet in one VM. Default: one and the same for all. */
  readonly tenant?: string;
  /** What the script may import, source by exact name. */
  readonly modules?: Readonly<Record<string, string>>;
  /** Host functions of this script beside the runtime's. */
  readonly host?: Readonly<Record<string, HostFunction>>;
}

export interface ScriptRuntimeStats {
  readonly vms: number;
  readonly scripts: number;
  /** Calls that have not settled. */
  readonly calls: number;
  /** The owners, by tenant. */
  readonly owners: Readonly<Record<string, OwnerStats>>;
}

export interface ScriptRuntime {
  /** Evaluates a script. It must be closed. */
  openScript(options: OpenScriptOptions): Promise<Script>;
  /** Accepts nothing more, gives calls that have begun `graceMs` (default 5,000) to end, then ends everything. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
  isClosed(): boolean;
  stats(): ScriptRuntimeStats;
}
