import { memoryStore } from "../../src/run/memory-store.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { storeContract } from "./store-contract.ts";

const suite: PortableSuite = (api) => storeContract(api, () => Promise.resolve(memoryStore()));
export default suite;
