import { isTurnError } from "../../src/index.ts";
import type { ScriptRuntime, ScriptRuntimeOptions } from "../../src/script/index.ts";
import type { AbuseCase } from "./abuse-cases.ts";
import { moduleFor } from "./abuse-cases.ts";
import { testRuntime } from "./script-support.ts";

export const abuseLimits = { sliceMs: 100, timeoutMs: 2_000, memoryBytes: 16 * 1024 * 1024 };

/** A runtime for cases, with one tenant's decent script in it that has to survive them all. */
export function abuseRuntime(options: Partial<ScriptRuntimeOptions> = {}): ScriptRuntime {
  return testRuntime({ ...options, limits: { ...abuseLimits, ...options.limits } });
}

export interface AbuseReport {
  readonly outcome: { readonly code: string } | { readonly value: unknown };
  readonly ms: number;
}

/** Runs one case; then the same script, and another in the same VM, must answer as if nothing had been. */
export async function runAbuseCase(runtime: ScriptRuntime, abuse: AbuseCase): Promise<AbuseReport> {
  const tenant = "hostile";
  const neighbour = await runtime.openScript({ tenant, source: "export default (n) => n + 1;" });
  const give = ([value]: readonly unknown[]): unknown => value;
  const startedAt = performance.now();
  let outcome: AbuseReport["outcome"];
  let script;
  try {
    script = await runtime.openScript({ tenant, source: moduleFor(abuse) });
    outcome = { value: await script.call("default", [give]) };
  } catch (error) {
    if (!isTurnError(error)) throw error;
    outcome = { code: error.code };
  }
  const ms = performance.now() - startedAt;
  if (script !== undefined && (await script.call("ok")) !== "ok") throw new Error("The script is not usable any more");
  if ((await neighbour.call("default", [1])) !== 2) throw new Error("Another script is not usable any more");
  await script?.close();
  await neighbour.close();
  return { outcome, ms };
}
