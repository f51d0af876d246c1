export { isOwnerError, OwnerError } from "./owner/owner-error.ts";
export type { OwnerErrorCode } from "./owner/owner-error.ts";
export type { OperationStats, Percentiles } from "./owner/owner-stats.ts";
export type { JobContext, JobFunction, JobToken } from "./owner/job.ts";
export type {
  CallOptions,
  JobReport,
  OwnerState,
  OwnerStats,
  RuntimeOwner,
  RuntimeOwnerOptions,
} from "./owner/owner-contract.ts";
export { createRuntimeOwner } from "./owner/runtime-owner.ts";
export type { HostCallContext, HostFunction } from "./host-function.ts";
export type { ScriptLimits } from "./limits.ts";
export { loadScript } from "./load-script.ts";
export type { LoadedScript, LoadScriptOptions } from "./load-script.ts";
export type { ScriptCallOptions } from "./pending-call.ts";
export type { ProductHost } from "./product-host.ts";
export { scriptAgent } from "./script-agent.ts";
export type { ScriptAgentOptions } from "./script-agent.ts";
export { isScriptFunction } from "./script-function.ts";
export type { ScriptFunction } from "./script-function.ts";
export { createScriptRuntime } from "./script-runtime.ts";
export type {
  ConsoleEntry,
  OpenScriptOptions,
  ScriptRuntime,
  ScriptRuntimeOptions,
  ScriptRuntimeStats,
} from "./script-runtime-contract.ts";
export type { Script } from "./script.ts";
export type { ChildEngine, ScriptEngine } from "./vm/script-engine.ts";
export type { Vm, VmAnswer, VmLimits, VmReply, VmStop, ScriptSource } from "./vm/vm.ts";
export { quickjs } from "./vm/quickjs/quickjs.ts";
export type { QuickJsOptions } from "./vm/quickjs/quickjs.ts";
