import { textDelta } from "../../src/event/known-events.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import { isTerminal } from "../../src/event/turn-event.ts";
import type { RunTransaction } from "../../src/run/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createWorld, idOf, LEASE_MS, notedHooks, request, type World } from "./engine-world.ts";
import type { StoreLine } from "./store-line.ts";

// R8, the crash matrix: a worker dies in each step of settle, with the record of the step kept or not.

const id = idOf(1);
const [persist, complete, end, flush] = ["persist Answer", "complete completed", "end completed", "flush"];

interface Progress {
  readonly persisted?: object;
  readonly completed?: boolean;
}

function progressOf(tx: RunTransaction): Progress | undefined {
  const run = tx.getRun(id);
  return run === undefined ? undefined : (tx.getDocument(run, "progress") as Progress | undefined);
}

const isSettling = (tx: RunTransaction): boolean => tx.getRun(id)?.state === "settling";
const isClosed = (tx: RunTransaction): boolean => tx.getRun(id)?.state === "completed";

/** Where the worker dies, and which hooks the next one runs. */
const matrix: readonly (readonly [
  where: string,
  die: (line: StoreLine, called: () => string[]) => void,
  rest: string[],
])[] = [
  ["when settle was entered", at(isSettling), [persist, complete, end, flush]],
  ["after persist, before its record", inHook("persist Answer"), [persist, complete, end, flush]],
  ["when persist was recorded", at((tx) => progressOf(tx)?.persisted !== undefined), [complete, end, flush]],
  ["after onTurnComplete, before its record", inHook("complete completed"), [complete, end, flush]],
  ["when onTurnComplete was recorded", at((tx) => progressOf(tx)?.completed === true), [end, flush]],
  ["after onTurnEnd, before its record", inHook("end completed"), [end, flush]],
  ["when the end was recorded, and onTurnEnd with it", at(isClosed), []],
];

function at(when: (tx: RunTransaction) => boolean): (line: StoreLine) => void {
  return (line) => {
    line.cutAfter = when;
  };
}

/** Dies when a hook has been called: its record never reaches the store. */
function inHook(hook: string): (line: StoreLine, called: () => string[]) => void {
  return (line, called) => {
    line.before = () => {
      if (called().includes(hook)) line.cut();
    };
  };
}

const suite: PortableSuite = ({ it, expect }) => {
  for (const [where, die, rest] of matrix) {
    it(`R8: a crash ${where}: the agent is not called again, and hooks from the first step not recorded`, async () => {
      const world = createWorld();
      const line = world.line();
      const first: string[] = [];
      const second: string[] = [];
      const ids: unknown[] = [];
      let begun = 0;
      const agents = {
        default: {
          replay: "safe" as const,
          stream: async function* (): AsyncGenerator<TurnEvent> {
            begun++;
            yield textDelta("Answer");
            yield { type: "result", data: { finalText: "Answer", tokenUsage: { inputTokens: 3 } } };
          },
        },
      };
      const hooks = (calls: string[]): ReturnType<typeof notedHooks> => {
        const noted = notedHooks(calls);
        return {
          ...noted,
          persistAssistantMessage: (turn) => {
            ids.push([turn.executionId, turn.identity.userId, turn.usage]);
            return noted.persistAssistantMessage?.(turn);
          },
        };
      };
      die(line, () => first);
      const engine = world.engine({ line, agents, hooks: hooks(first) });
      await engine.open(request(1));
      await world.clock.advance(LEASE_MS);
      const again = world.engine({ agents, hooks: hooks(second) });
      again.start();
      await world.reach(id, "completed");
      await world.clock.advance(1000);
      expect(begun).toBe(1);
      expect(second).toEqual(rest);
      expect(ids.every((one) => JSON.stringify(one) === JSON.stringify([id, "ada", { inputTokens: 3 }]))).toBe(true);
      const log = await world.log(id);
      expect(log.filter(isTerminal).map(({ type }) => type)).toEqual(["session.run.completed"]);
      expect(log.at(-1)?.data).toMatchObject({ usage: { inputTokens: 3 } });
      expect(log.filter(({ type }) => type === "run.restarted")).toEqual([]);
      expect(await world.document(id, "outcome")).toMatchObject({ status: "completed", persisted: true });
      // The transcript is there exactly when the terminal event is.
      expect(await transcript(world)).toEqual(["Answer"]);
      await world.stop(again);
    });
  }

  it("R8: the transcript and the terminal event come together", async () => {
    const world = createWorld();
    const seen: [boolean, number][] = [];
    const line = world.line();
    line.cutAfter = (tx) => {
      seen.push([isClosed(tx), tx.transcript("acme", "session-1", 9, 9).length]);
      return false;
    };
    const engine = world.engine({ line });
    await engine.open(request(1));
    await world.reach(id, "completed");
    expect(seen.filter(([closed, turns]) => closed !== turns > 0)).toEqual([]);
    await world.stop(engine);
  });

  it("R5: a settle whose hook takes every worker with it is given up, and says so", async () => {
    const world = createWorld();
    let persists = 0;
    for (let life = 1; life <= 6 && (await stateOf(world)) !== "failed"; life++) {
      const line = world.line();
      const engine = world.engine({
        line,
        recovery: { maxAttempts: 2 },
        hooks: {
          persistAssistantMessage: () => {
            persists++;
            line.cut();
          },
        },
      });
      await engine.open(request(1));
      await world.clock.advance(LEASE_MS * 2);
    }
    expect(persists).toBe(3);
    expect(await world.document(id, "outcome")).toMatchObject({
      status: "failed",
      persisted: false,
      failure: { code: "recovery-failed" },
    });
    expect((await world.types(id)).slice(-2)).toEqual(["error", "session.run.failed"]);
  });
};

async function stateOf(world: World): Promise<string | undefined> {
  return world.store.transact((tx) => tx.getRun(id)?.state);
}

function transcript(world: World): Promise<string[]> {
  return world.store.transact((tx) => tx.transcript("acme", "session-1", 9, 9).map(({ answer }) => answer));
}

export default suite;
