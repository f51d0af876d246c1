import type { TurnError, TurnErrorCode } from "../../src/index.ts";
import { isTurnError } from "../../src/index.ts";
import type { OpenScriptOptions, Script, ScriptRuntime, ScriptRuntimeOptions } from "../../src/script/index.ts";
import { createScriptRuntime, isOwnerError } from "../../src/script/index.ts";
import { testEngine } from "./test-engine.ts";

// Tests share two cores with others: what does not measure time gets plenty of it.
const PATIENT = { sliceMs: 5_000, timeoutMs: 20_000 };

export function testRuntime(options: Partial<ScriptRuntimeOptions> = {}): ScriptRuntime {
  return createScriptRuntime({ engine: testEngine(), ...options, limits: { ...PATIENT, ...options.limits } });
}

/** Opens one script in a runtime of its own, and closes both. */
export async function withScript(
  source: string,
  body: (script: Script, runtime: ScriptRuntime) => unknown,
  options: Partial<ScriptRuntimeOptions> & { readonly open?: Partial<OpenScriptOptions> } = {},
): Promise<void> {
  const { open, ...rest } = options;
  const runtime = testRuntime(rest);
  try {
    await body(await runtime.openScript({ source, ...open }), runtime);
  } finally {
    await runtime.close({ graceMs: 0 });
  }
}

export async function turnErrorOf(promise: Promise<unknown>): Promise<TurnError> {
  try {
    const value = await promise;
    throw new Error(`Expected a failure, got ${JSON.stringify(value)}`);
  } catch (error) {
    if (isTurnError(error)) return error;
    throw error;
  }
}

export async function codeOf(promise: Promise<unknown>): Promise<TurnErrorCode | "canceled"> {
  try {
    const value = await promise;
    throw new Error(`Expected a failure, got ${JSON.stringify(value)}`);
  } catch (error) {
    if (isTurnError(error)) return error.code;
    if (isOwnerError(error, "canceled")) return "canceled";
    throw error;
  }
}
