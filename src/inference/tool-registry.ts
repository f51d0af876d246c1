import { checkFunction, checkName, checkObject, checkString, isObject } from "../internal/check-argument.ts";
import { describeValue } from "../internal/describe-value.ts";
import type { InferenceHost } from "./inference-host.ts";
import { failure } from "./inference-error.ts";
import type { JsonSchema, SchemaCheck } from "./json-schema.ts";
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

/** Makes a schema's check; one with parts that would not be checked is refused, naming the place. */
export type CompileSchema = (schema: JsonSchema, place: string) => SchemaCheck;

// For tools that say nothing of their arguments: it needs nothing compiled.
const ANY_OBJECT: JsonSchema = { type: "object" };
const findNoObject: SchemaCheck = (value) =>
  isObject(value) ? undefined : `the arguments must be object, got ${describeValue(value)}`;

export interface Tools {
  readonly createRegistry: () => ToolRegistry;
}

export function createTools(host: InferenceHost, compileSchema: CompileSchema): Tools {
  return { createRegistry: () => createRegistry(host, compileSchema) };
}

interface Tool {
  readonly definition: ToolDefinition;
  readonly findProblem: SchemaCheck;
  readonly handler: (args: unknown, context: ToolContext) => unknown;
}

function createRegistry(host: InferenceHost, compileSchema: CompileSchema): ToolRegistry {
  const tools = new Map<string, Tool>();
  const registry: ToolRegistry = {
    register(tool) {
      checkObject("tool", tool);
      const { name, description = "", parameters, handler } = tool;
      checkName("tool.name", name);
      checkString("tool.description", description);
      checkFunction("tool.handler", handler);
      if (tools.has(name)) throw new TypeError(`The tool ${name} is registered already`);
      const definition = freezePlain({ name, description, parameters: clonePlain(parameters ?? ANY_OBJECT) });
      const findProblem =
        parameters === undefined ? findNoObject : compileSchema(definition.parameters, "tool.parameters");
      tools.set(name, { definition, findProblem, handler: handler as Tool["handler"] });
      return registry;
    },
    useHost(...names) {
      for (const name of names) {
        checkName("name", name);
        const tool = host.tool?.(name);
        if (tool === undefined) throw failure("no-host", `The host gives no tool ${name}`);
        registry.register(tool);
      }
      return registry;
    },
    list: () => Array.from(tools.values(), ({ definition }) => definition),
    has: (name) => tools.has(name),
    call(name, args = {}, context = {}) {
      const tool = tools.get(name);
      if (tool === undefined) {
        const known = [...tools.keys()].join(", ") || "none";
        throw failure("tool-refused", `There is no tool ${describeValue(name)}; there is: ${known}`);
      }
      const given = clonePlain(args);
      const problem = tool.findProblem(given);
      if (problem !== undefined) throw failure("tool-refused", `The tool ${name} refuses: ${problem}`);
      // A run makes a context for each call, which need not be copied.
      const isMade = context.toolName === name && context.timestampMs !== undefined;
      return tool.handler(
        given,
        isMade ? (context as ToolContext) : { timestampMs: Date.now(), ...context, toolName: name },
      );
    },
  };
  return registry;
}
