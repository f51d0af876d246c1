import type { ScriptEngine } from "./engine.ts";
import type { Vm, VmLimits } from "./vm.ts";
export function createProcessVm(_engine: ScriptEngine, _limits: VmLimits): Promise<Vm> {
  return Promise.reject(new Error("todo"));
}
