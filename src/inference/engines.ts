import { checkFunction, checkName, checkObject } from "../internal/check-argument.ts";
import type { Engine, EngineFunction } from "./engine.ts";
import type { InferenceHost } from "./inference-host.ts";
import { failure } from "./inference-error.ts";
import { clonePlain, freezePlain } from "./plain-data.ts";
import { textOf } from "./turn.ts";
import { turns } from "./turns.ts";

export interface Engines {
  /** Answers every turn with the same text, or with the text of its last user block. */
  readonly echo: (options?: { readonly reply?: string }) => Engine;
  readonly fromFunction: (fn: EngineFunction, name?: string) => Engine;
  /** An engine that the host gives by name. Asked for when it is used. */
  readonly host: (name: string) => Engine;
  /** An engine that the host makes of a provider, a model and whatever else it understands. */
  readonly fromConfig: (config: EngineConfig) => Engine;
}

export interface EngineConfig {
  readonly provider?: string;
  readonly model?: string;
  readonly [more: string]: unknown;
}

export function createEngines(host: InferenceHost): Engines {
  return {
    echo(options = {}) {
      checkObject("options", options);
      const { reply } = options;
      return {
        name: "echo",
        infer(turn) {
          const asked = textOf(turn.blocks.findLast(({ kind }) => kind === "user"));
          turn.blocks.push(turns.newAssistantBlock(reply ?? asked));
        },
      };
    },
    fromFunction(fn, name = "function") {
      checkFunction("fn", fn);
      checkName("name", name);
      return { name, infer: fn };
    },
    host(name) {
      checkName("name", name);
      return fromHost(name, "gives no engine", () => host.engine?.(name));
    },
    fromConfig(config) {
      checkObject("config", config);
      const kept = freezePlain(clonePlain(config));
      const name = [kept.provider, kept.model].filter((part) => typeof part === "string").join("/") || "config";
      return fromHost(name, "resolves no engine for", () => host.resolveEngine?.(kept));
    },
  };
}

// Not told: what else a configuration holds, which may be a key, or nothing that can be shown.
function fromHost(name: string, refusal: string, find: () => EngineFunction | undefined): Engine {
  return {
    name,
    infer(turn, context) {
      const found = find();
      if (found === undefined) throw failure("no-host", `The host ${refusal} ${name}`);
      return found(turn, context);
    },
  };
}
