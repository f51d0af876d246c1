import {
  defineTurnObject,
  type ObjectState,
  type TurnObject,
  type TurnObjectOptions,
} from "../../src/cloudflare/index.ts";
import { storageDriver } from "../../src/cloudflare/storage-driver.ts";
import { EngineCore } from "../../src/run/engine-core.ts";
import { resolveEngineOptions } from "../../src/run/engine-options.ts";
import { trimRuns } from "../../src/run/trim-runs.ts";
import { sqliteStore } from "../../src/sqlite/index.ts";
import {
  conformanceAgent,
  conformanceCalls,
  conformanceHooks,
  openConformanceGate,
} from "../../src/substrate/conformance/index.ts";

/** What a test may ask of an object beside what a product may. */
export type TestCall =
  | { readonly test: "abort" }
  | { readonly test: "trim" }
  | { readonly test: "gate"; readonly executionId: string; readonly name: string }
  | { readonly test: "calls"; readonly executionId: string };

interface TestState extends ObjectState {
  /** Throws the instance away, as an eviction does. */
  abort(reason: string): void;
}

export const TEST_URL = "https://test.object/";

const options: TurnObjectOptions = {
  agents: { default: { stream: conformanceAgent, replay: "safe" } },
  hooks: conformanceHooks,
  log: () => undefined,
};

const Defined = defineTurnObject(options);

/** The product's object, and a way in for tests. */
export class TestTurnObject implements TurnObject {
  readonly #state: TestState;
  readonly #object: TurnObject;

  constructor(state: TestState, env: unknown) {
    this.#state = state;
    this.#object = new Defined(state, env);
  }

  async fetch(request: Request): Promise<Response> {
    if (request.url !== TEST_URL) return this.#object.fetch(request);
    const call = (await request.json()) as TestCall;
    switch (call.test) {
      case "abort":
        this.#state.abort("The test evicts the object");
        return Response.json(null);
      case "gate":
        openConformanceGate(call);
        return Response.json(null);
      case "calls":
        return Response.json(conformanceCalls(call.executionId));
      case "trim": {
        const store = sqliteStore({ driver: storageDriver(this.#state.storage, () => undefined) });
        await trimRuns(new EngineCore(resolveEngineOptions({ ...options, store, retention: { maxAgeMs: 0 } })));
        return Response.json(null);
      }
      default:
        throw call satisfies never;
    }
  }

  alarm(): Promise<void> {
    return this.#object.alarm();
  }
}
