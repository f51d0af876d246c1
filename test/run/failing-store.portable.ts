import type { AgentRun } from "../../src/agent/agent.ts";
import { TurnError } from "../../src/errors.ts";
import { textDelta } from "../../src/event/known-events.ts";
import { isTerminal, type TurnEvent } from "../../src/event/turn-event.ts";
import type { RunEngine, RunTransaction } from "../../src/run/index.ts";
import { isEnded } from "../../src/substrate/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createWorld, follow, idOf, notedHooks, request, textOf, type World } from "./engine-world.ts";
import { StoreLine } from "./store-line.ts";

// Every throw between two steps: the n-th call of the store fails, for every n there is.

async function* agent({ resume, checkpoint, saveCheckpoint }: AgentRun): AsyncGenerator<TurnEvent> {
  if (resume === undefined) {
    if (checkpoint === undefined) {
      yield textDelta("one ");
      await saveCheckpoint({ at: 1 });
    }
    yield textDelta("two ");
    yield { type: "approval.requested", data: { toolName: "send", input: {} } };
  } else {
    yield textDelta("three");
  }
}

const failures: readonly (readonly [what: string, error: () => unknown, times: number, step: number])[] = [
  ["a failure of the store's", () => new TurnError("store-failed", "disk"), 1, 1],
  ["an error that nobody knows", () => new Error("boom"), 1, 3],
  ["a store that is away until leases lapse", () => new TurnError("store-busy", "locked"), 60, 17],
];

const suite: PortableSuite = ({ it, expect }) => {
  for (const [what, error, times, step] of failures) {
    it(`R2: ${what}, at any call: no slot leaks, nothing is stuck, nothing is lost`, async () => {
      let met = true;
      // Until a whole life passes without meeting the failure.
      for (let nth = 1; met; nth += step) {
        const world = createWorld();
        const line = world.line();
        met = false;
        line.before = (call) => {
          if (call < nth || call >= nth + times) return;
          met = true;
          throw error();
        };
        const calls: string[] = [];
        const agents = { default: { stream: agent, replay: "safe" as const } };
        const engine = world.engine({ line, agents, hooks: notedHooks(calls), maxConcurrentRuns: 1, leaseMs: 2000 });
        await insist(world, () => engine.open(request(1)));
        await insist(world, () => engine.open(request(2)));
        const reader = follow(await insist(world, () => engine.attach(idOf(1))));
        await world.until(async () => {
          await approveAll(world, engine, [idOf(1), idOf(2)]);
          return isEnded((await world.run(idOf(1))).state) && isEnded((await world.run(idOf(2))).state);
        });
        await world.until(() => engine.stats().heldSlots === 0 && engine.stats().ownedRuns === 0);
        for (const n of [1, 2]) {
          const log = await world.log(idOf(n));
          expect(log.map(({ id }) => id)).toEqual(log.map((_, index) => String(index + 1)));
          expect({ nth, n, ends: log.filter(isTerminal).length }).toEqual({ nth, n, ends: 1 });
          expect({ nth, n, outcome: await world.document(idOf(n), "outcome") }).toMatchObject({
            outcome: { status: "completed", finalText: "one two three" },
          });
        }
        // Once each; again only where keeping the record of it failed.
        const persisted = calls.filter((call) => call === "persist one two three").length;
        expect({ nth, ok: persisted === 2 || (met && persisted === 3) }).toEqual({ nth, ok: true });
        await reader.ended.catch(() => undefined);
        await engine.stop();
      }
    }, 60_000);
  }

  it("R2: a run whose event the store will never take is ended, and holds up nobody", async () => {
    const world = createWorld();
    const engine = world.engine({
      line: new PickyLine(world.store),
      agents: {
        default: async function* ({ input }) {
          yield textDelta(textOf(input));
          await new Promise(() => undefined);
        },
      },
      maxConcurrentRuns: 1,
      leaseMs: 2000,
    });
    await engine.open(request(1, { input: { message: "monster" } }));
    await engine.open(request(2, { input: { message: "mouse" } }));
    await world.reach(idOf(1), "failed");
    await world.reach(idOf(2), "running");
    expect(world.logs.map(({ message }) => message)).toContain("A run's events cannot be stored");
    await world.stop(engine);
  });
};

async function insist<T>(world: World, call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch {
      await world.clock.advance(100);
    }
  }
}

async function approveAll(world: World, engine: RunEngine, executionIds: readonly string[]): Promise<void> {
  for (const executionId of executionIds) {
    const approvals = await world.store.transact((tx) => tx.approvals(executionId));
    for (const { approvalId, status } of approvals) {
      if (status !== "pending") continue;
      await engine.decideApproval(approvalId, { decision: "approve" }).catch(() => undefined);
    }
  }
}

/** Finds every event about a monster too large. */
class PickyLine extends StoreLine {
  override transact<T>(body: (tx: RunTransaction) => T): Promise<T> {
    return super.transact((tx) => {
      const picky = new Proxy(tx, {
        get(target, name) {
          const method: unknown = Reflect.get(target, name);
          if (typeof method !== "function") return method;
          return (...args: unknown[]): unknown => {
            if (name === "appendEvents" && String(args[2]).includes("monster")) {
              throw new TurnError("too-large", "A value is larger than this database takes");
            }
            return Reflect.apply(method, target, args) as unknown;
          };
        },
      });
      return body(picky);
    });
  }
}

export default suite;
