import type { RunStore } from "../../src/run/run-store.ts";
import type { TestApi } from "../support/test-api.ts";
import { atomicityContract } from "./store-contract-atomicity.ts";
import { eventContract } from "./store-contract-events.ts";
import { queueContract } from "./store-contract-queue.ts";
import { recordContract } from "./store-contract-records.ts";
import { runContract } from "./store-contract-runs.ts";

/**
 * Everything that the {@link RunStore} port promises. `open` gives an empty store each time; the tests close it.
 */
export function storeContract(api: TestApi, open: () => Promise<RunStore>): void {
  const use = async (body: (store: RunStore) => Promise<void>): Promise<void> => {
    const store = await open();
    try {
      await body(store);
    } finally {
      await store.close();
    }
  };
  api.describe("runs", () => runContract(api, use));
  api.describe("queue, leases and lists", () => queueContract(api, use));
  api.describe("events", () => eventContract(api, use));
  api.describe("documents, approvals and transcript", () => recordContract(api, use));
  api.describe("transactions", () => atomicityContract(api, use));
}

/** Runs a test on a store of its own. */
export type UseStore = (body: (store: RunStore) => Promise<void>) => Promise<void>;
