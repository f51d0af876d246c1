import { durableObjectSubstrate, type ObjectNamespace } from "../../src/cloudflare/index.ts";
import { objectNameOf } from "../../src/cloudflare/object-name.ts";
import { type AgentCalls, describeSubstrate, type SubstrateFixture } from "../../src/substrate/conformance/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { TEST_URL, type TestCall } from "./test-object.ts";

const ALONE = "the platform runs one instance of an object at a time";

/** The conformance suite against Durable Objects; runs inside workerd. */
export function conformanceSuite(namespace: () => ObjectNamespace): PortableSuite {
  return (api) =>
    describeSubstrate(
      "durable objects",
      {
        open: () => Promise.resolve(openFixture(namespace())),
        skip: {
          slots: "each session has an object, and so slots, of its own",
          stall: ALONE,
          S9: ALONE,
        },
      },
      api,
    );
}

function openFixture(namespace: ObjectNamespace): SubstrateFixture {
  const names = new Set<string>();
  const recorded: ObjectNamespace = {
    idFromName(name) {
      names.add(name);
      return namespace.idFromName(name);
    },
    get: (id) => namespace.get(id),
  };
  const substrate = durableObjectSubstrate(recorded);
  return {
    substrate,
    settles: true,
    another: () => Promise.resolve(durableObjectSubstrate(recorded)),
    openGate: async ({ executionId, name }) => {
      await askTest(namespace, objectNameOf(executionId), { test: "gate", executionId, name });
    },
    agentCalls: async ({ executionId }) => {
      const answer = await askTest(namespace, objectNameOf(executionId), { test: "calls", executionId });
      return (await answer.json()) as AgentCalls;
    },
    trim: async ({ executionId }) => {
      await askTest(namespace, objectNameOf(executionId), { test: "trim" });
    },
    reopen: async () => {
      await Promise.all([...names].map((name) => evict(namespace, name)));
      return durableObjectSubstrate(recorded);
    },
  };
}

export async function askTest(namespace: ObjectNamespace, name: string, call: TestCall): Promise<Response> {
  const stub = namespace.get(namespace.idFromName(name));
  const answer = await stub.fetch(TEST_URL, { method: "POST", body: JSON.stringify(call) });
  if (!answer.ok) throw new Error(`${call.test}: HTTP ${answer.status}`);
  return answer;
}

/** Throws the object's instance away. The call that does it never gets an answer. */
export async function evict(namespace: ObjectNamespace, name: string): Promise<void> {
  const answered = await askTest(namespace, name, { test: "abort" }).then(
    () => true,
    () => false,
  );
  if (answered) throw new Error("The object outlived its eviction");
}
