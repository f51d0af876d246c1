import type { Cursor } from "../../../event/cursor.ts";
import type { TurnEvent } from "../../../event/turn-event.ts";
import { isStored, type LogReader, piecesOf, readLog, type StoredEvent } from "../log-reader.ts";
import type { Scenario } from "../scenario.ts";
import type { Section } from "../section.ts";

/** S2. */
export const seams: Section = (test) => {
  test("stored events have unique ids in order, without holes", [], async (s) => {
    const log = await s.execution({ do: "say", count: 20 }).play();
    const ids = log.map(({ id }) => id);
    s.expect(new Set(ids).size).toBe(ids.length);
    if (s.decimal) s.expect(ids).toEqual(ids.map((_, index) => String(index + 1)));
    s.expect(piecesOf(log)).toEqual(numbers(20));
  });

  test("what the agent said is what readers get, live and in replay", [], async (s) => {
    const data = { deep: { list: [1, null, { ключ: "värde", "": false }] }, text: 'quote " \\ \u2028 🎉', n: 1.5e-7 };
    const large = { text: "x".repeat(200_000) };
    const execution = s.execution(
      { do: "emit", type: "conformance.odd", data },
      { do: "emit", type: "conformance.large", data: large },
    );
    const live = (await (await execution.follow()).finished).filter(isStored);
    const own = live.filter(({ type }) => type.startsWith("conformance."));
    s.expect(own.map((event) => [event.type, event.data])).toEqual([
      ["conformance.odd", data],
      ["conformance.large", large],
    ]);
    s.expect(await execution.stored()).toEqual(live);
  });

  test("replay after each event of an ended execution is the rest, by attach and by open", [], async (s) => {
    const execution = s.execution({ do: "say", count: 6 });
    const log = await execution.play();
    for (const [index, after] of cursorsOf(s, log)) {
      const rest = tail(log, index);
      s.expect({ after, rest: await execution.stored(via(after)) }).toEqual({ after, rest });
      const opened = await readLog(await execution.open(via(after))).finished;
      s.expect({ after, rest: opened.filter(isStored) }).toEqual({ after, rest });
    }
  });

  test(
    "readers that attach while it runs, at every position and after every event, miss and repeat nothing",
    [],
    async (s) => {
      const rounds = 6;
      const execution = s.execution(
        ...numbers(rounds).flatMap((round) => [{ do: "say" as const, count: 1 }, s.gate(`round-${round}`)]),
      );
      const first = await execution.follow();
      const readers: { after: Cursor | undefined; index: number; reader: LogReader }[] = [];
      for (const round of numbers(rounds)) {
        await first.heard(round + 1);
        for (const [index, after] of cursorsOf(s, first.events.filter(isStored))) {
          readers.push({ after, index, reader: readLog(await execution.attach(via(after))) });
        }
        await execution.openGate(`round-${round}`);
      }
      const log = (await first.finished).filter(isStored);
      s.expect(piecesOf(log)).toEqual(numbers(rounds));
      for (const { after, index, reader } of readers) {
        const rest = (await reader.finished).filter(isStored);
        s.expect({ after, rest }).toEqual({ after, rest: tail(log, index) });
      }
    },
  );

  test("readers that attach in full flight miss and repeat nothing", [], async (s) => {
    const execution = s.execution({ do: "say", count: s.bulk });
    const first = await execution.follow();
    const readers: { after: Cursor | undefined; reader: LogReader }[] = [];
    const step = Math.max(1, Math.floor(s.bulk / 30));
    for (let pieces = 1; pieces < s.bulk; pieces += step) {
      await first.heard(pieces);
      const after = first.events.findLast(isStored)?.id;
      readers.push({ after, reader: readLog(await execution.attach(via(after))) });
      // One that is behind too.
      const early = first.events.find(isStored)?.id;
      readers.push({ after: early, reader: readLog(await execution.attach(via(early))) });
    }
    const log = (await first.finished).filter(isStored);
    s.expect(piecesOf(log)).toEqual(numbers(s.bulk));
    for (const { after, reader } of readers) {
      const rest = (await reader.finished).filter(isStored).map(({ id }) => id);
      const index = log.findIndex(({ id }) => id === after) + 1;
      s.expect({ after, rest }).toEqual({ after, rest: log.slice(index).map(({ id }) => id) });
    }
  });

  test("what has no id is for those who are there, and is never replayed", [], async (s) => {
    const execution = s.execution(
      { do: "say", count: 2 },
      { do: "emit", type: "session.run.heartbeat", data: {} },
      { do: "say", count: 1 },
    );
    await (
      await execution.follow()
    ).finished;
    const replay = await execution.log();
    s.expect(replay.filter((event) => !isStored(event))).toEqual([]);
    if (s.enveloped) s.expect(replay.filter(isHeartbeat)).toEqual([]);
    s.expect(piecesOf(replay)).toEqual([0, 1, 2]);
  });
};

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function isHeartbeat({ type }: TurnEvent): boolean {
  return type === "session.run.heartbeat";
}

/** Every cursor at which a log can be read on, with the number of events before it. */
function cursorsOf(s: Scenario, log: readonly StoredEvent[]): [number, Cursor | undefined][] {
  const start: [number, Cursor | undefined][] = s.decimal
    ? [
        [0, undefined],
        [0, "0"],
      ]
    : [[0, undefined]];
  return [...start, ...log.map(({ id }, index): [number, Cursor] => [index + 1, id])];
}

function tail(log: readonly StoredEvent[], index: number): readonly StoredEvent[] {
  return log.slice(index);
}

function via(after: Cursor | undefined): { after?: Cursor } {
  return after === undefined ? {} : { after };
}
