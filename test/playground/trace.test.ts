import { describe, expect, it } from "vitest";
import { createTimeScale, shortTime } from "../../examples/playground/page/time-scale.ts";
import { lanesOf } from "../../examples/playground/page/trace-lanes.ts";
import { TurnRecord } from "../../examples/playground/page/turn-record.ts";

// What the page reads from a turn's events, without a page.

interface Said {
  readonly at: number;
  readonly type: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

function recordOf(...said: readonly Said[]): TurnRecord {
  const record = new TurnRecord();
  said.forEach(({ at, type, data }, index) =>
    record.add({ type, id: String(index + 1), ...(data === undefined ? {} : { data }) }, at),
  );
  return record;
}

const text = (at: number, delta: string): Said => ({
  at,
  type: "message.part.updated",
  data: { part: { type: "text" }, delta },
});
const state = (at: number, name: string): Said => ({ at, type: "run.state.changed", data: { state: name } });
const started: Said = { at: 0, type: "session.run.started", data: {} };

describe("playground: a turn's record", () => {
  const crashed = [
    started,
    state(10, "running"),
    { at: 20, type: "playground.question", data: { text: "Well?" } },
    text(30, "one "),
    { at: 40, type: "run.checkpointed", data: {} },
    text(50, "two "),
    state(900, "queued"),
    { at: 900, type: "run.restarted", data: { attempt: 2, keep: "5" } },
    state(910, "running"),
    text(920, "two "),
    text(930, "three"),
    { at: 940, type: "session.run.completed", data: {} },
  ];

  it("takes back what a restart takes back, and nothing else", () => {
    const record = recordOf(...crashed);
    expect(record).toMatchObject({ text: "one two three", question: "Well?", attempt: 2, phase: "completed" });
    expect(record.seen.flatMap(({ dropped }, index) => (dropped ? [index] : []))).toEqual([5]);
  });

  it("draws the time without a process from the last sign of life on", () => {
    const [run, answer] = lanesOf(recordOf(...crashed), []);
    expect(run?.spans.map(({ label, from, to }) => [label, from, to])).toEqual([
      ["queued", 0, 10],
      ["running", 10, 50],
      ["down", 50, 900],
      ["queued", 900, 910],
      ["running", 910, 940],
      ["completed", 940, 940],
    ]);
    expect(answer?.spans.map(({ tone, from, to }) => [tone, from, to])).toEqual([
      ["text", 30, 30],
      ["lost", 50, 50],
      ["text", 920, 930],
    ]);
  });

  it("puts tool calls that overlap into rows of their own", () => {
    const tool = (at: number, callID: string, status: string): Said => ({
      at,
      type: "message.part.updated",
      data: { part: { type: "tool", callID, tool: callID, state: { status } } },
    });
    const lanes = lanesOf(
      recordOf(
        started,
        tool(1, "a", "running"),
        tool(2, "b", "running"),
        tool(5, "a", "completed"),
        tool(6, "c", "running"),
        tool(7, "b", "error"),
      ),
      [],
    );
    expect(lanes[2]?.spans.map(({ label, row, tone, to }) => [label, row, tone, to])).toEqual([
      ["a", 0, "tool", 5],
      ["b", 1, "bad", 7],
      ["c", 0, "tool", undefined],
    ]);
  });

  it("draws lost connections with the tries that they took", () => {
    const lanes = lanesOf(recordOf(started), [
      { at: 0, kind: "trying" },
      { at: 5, kind: "open" },
      { at: 50, kind: "lost" },
      { at: 60, kind: "trying" },
      { at: 90, kind: "trying" },
      { at: 95, kind: "open" },
      { at: 120, kind: "over" },
    ]);
    expect(lanes[4]?.spans.map(({ label, from, to }) => [label, from, to])).toEqual([
      ["connected", 5, 50],
      ["2 tries", 50, 95],
      ["connected", 95, 120],
    ]);
  });
});

describe("playground: the time scale", () => {
  it("keeps order and proportion", () => {
    const scale = createTimeScale([1000, 2000, 5000]);
    expect([1000, 2000, 3000, 5000].map((at) => scale.place(at))).toEqual([0, 0.25, 0.5, 1]);
    expect(scale.ticks).toEqual([0, 1000, 2000, 3000, 4000]);
  });

  it("folds a long silence, and no tick lies in it", () => {
    const hour = 3_600_000;
    const scale = createTimeScale([0, 2000, 2000 + hour, 4000 + hour]);
    expect(scale.folds.map(({ from, to }) => [from, to])).toEqual([[2000, 2000 + hour]]);
    expect(scale.place(2000)).toBeGreaterThan(0.25);
    expect(scale.place(2000 + hour)).toBeLessThan(0.75);
    expect(scale.ticks.filter((tick) => tick > 2000 && tick < 2000 + hour)).toEqual([]);
  });

  it("has room for a single moment", () => {
    expect(createTimeScale([5]).place(5)).toBe(0);
    expect(createTimeScale([]).ticks).toEqual([0]);
  });

  it.each([
    [12, "12 ms"],
    [1500, "1.5 s"],
    [3000, "3 s"],
    [12_400, "12 s"],
    [61_000, "1 min 1 s"],
    [7_260_000, "2 h 1 min"],
  ])("says %d ms as %s", (ms, words) => expect(shortTime(ms)).toBe(words));
});
