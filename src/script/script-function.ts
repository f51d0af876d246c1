import type { ScriptCallOptions } from "./pending-call.ts";

const BRAND = Symbol.for("turnwire.ScriptFunction");

/**
 * A function of a script, as the host holds it: a number that only its owner can use. It is dead when its script's
 * context is closed or replaced (`vm-lost`), and when it came as an argument of a host call, once that has settled.
 */
export class ScriptFunction {
  readonly #call: (args: readonly unknown[], options?: ScriptCallOptions) => Promise<unknown>;
  readonly #release: () => void;

  constructor(call: (args: readonly unknown[], options?: ScriptCallOptions) => Promise<unknown>, release: () => void) {
    this.#call = call;
    this.#release = release;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Calls it in a job of its own. */
  call(args: readonly unknown[] = [], options?: ScriptCallOptions): Promise<unknown> {
    return this.#call(args, options);
  }

  /** Lets the VM forget it. */
  release(): void {
    this.#release();
  }
}

/** Whether a value is a function of a script. */
export function isScriptFunction(value: unknown): value is ScriptFunction {
  return typeof value === "object" && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
}
