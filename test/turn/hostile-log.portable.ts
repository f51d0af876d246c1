import type { ChatTurnInput } from "../../src/index.ts";
import { COMPLETED, FAILED, play, producerOf, turnOf, typesOf, ways } from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { settle } from "../support/virtual-clock.ts";

const raise = (): never => {
  throw new Error("broken");
};

/** A turn in which nearly everything wants to be logged. */
const noisy = (options: Partial<ChatTurnInput>): ChatTurnInput => ({
  ...turnOf({
    produce: () => producerOf([{ type: "status", data: { count: 1n } }]),
    onEvent: raise,
    onTurnComplete: raise,
    onTurnEnd: raise,
    traceFlush: raise,
  }),
  ...options,
});

const suite: PortableSuite = ({ describe, it, expect }) => {
  /** Runs a body with `console.error` replaced, and gives what it was told. */
  async function withConsole(error: (...args: unknown[]) => void, body: () => Promise<void>): Promise<void> {
    const original = console.error;
    console.error = error;
    try {
      await body();
    } finally {
      console.error = original;
    }
  }

  for (const way of ways) {
    describe(way, () => {
      it("T4: a log that throws or rejects changes nothing, and the console hears of it", async () => {
        for (const log of [raise, (() => Promise.reject(new Error("broken"))) as () => never]) {
          const heard: unknown[] = [];
          await withConsole(
            (...args) => heard.push(args[0]),
            async () => {
              const { events, outcome } = await play(way, noisy({ log }));
              await settle();
              expect(typesOf(events).at(-1)).toBe(COMPLETED);
              expect(outcome.persisted).toBe(true);
            },
          );
          expect(heard).toContain("log failed while told: onTurnEnd failed");
          expect(heard).toContain("log failed while told: Encoding status failed");
        }
      });

      it("T4: a console that throws changes nothing either", async () => {
        await withConsole(raise, async () => {
          const { log: _log, ...input } = noisy({});
          expect(typesOf((await play(way, input)).events).at(-1)).toBe(COMPLETED);
          expect(typesOf((await play(way, { ...input, log: raise })).events).at(-1)).toBe(COMPLETED);
        });
      });

      it("T4: without a log the console is told", async () => {
        const heard: unknown[] = [];
        await withConsole(
          (...args) => heard.push(args[0]),
          async () => {
            const { log: _log, ...input } = noisy({});
            await play(way, input);
          },
        );
        expect(heard).toContain("onTurnComplete failed");
      });

      it("T2: describeError words what the client is told", async () => {
        const given: unknown[] = [];
        const cause = new Error("password of the database");
        const describeError = (error: unknown): { message: string; code: string } => {
          given.push(error);
          return { message: "Please try again", code: "internal" };
        };
        const produce = (): never => {
          throw cause;
        };
        const { events, outcome } = await play(way, turnOf({ produce }, { describeError }));
        const failure = { message: "Please try again", code: "internal" };
        expect(given).toEqual([cause]);
        expect(outcome.failure).toStrictEqual(failure);
        expect(events.at(-2)).toStrictEqual({ type: "error", data: failure });
        expect(events.at(-1)?.data).toStrictEqual({ sessionId: "thread-1", ...failure });
      });

      it("T2: a describeError that throws, rejects or gives nonsense is logged, and the error speaks for itself", async () => {
        const nonsense: readonly unknown[] = [undefined, null, 7, "text", {}, { message: 7 }];
        const hostile = [raise, () => Promise.reject(new Error("late")), ...nonsense.map((value) => () => value)];
        for (const describeError of hostile) {
          const input = turnOf({ produce: raise }, { describeError: describeError as never });
          const { events, outcome } = await play(way, input);
          expect(outcome.failure).toStrictEqual({ message: "broken" });
          expect(events.at(-1)?.type).toBe(FAILED);
          expect(input.logs[0]?.message).toBe("describeError failed");
        }
      });
    });
  }
};

export default suite;
