import type { PortableSuite } from "../support/test-api.ts";
import { createWorld, follow, idOf, refused, request } from "./engine-world.ts";

const suite: PortableSuite = ({ it, expect }) => {
  it("S5: events go after maxAgeMs, the rows stay, and no id ever starts twice", async () => {
    const world = createWorld();
    let begun = 0;
    const engine = world.engine({
      agents: {
        default: async function* () {
          begun++;
          yield { type: "status" };
        },
      },
      retention: { maxAgeMs: 5000 },
    });
    await engine.open(request(1));
    await world.reach(idOf(1), "completed");
    await world.clock.advance(4000);
    await engine.open(request(2));
    await world.reach(idOf(2), "completed");
    await world.clock.advance(2500);
    expect(await world.log(idOf(1))).toEqual([]);
    expect((await world.log(idOf(2))).length).toBeGreaterThan(0);
    const { lastEventId } = await world.run(idOf(1));
    expect(await refused(engine.attach(idOf(1)))).toMatchObject({ code: "cursor-gap" });
    expect(await refused(engine.open(request(1)))).toMatchObject({ code: "cursor-gap" });
    expect(await follow(await engine.open(request(1, { after: String(lastEventId) }))).ended).toEqual([]);
    expect((await engine.inspect(idOf(1)))?.state).toBe("completed");
    expect(begun).toBe(2);
    await world.stop(engine);
  });

  it("S5: of maxRuns ended runs the newest keep their events, and live ones always do", async () => {
    const world = createWorld();
    const engine = world.engine({
      agents: {
        default: async function* ({ input }) {
          yield { type: "status" };
          if (input.message === "wait") yield { type: "approval.requested", data: { toolName: "t", input: {} } };
        },
      },
      retention: { maxRuns: 3 },
    });
    await engine.open(request(0, { input: { message: "wait" } }));
    for (let n = 1; n <= 30; n++) {
      await engine.open(request(n));
      await world.reach(idOf(n), "completed");
      // Ended one after the other, also by the clock.
      await world.clock.advance(1);
    }
    await world.clock.advance(2000);
    const kept: number[] = [];
    for (let n = 0; n <= 30; n++) if ((await world.log(idOf(n))).length > 0) kept.push(n);
    expect(kept).toEqual([0, 28, 29, 30]);
    await world.stop(engine);
  });

  it("S5: nothing goes without a setting", async () => {
    const world = createWorld();
    const engine = world.engine();
    await engine.open(request(1));
    await world.reach(idOf(1), "completed");
    await world.clock.advance(3000);
    expect((await world.log(idOf(1))).length).toBeGreaterThan(0);
    await world.stop(engine);
  });
};

export default suite;
