import { sqliteStore } from "../../src/sqlite/index.ts";
import { storeContract } from "../run/store-contract.ts";
import { collectTests, runTest } from "../support/mini-test.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { type Storage, storageDriver } from "./storage-driver.ts";

// The store contract inside a real Durable Object: each test in an object of its own, so that it begins empty.

interface Namespace {
  getByName(name: string): { fetch(request: Request): Promise<Response> };
}

function tests(storage?: Storage): ReturnType<typeof collectTests> {
  const suite: PortableSuite = (api) =>
    storeContract(api, () => {
      if (storage === undefined) throw new Error("Only an object runs tests");
      return Promise.resolve(sqliteStore({ driver: storageDriver(storage) }));
    });
  return collectTests({ "durable object": suite });
}

export class StoreObject {
  readonly #storage: Storage;

  constructor(state: { readonly storage: Storage }) {
    this.#storage = state.storage;
  }

  async fetch(request: Request): Promise<Response> {
    const test = tests(this.#storage)[Number(new URL(request.url).pathname.slice(1))];
    return test === undefined ? new Response("No such test", { status: 404 }) : Response.json(await runTest(test));
  }
}

export default {
  fetch(request: Request, env: { readonly STORE: Namespace }): Promise<Response> | Response {
    const { pathname } = new URL(request.url);
    if (pathname === "/tests") return Response.json(tests().map(({ name }) => name));
    return env.STORE.getByName(`${pathname} ${crypto.randomUUID()}`).fetch(request);
  },
};
