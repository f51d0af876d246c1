import { isTurnError } from "../errors.ts";
import type { Engine, EngineContext, EngineFunction } from "../inference/engine.ts";
import type { EngineConfig } from "../inference/engines.ts";
import type { ToolContext, ToolRegistry } from "../inference/tool-registry.ts";
import type { Turn } from "../inference/turn.ts";
import { checkFunction, checkObject, checkOptionalFunction } from "../internal/check-argument.ts";
import type { GuestHost } from "./guest/create-guest.ts";
import { HOST_ENGINE, HOST_TOOL } from "./guest/host-globals.ts";
import type { HostFunction } from "./host-function.ts";
import { isScriptFunction } from "./script-function.ts";

/** What a product gives to its scripts. */
export interface ProductHost {
  /** Engines by name: `engines.host(name)`, and `ctx.engines` of a script agent. */
  readonly engines?: Readonly<Record<string, Engine | EngineFunction>>;
  /** What `engines.fromConfig` asks. */
  readonly resolveEngine?: (config: EngineConfig) => Engine | EngineFunction | undefined;
  /** Tools: `useHost(name)` of a registry, and `ctx.tools` of a script agent. */
  readonly tools?: ToolRegistry;
}

export function checkProductHost({ engines = {}, resolveEngine, tools }: ProductHost): void {
  checkObject("engines", engines);
  for (const [name, engine] of Object.entries(engines)) {
    checkFunction(`engines.${name}`, typeof engine === "function" ? engine : engine.infer);
  }
  checkOptionalFunction("resolveEngine", resolveEngine);
  if (tools !== undefined) checkObject("tools", tools);
}

/** What the script's side is told of it. */
export function describeHost({ engines = {}, resolveEngine, tools }: ProductHost): GuestHost {
  return {
    engines: Object.keys(engines),
    resolvesEngines: resolveEngine !== undefined,
    tools: tools?.list() ?? [],
  };
}

/** The functions behind it. `stop` is one more reason for them to stop, beside the end of the call. */
export function hostFunctions(product: ProductHost, stop?: AbortSignal): Record<string, HostFunction> {
  const { engines = {}, resolveEngine, tools } = product;
  /** What ends it: the end of the call, that of the run inside the script, and the product's own reason. */
  const signalOf = (call: AbortSignal, context: unknown): AbortSignal => {
    const { signal } = (context ?? {}) as { readonly signal?: unknown };
    return AbortSignal.any([call, ...[stop, signal].filter((one) => one instanceof AbortSignal)]);
  };
  return {
    async [HOST_ENGINE]([asked, turn, context], { signal }) {
      const given = typeof asked === "string" ? own(engines, asked) : resolveEngine?.(asked as EngineConfig);
      if (given === undefined) throw new TypeError(`The host gives no engine for ${JSON.stringify(asked)}`);
      const told = context as Record<string, unknown>;
      let refusal: unknown;
      const say =
        (fn: unknown) =>
        (delta: string): void => {
          if (!isScriptFunction(fn)) return;
          fn.call([delta]).catch((error: unknown) => {
            // A run that has ended does not listen any more, which is no failure of the engine's. One that is told too much at
            // once would lose the rest.
            if (isTurnError(error, "script-limit")) refusal = error;
          });
        };
      const full = {
        ...told,
        signal: signalOf(signal, context),
        partial: say(told["partial"]),
        thinking: say(told["thinking"]),
      };
      const answer = (await toFunction(given)(turn as Turn, full as unknown as EngineContext)) ?? turn;
      if (refusal !== undefined) throw refusal;
      return answer;
    },
    [HOST_TOOL]([name, args, context], { signal }) {
      if (tools === undefined) throw new TypeError("The host gives no tools");
      const full = { ...(context as Partial<ToolContext>), signal: signalOf(signal, context) };
      return tools.call(String(name), args, full);
    },
  };
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

// Called on the engine, as a session calls it: it may be of a class.
function toFunction(engine: Engine | EngineFunction): EngineFunction {
  return typeof engine === "function" ? engine : (turn, context) => engine.infer(turn, context);
}
