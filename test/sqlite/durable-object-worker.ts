import type { ObjectStorage } from "../../src/cloudflare/index.ts";
import { storageDriver } from "../../src/cloudflare/storage-driver.ts";
import { sqliteStore } from "../../src/sqlite/index.ts";
import { storeContract } from "../run/store-contract.ts";
import { collectTests, runTest } from "../support/mini-test.ts";
import type { PortableSuite } from "../support/test-api.ts";

// The store contract inside a real Durable Object: each test in an object of its own, so that it begins empty.

interface Namespace {
  getByName(name: string): { fetch(request: Request): Promise<Response> };
}

function tests(storage?: ObjectStorage): ReturnType<typeof collectTests> {
  const suite: PortableSuite = (api) =>
    storeContract(api, () => {
      if (storage === undefined) throw new Error("Only an object runs tests");
      return Promise.resolve(sqliteStore({ driver: storageDriver(storage, () => undefined) }));
    });
  return collectTests({ "durable object": suite });
}

export class StoreObject {
  readonly #storage: ObjectStorage;

  constructor(state: { readonly storage: ObjectStorage }) {
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
