import { systemClock } from "../../src/internal/clock.ts";
import { nextMacrotask } from "../../src/internal/macrotask.ts";
import { EngineCore } from "../../src/run/engine-core.ts";
import { resolveEngineOptions } from "../../src/run/engine-options.ts";
import { createRunEngine, type RunEngine, type RunEngineOptions, type RunStore } from "../../src/run/index.ts";
import { trimRuns } from "../../src/run/trim-runs.ts";
import { conformanceAgent, conformanceHooks, type SubstrateFixture } from "../../src/substrate/conformance/index.ts";
import { StoreLine } from "./store-line.ts";

const SLOTS = 4;
// Far longer than any test: a lease lapses only where a test says so, however busy the machine is.
const LEASE_MS = 60_000;

/** Where the engines of one fixture keep their runs. */
export interface FixtureStores {
  /** A store over the same data each time, as each process opens its own. */
  open(): RunStore;
  /** After the test. */
  remove?(): void;
}

/** A fixture with every capability around run engines over one store. */
export function openEngineFixture(stores: FixtureStores, replay: "safe" | "unsafe"): SubstrateFixture {
  const agents = { default: { stream: conformanceAgent, replay } };
  const opened: RunStore[] = [];
  const living = new Set<RunEngine>();
  const lines = new Set<StoreLine>();
  // A worker that comes after a crash lives so much later, so that the leases of the lost one have lapsed.
  let later = 0;

  function openStore(): RunStore {
    const store = stores.open();
    opened.push(store);
    return store;
  }

  function optionsFor(store: RunStore): RunEngineOptions {
    const shift = later;
    return {
      store,
      agents,
      hooks: conformanceHooks,
      maxConcurrentRuns: SLOTS,
      leaseMs: LEASE_MS,
      pollMs: 5,
      clock: { now: () => systemClock.now() + shift, after: (ms, callback) => systemClock.after(ms, callback) },
      log: () => undefined,
    };
  }

  function openEngine(): { engine: RunEngine; line: StoreLine } {
    const line = new StoreLine(openStore());
    const engine = createRunEngine(optionsFor(line));
    engine.start();
    living.add(engine);
    lines.add(line);
    return { engine, line };
  }

  const first = openEngine();
  return {
    substrate: first.engine,
    slots: SLOTS,
    settles: true,
    another: async () => openEngine().engine,
    reopen: async () => {
      for (const line of lines) line.cut();
      living.clear();
      lines.clear();
      later += LEASE_MS + 1;
      return openEngine().engine;
    },
    trim: async () => {
      const options = { ...optionsFor(openStore()), retention: { maxAgeMs: 0 } };
      await trimRuns(new EngineCore(resolveEngineOptions(options)));
    },
    stall: async ({ executionId }) => {
      const goOn = first.line.hold();
      const { workerId } = first.engine.stats();
      later += LEASE_MS + 1;
      const successor = openEngine().engine;
      const store = openStore();
      while (await store.transact((tx) => tx.getRun(executionId)?.workerId === workerId)) await nextMacrotask();
      return {
        successor,
        wake: async () => {
          goOn();
          for (let round = 0; round < 20; round++) await store.transact(() => undefined).then(nextMacrotask);
        },
      };
    },
    close: async () => {
      await Promise.all([...living].map((engine) => engine.stop({ graceMs: 0 })));
      await Promise.all(opened.map((store) => store.close()));
      stores.remove?.();
    },
  };
}
