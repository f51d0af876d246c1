import { checkFunction, checkName, checkObject, checkString } from "../internal/check-argument.ts";
import { describeValue } from "../internal/describe-value.ts";
import type { InferenceHost } from "./inference-host.ts";
import { InferenceError } from "./inference-error.ts";
import { checkSchema, findSchemaProblem, type JsonSchema } from "./json-schema.ts";
import { clonePlain, freezePlain } from "./plain-data.ts";
import type { RunContext } from "./run-context.ts";

/** What a tool's handler is told. Called through a registry and not by a run, it is told its name and the time. */
export interface ToolContext extends Partial<RunContext> {
  readonly toolName: string;
  readonly timestampMs: number;
  readonly callId?: string;
  /** As the model called it, when a hook has changed the name. */
  readonly callName?: string;
  /** Fires when the run ends otherwise, and when this call has taken too long. */
  readonly signal?: AbortSignal;
}

// A method, so that a handler may say what arguments it takes: they were checked.
type Handler = { handle(args: never, context: ToolContext): unknown }["handle"];

/** What the model is told of a tool. */
export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
}

export interface ToolSpec {
  readonly name: string;
  readonly description?: string;
  /** A JSON Schema of the arguments. Default: any object. */
  readonly parameters?: JsonSchema;
  readonly handler: Handler;
}

export interface ToolRegistry {
  register(tool: ToolSpec): this;
  /** Adds tools that the host gives, by name. */
  useHost(...names: readonly string[]): this;
  list(): ToolDefinition[];
  has(name: string): boolean;
  /** Calls a tool by itself: a value, or a promise where the handler is asynchronous. */
  call(name: string, args?: unknown, context?: Partial<ToolContext>): unknown;
}

const ANY_OBJECT: JsonSchema = freezePlain({ type: "object" });

export interface Tools {
  readonly createRegistry: () => ToolRegistry;
}

export function createTools(host: InferenceHost): Tools {
  return { createRegistry: () => new Registry(host) };
}

class Registry implements ToolRegistry {
  readonly #tools = new Map<string, { readonly definition: ToolDefinition; readonly handler: Handler }>();
  readonly #host: InferenceHost;

  constructor(host: InferenceHost) {
    this.#host = host;
  }

  register(tool: ToolSpec): this {
    checkObject("tool", tool);
    const { name, description = "", parameters = ANY_OBJECT, handler } = tool;
    checkName("tool.name", name);
    checkString("tool.description", description);
    checkFunction("tool.handler", handler);
    checkSchema(parameters, "tool.parameters");
    if (this.#tools.has(name)) throw new TypeError(`The tool ${name} is registered already`);
    const definition = freezePlain({ name, description, parameters: clonePlain(parameters) });
    this.#tools.set(name, { definition, handler });
    return this;
  }

  useHost(...names: readonly string[]): this {
    for (const name of names) {
      checkName("name", name);
      const tool = this.#host.tool?.(name);
      if (tool === undefined) throw new InferenceError("no-host", `The host gives no tool ${name}`);
      this.register(tool);
    }
    return this;
  }

  list(): ToolDefinition[] {
    return Array.from(this.#tools.values(), ({ definition }) => definition);
  }

  has(name: string): boolean {
    return this.#tools.has(name);
  }

  call(name: string, args: unknown = {}, context: Partial<ToolContext> = {}): unknown {
    const tool = this.#tools.get(name);
    if (tool === undefined) {
      const known = [...this.#tools.keys()].join(", ") || "none";
      throw new InferenceError("tool-refused", `There is no tool ${describeValue(name)}; there is: ${known}`);
    }
    const given = clonePlain(args);
    const problem = findSchemaProblem(tool.definition.parameters, given);
    if (problem !== undefined) throw new InferenceError("tool-refused", `The tool ${name} refuses: ${problem}`);
    const handler = tool.handler as (args: unknown, context: ToolContext) => unknown;
    return handler(given, { ...context, toolName: name, timestampMs: context.timestampMs ?? Date.now() });
  }
}
