import { TurnError } from "../../src/errors.ts";
import type { AgentRun } from "../../src/agent/agent.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import { isTerminal } from "../../src/event/turn-event.ts";
import { textDelta } from "../../src/event/known-events.ts";
import { isEnded } from "../../src/substrate/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createWorld, follow, idOf, notedHooks, request } from "./engine-world.ts";

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

const failures: readonly (readonly [what: string, error: () => unknown])[] = [
  ["a failure of the store's", () => new TurnError("store-failed", "disk")],
  ["an error that nobody knows", () => new Error("boom")],
];

const suite: PortableSuite = ({ it, expect }) => {
  for (const [what, error] of failures) {
    for (const times of [1, 3, 40]) {
      it(`R2: ${what}, ${times === 1 ? "once" : `${times} times`}, at any call: no slot leaks, nothing is stuck, nothing is lost`, async () => {
        // Until a whole life passes without meeting the failure.
        for (let nth = 1; ; nth++) {
          const world = createWorld();
          const line = world.line();
          let met = false;
          line.before = (call) => {
            if (call < nth || call >= nth + times) return;
            met = true;
            throw error();
          };
          const calls: string[] = [];
          const agents = { default: { stream: agent, replay: "safe" as const } };
          const engine = world.engine({ line, agents, hooks: notedHooks(calls), maxConcurrentRuns: 1 });
          for (const n of [1, 2]) {
            await world.until(() =>
              engine.open(request(n)).then(
                () => true,
                () => false,
              ),
            );
          }
          const reader = follow(await engineAttach(world, engine, idOf(1)));
          await world.until(async () => {
            for (const n of [1, 2]) {
              const approval = (await world.store.transact((tx) => tx.approvals(idOf(n)))).at(-1);
              if (approval?.status !== "pending") continue;
              await engine.decideApproval(approval.approvalId, { decision: "approve" }).catch(() => undefined);
            }
            return isEnded((await world.run(idOf(1))).state) && isEnded((await world.run(idOf(2))).state);
          });
          await world.until(() => engine.stats().heldSlots === 0 && engine.stats().ownedRuns === 0);
          for (const n of [1, 2]) {
            const run = await world.run(idOf(n));
            const log = await world.log(idOf(n));
            expect({ nth, n, state: run.state }).toEqual({ nth, n, state: "completed" });
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
          if (!met) return;
        }
      }, 60_000);
    }
  }
};

/** Attaches, however often the store fails meanwhile. */
async function engineAttach(
  world: ReturnType<typeof createWorld>,
  engine: ReturnType<ReturnType<typeof createWorld>["engine"]>,
  executionId: string,
): Promise<Awaited<ReturnType<typeof engine.attach>>> {
  for (;;) {
    try {
      return await engine.attach(executionId);
    } catch {
      await world.clock.advance(100);
    }
  }
}

export default suite;
