import { textDelta } from "../../src/event/known-events.ts";
import type { RunStore } from "../../src/run/index.ts";
import { memoryStore } from "../../src/run/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createGate, createWorld, follow, type Gate, idOf, request } from "./engine-world.ts";

/** A store that notes the ids of each batch of events. */
function notedStore(batches: number[][]): RunStore {
  const store = memoryStore();
  return {
    close: () => store.close(),
    transact: (body) =>
      store.transact((tx) => {
        const append = tx.appendEvents.bind(tx);
        tx.appendEvents = (run, firstId, events) => {
          batches.push(events.map((_, index) => firstId + index));
          append(run, firstId, events);
        };
        try {
          return body(tx);
        } finally {
          tx.appendEvents = append;
        }
      }),
  };
}

const suite: PortableSuite = ({ it, expect }) => {
  it("S3: with appendEveryMs events are stored together, the first at once, and delivered when they are stored", async () => {
    const batches: number[][] = [];
    const world = createWorld(notedStore(batches));
    const gates = Array.from({ length: 9 }, createGate);
    const engine = world.engine({
      appendEveryMs: 40,
      pollMs: 1_000_000,
      agents: {
        default: async function* () {
          for (const [index, gate] of gates.entries()) {
            await gate.passed;
            yield textDelta(`${index} `);
          }
        },
      },
    });
    const reader = follow(await engine.open(request(1)));
    await world.reach(idOf(1), "running");
    await world.clock.advance(1000);
    batches.length = 0;
    const texts = (): unknown[] =>
      reader.events.filter(({ type }) => type === "message.part.updated").map(({ data }) => data?.["delta"]);
    for (const gate of gates.slice(0, 8)) {
      (gate as Gate).open();
      await world.clock.advance(10);
    }
    // At 0, 40 and 80 ms.
    expect(batches.map((batch) => batch.length)).toEqual([1, 3, 4]);
    expect(texts().join("")).toBe("0 1 2 3 4 5 6 7 ");
    // The end waits for nothing.
    gates[8]?.open();
    await world.clock.advance(0);
    expect((await reader.ended).at(-1)?.type).toBe("session.run.completed");
    expect(texts()).toHaveLength(9);
    await world.stop(engine);
  });

  it("S3: a clock that is set back holds up no event for longer", async () => {
    const world = createWorld();
    const gates = [createGate(), createGate()];
    let backMs = 0;
    const engine = world.engine({
      appendEveryMs: 40,
      clock: { now: () => world.clock.now() - backMs, after: (ms, callback) => world.clock.after(ms, callback) },
      agents: {
        default: async function* () {
          for (const [index, gate] of gates.entries()) {
            yield textDelta(`${index}`);
            await gate.passed;
          }
        },
      },
    });
    const reader = follow(await engine.open(request(1)));
    await world.clock.advance(100);
    backMs = 3_600_000;
    gates[0]?.open();
    await world.clock.advance(40);
    expect(reader.events.at(-1)?.data?.["delta"]).toBe("1");
    gates[1]?.open();
    await reader.ended;
    await world.stop(engine);
  });

  it("leaves no timer behind for events that were stored along with something else", async () => {
    const world = createWorld();
    const [more, end] = [createGate(), createGate()];
    const engine = world.engine({
      appendEveryMs: 1_000_000,
      wake: () => undefined,
      agents: {
        default: async function* () {
          yield textDelta("Stored at once, ");
          await more.passed;
          yield textDelta("and stored with the end");
          await end.passed;
        },
      },
    });
    const reader = follow(await engine.open(request(1)));
    await world.clock.advance(0);
    more.open();
    await world.clock.advance(0);
    expect(world.clock.pending).toBe(1);
    end.open();
    expect((await reader.ended).at(-1)?.type).toBe("session.run.completed");
    await world.clock.advance(0);
    expect(world.clock.pending).toBe(0);
    await world.stop(engine);
  });

  it("T7: more than a batch waits for no interval", async () => {
    const batches: number[][] = [];
    const world = createWorld(notedStore(batches));
    const engine = world.engine({
      appendEveryMs: 1_000_000_000,
      agents: {
        default: async function* () {
          for (let n = 0; n < 5000; n++) yield textDelta("x");
          for (let n = 0; n < 8; n++) yield textDelta("y".repeat(400_000));
        },
      },
    });
    const { ended } = follow(await engine.open(request(1)));
    await world.reach(idOf(1), "completed");
    expect((await ended).filter(({ type }) => type === "message.part.updated")).toHaveLength(5008);
    await world.stop(engine);
  });

  it("T8: an event above maxEventBytes is replaced by one that says so", async () => {
    const world = createWorld();
    const engine = world.engine({
      maxEventBytes: 10_000,
      agents: {
        default: async function* () {
          yield { type: "chart", data: { points: "ü".repeat(4990) } };
          yield textDelta("Done");
        },
      },
    });
    const events = await follow(await engine.open(request(1))).ended;
    const chart = events.find(({ type }) => type === "chart");
    expect(String(chart?.data?.["encodingError"])).toMatch(/takes more than 10000 bytes/);
    expect((await engine.inspect(idOf(1)))?.finalText).toBe("Done");
    expect(world.logs.map(({ message }) => message)).toEqual(["Encoding chart failed"]);
    await world.stop(engine);
  });
};

export default suite;
