import { expect, it } from "vitest";
import { createDeferred } from "../../src/internal/deferred.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { Steps } from "./steps-agent.ts";
import { idOf, openWorld } from "./turn-workers.ts";
import { useTurnWorkers } from "./use-turn-workers.ts";

const SESSIONS = 100;
const READERS = 20;
const SAYINGS = 30;

const workers = useTurnWorkers();

/** Each session has words of its own, so that one in another's log is seen. */
function stepsOf(session: string): Steps {
  const words = Array.from({ length: SAYINGS }, (_, word) => ({ say: `${session}.${word} ` }));
  return [...words.slice(0, 5), { gate: "go" }, ...words.slice(5)];
}

interface Reader {
  readonly log: Promise<TurnEvent[]>;
  /** Resolves with the first word of the answer. */
  readonly begun: Promise<void>;
}

function follow(events: AsyncIterable<TurnEvent>): Reader {
  const begun = createDeferred<void>();
  async function readAll(): Promise<TurnEvent[]> {
    const stored: TurnEvent[] = [];
    for await (const event of events) {
      if (event.id !== undefined) stored.push(event);
      if (event.type === "message.part.updated") begun.resolve();
    }
    return stored;
  }
  return { log: readAll(), begun: begun.promise };
}

it(
  `${SESSIONS} sessions at once, each in its object, and ${READERS} readers on one of them`,
  { timeout: 60_000 },
  async () => {
    const world = openWorld(workers(), "plain");
    const sessions = Array.from({ length: SESSIONS }, (_, n) => `many-${n}`);
    const first = sessions.map((sessionId) =>
      follow(world.client.start({ sessionId, turnIndex: 0, message: "Hello", data: stepsOf(sessionId) })),
    );
    const [crowded = ""] = sessions;
    // All are in the midst of their turns, and all read, before the first may go on.
    await Promise.all(first.map(({ begun }) => begun));
    const crowd = Array.from({ length: READERS }, () => follow(world.client.attach(idOf(crowded))));
    await Promise.all(crowd.map(({ begun }) => begun));
    await Promise.all(sessions.map((sessionId) => world.openGate(sessionId, "go")));

    const logs = await Promise.all(first.map(({ log }) => log));
    for (const [n, log] of logs.entries()) {
      const own = sessions[n] ?? "";
      expect(log.map(({ id }) => id)).toEqual(log.map((_, index) => String(index + 1)));
      expect(log.at(-1)).toMatchObject({ type: "session.run.completed", data: { sessionId: own } });
      const said = log.flatMap(({ data }) => (typeof data?.["delta"] === "string" ? [data["delta"]] : []));
      expect(said).toEqual(Array.from({ length: SAYINGS }, (_, word) => `${own}.${word} `));
      const { boots } = await world.look(own);
      expect([own, boots.length]).toEqual([own, 1]);
    }
    for (const { log } of crowd) expect(await log).toEqual(logs[0]);
    const notes = await world.notes(idOf(crowded));
    expect(notes.map(({ what }) => what)).toEqual(["agent", "persist", "complete", "end"]);
  },
);
