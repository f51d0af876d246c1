import { describe, expect, it } from "vitest";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { ExecutionSnapshot } from "../../src/substrate/index.ts";
import { problemOf, until } from "../http/http-client.ts";
import { decisionText, type Steps } from "./steps-agent.ts";
import { idOf, openWorld, type TurnWorld } from "./turn-workers.ts";
import { useTurnWorkers } from "./use-turn-workers.ts";

// The routes in two Workers before the same objects. Each request goes to the other Worker than the one before it, so
// that nothing which a turn needs can be in the memory of either.

const workers = useTurnWorkers();

const HELLO: Steps = [{ say: "Hello " }, { tool: "look" }, { say: "there" }];
const WAITING: Steps = [{ say: "Wait " }, { gate: "go" }, { say: "there" }];
const ASKING: Steps = [{ say: "May I? " }, { ask: {} }, { decision: true }];

function start(world: TurnWorld, sessionId: string, data: Steps, more: { turnIndex?: number; agent?: string } = {}) {
  return world.client.start({ sessionId, turnIndex: 0, message: "Hello", data, ...more });
}

async function read(events: AsyncIterable<TurnEvent>): Promise<TurnEvent[]> {
  const stored: TurnEvent[] = [];
  for await (const event of events) if (event.id !== undefined) stored.push(event);
  return stored;
}

const reach = (world: TurnWorld, id: string, ...states: readonly ExecutionSnapshot["state"][]) =>
  until(
    () => world.inspect(id),
    ({ state }) => states.includes(state),
    `it is ${states.join(" or ")}`,
  );

const persists = async (world: TurnWorld, id: string): Promise<(string | undefined)[]> =>
  (await world.notes(id)).filter(({ what }) => what === "persist").map(({ finalText }) => finalText);

describe("a turn in an object, over the routes of two isolates", () => {
  it("streams to its end, is persisted once, and is the same when it is read again", async () => {
    const world = openWorld(workers(), "plain");
    const turn = start(world, "stream", HELLO);
    const events = await read(turn);
    expect(await turn.finished).toMatchObject({ status: "completed", finalText: "Hello there" });
    expect(await world.log(idOf("stream"))).toEqual(events);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => String(index + 1)));
    expect(await persists(world, idOf("stream"))).toEqual(["Hello there"]);
    expect(world.isolates.size).toBe(2);
  });

  it("is read on from a cursor by a page that was loaded anew, in either isolate", async () => {
    const world = openWorld(workers(), "plain");
    const seen: TurnEvent[] = [];
    for await (const event of start(world, "refresh", WAITING)) {
      seen.push(event);
      if (event.type === "message.part.updated") break;
    }
    const after = seen.at(-1)?.id ?? "";
    const readers = [1, 2].map(() => read(world.client.attach(idOf("refresh"), { after })));
    await world.openGate("refresh", "go");
    const log = await world.log(idOf("refresh"));
    for (const rest of await Promise.all(readers)) expect([...seen, ...rest]).toEqual(log);
    // The platform tells an object of a reader that has left at the latest when there was something to send it.
    await until(
      () => world.look("refresh"),
      ({ left }) => left === 1,
      "the object knows that its first reader has left",
    );
  });

  it("is one execution, however often and wherever it is posted", async () => {
    const world = openWorld(workers(), "plain");
    const logs = await Promise.all(Array.from({ length: 10 }, () => read(start(world, "double", HELLO))));
    for (const log of logs) expect(log).toEqual(logs[0]);
    const notes = await world.notes(idOf("double"));
    expect(notes.map(({ what }) => what)).toEqual(["agent", "persist", "complete", "end"]);
  });

  it("is stopped from the other isolate, and stays what it has become", async () => {
    const world = openWorld(workers(), "plain");
    const turn = start(world, "stop", WAITING);
    const reading = read(turn);
    await reach(world, idOf("stop"), "running");
    await world.client.cancel(idOf("stop"), { reason: "Enough" });
    expect((await reading).at(-1)).toMatchObject({ type: "session.run.cancelled", data: { reason: "Enough" } });
    expect((await world.client.cancel(idOf("stop"))).state).toBe("cancelled");
    expect(await persists(world, idOf("stop"))).toEqual([]);
    expect((await world.notes(idOf("stop"))).map(({ what }) => what)).toEqual(["agent", "end"]);
  });

  for (const [decision, text] of [
    [{ decision: "approve" }, decisionText("approve")],
    [{ decision: "edit", input: { amount: 2 } }, decisionText("edit", { amount: 2 })],
    [{ decision: "reject", note: "No" }, decisionText("reject")],
  ] as const) {
    it(`asks, and goes on with what was decided in the other isolate: ${decision.decision}`, async () => {
      const world = openWorld(workers(), "plain");
      const sessionId = `ask-${decision.decision}`;
      const turn = start(world, sessionId, ASKING);
      const reading = read(turn);
      const { approvals } = await reach(world, idOf(sessionId), "waiting_for_approval");
      expect(approvals).toMatchObject([{ toolName: "pay", input: { amount: 1 }, status: "pending" }]);
      const approvalId = approvals[0]?.approvalId ?? "";
      await world.client.decide(idOf(sessionId), approvalId, decision);
      await reading;
      expect(turn.text).toBe(`May I? ${text}`);
      expect(await persists(world, idOf(sessionId))).toEqual([turn.text]);
      // The same again is the same; another is refused.
      await world.client.decide(idOf(sessionId), approvalId, decision);
      const other = decision.decision === "reject" ? "approve" : "reject";
      await expect(world.client.decide(idOf(sessionId), approvalId, { decision: other })).rejects.toMatchObject({
        code: "approval-decided",
      });
    });
  }

  it("lists a session's turns, newest first, and by state", async () => {
    const world = openWorld(workers(), "plain");
    for (const turnIndex of [0, 1]) await read(start(world, "list", HELLO, { turnIndex }));
    const running = read(start(world, "list", WAITING, { turnIndex: 2 }));
    await reach(world, idOf("list", 2), "running");
    const list = async (query = ""): Promise<string[]> => {
      const answer = await world.request("GET", `/sessions/list/turns${query}`);
      return ((await answer.json()) as { turns: ExecutionSnapshot[] }).turns.map(({ executionId }) => executionId);
    };
    expect(await list()).toEqual([2, 1, 0].map((turnIndex) => idOf("list", turnIndex)));
    expect(await list("?state=running")).toEqual([idOf("list", 2)]);
    await world.openGate("list", "go");
    await running;
  });

  it("refuses what it cannot do, each with its code", async () => {
    const world = openWorld(workers(), "plain");
    await read(start(world, "refuse", HELLO));
    const at = `/turns/${encodeURIComponent(idOf("refuse"))}`;
    const body = { sessionId: "refuse", turnIndex: 0, message: "Other", data: HELLO };
    const refused: readonly (readonly [string, string, unknown, number, string])[] = [
      ["POST", "/turns", body, 409, "execution-conflict"],
      ["POST", "/turns", { ...body, turnIndex: 1, agent: "nobody" }, 404, "agent-not-found"],
      ["POST", "/turns", { ...body, message: "x".repeat(100_001) }, 413, "too-large"],
      ["POST", "/turns", { ...body, data: "x".repeat(2 ** 20) }, 413, "too-large"],
      ["POST", "/turns", { ...body, turnIndex: 1, after: "7" }, 409, "cursor-ahead"],
      ["GET", `${at}/events?after=1000`, undefined, 409, "cursor-ahead"],
      ["GET", `${at}/events?after=one`, undefined, 400, "invalid-request"],
      ["POST", `${at}/approvals/x`, { decision: "approve" }, 404, "approval-not-found"],
      ["GET", `/turns/${encodeURIComponent(idOf("never"))}`, undefined, 404, "execution-not-found"],
      ["GET", `/turns/${encodeURIComponent(idOf("never"))}/events`, undefined, 404, "execution-not-found"],
      ["POST", `/turns/${encodeURIComponent(idOf("never"))}/cancel`, {}, 404, "execution-not-found"],
      ["GET", "/turns/no-derived-id", undefined, 404, "execution-not-found"],
      ["GET", `/turns/${encodeURIComponent("evil@test:refuse:0")}`, undefined, 404, "execution-not-found"],
    ];
    for (const [method, path, sent, status, code] of refused) {
      const answer = await world.request(method, path, { body: sent });
      expect([path, answer.status, (await problemOf(answer)).code]).toEqual([path, status, code]);
    }
  });

  it("tells a failure of its agent as events, and persists nothing", async () => {
    const world = openWorld(workers(), "plain");
    const turn = start(world, "fail", [{ say: "So far" }, { fail: "The model is away" }]);
    expect((await read(turn)).slice(-2).map(({ type }) => type)).toEqual(["error", "session.run.failed"]);
    expect((await turn.finished).failure).toMatchObject({ message: "The model is away" });
    expect(await persists(world, idOf("fail"))).toEqual([]);
  });
});

describe("a client that leaves as soon as its turn was accepted", () => {
  it("has its answer persisted all the same", async () => {
    const world = openWorld(workers(), "plain");
    // Nothing in these Workers calls `waitUntil`: the object alone keeps the turn going.
    const leaver = new AbortController();
    const body = { sessionId: "leave", turnIndex: 0, message: "Hello", data: WAITING };
    const answer = await world.request("POST", "/turns", { body, signal: leaver.signal });
    expect(answer.status).toBe(200);
    leaver.abort();
    await world.openGate("leave", "go");
    await until(
      () => persists(world, idOf("leave")),
      (texts) => texts.length > 0,
      "the answer is persisted",
    );
    expect(await persists(world, idOf("leave"))).toEqual(["Wait there"]);
  });
});

describe("a second turn of a session, from the other isolate", () => {
  it("R3: is refused while the first is live", async () => {
    const world = openWorld(workers(), "plain");
    const first = read(start(world, "policy", WAITING));
    await reach(world, idOf("policy"), "running");
    const refused = await world.request("POST", "/turns", {
      body: { sessionId: "policy", turnIndex: 1, message: "Hello", data: HELLO },
    });
    expect([refused.status, (await problemOf(refused)).code]).toEqual([409, "session-busy"]);
    await world.openGate("policy", "go");
    await first;
    expect((await start(world, "policy", HELLO, { turnIndex: 1 }).finished).status).toBe("completed");
  });

  it("R3: waits for the first", async () => {
    const world = openWorld(workers(), "enqueue");
    const first = start(world, "policy", WAITING);
    const reading = read(first);
    await reach(world, idOf("policy"), "running");
    const second = read(start(world, "policy", HELLO, { turnIndex: 1 }));
    expect((await reach(world, idOf("policy", 1), "queued")).state).toBe("queued");
    await world.openGate("policy", "go");
    expect((await reading).at(-1)?.type).toBe("session.run.completed");
    expect((await second).at(-1)?.type).toBe("session.run.completed");
  });

  it("R3: interrupts the first", async () => {
    const world = openWorld(workers(), "interrupt");
    const first = read(start(world, "policy", WAITING));
    await reach(world, idOf("policy"), "running");
    const second = start(world, "policy", HELLO, { turnIndex: 1 });
    expect((await first).at(-1)?.type).toBe("session.run.cancelled");
    expect((await second.finished).status).toBe("completed");
  });

  it("R3: runs beside the first", async () => {
    const world = openWorld(workers(), "parallel");
    const first = start(world, "policy", WAITING);
    const reading = read(first);
    await reach(world, idOf("policy"), "running");
    expect((await start(world, "policy", HELLO, { turnIndex: 1 }).finished).status).toBe("completed");
    expect((await world.inspect(idOf("policy"))).state).toBe("running");
    await world.openGate("policy", "go");
    expect((await reading).at(-1)?.type).toBe("session.run.completed");
  });
});

describe("what goes on by the alarm", () => {
  it("R7: a question that nobody answers expires, and later answers are refused", async () => {
    const world = openWorld(workers(), "plain");
    const steps: Steps = [{ say: "May I? " }, { ask: { expiresInMs: 50 } }, { decision: true }];
    const turn = start(world, "expire", steps);
    await read(turn);
    expect(turn.text).toBe(`May I? ${decisionText("expired")}`);
    const { approvals } = await world.inspect(idOf("expire"));
    expect(approvals.map(({ status }) => status)).toEqual(["expired"]);
    await expect(
      world.client.decide(idOf("expire"), approvals[0]?.approvalId ?? "", { decision: "approve" }),
    ).rejects.toMatchObject({ code: "approval-expired" });
    expect((await world.look("expire")).boots).toMatchObject([{ alarms: 1 }]);
  });

  it("S5: events are trimmed, the row stays, and reading is refused; the id starts nothing again", async () => {
    const world = openWorld(workers(), "trimmed");
    await read(start(world, "trim", HELLO));
    const gone = await until(
      () => world.request("GET", `/turns/${encodeURIComponent(idOf("trim"))}/events`),
      ({ status }) => status === 410,
      "the events are trimmed",
    );
    expect((await problemOf(gone)).code).toBe("cursor-gap");
    expect(await world.inspect(idOf("trim"))).toMatchObject({ state: "completed", finalText: "Hello there" });
    const again = await world.request("POST", "/turns", {
      body: { sessionId: "trim", turnIndex: 0, message: "Hello", data: HELLO },
    });
    expect([again.status, (await problemOf(again)).code]).toEqual([410, "cursor-gap"]);
    expect(await persists(world, idOf("trim"))).toEqual(["Hello there"]);
    const idle = await until(
      () => world.look("trim"),
      ({ alarm }) => alarm === null,
      "no alarm is set",
    );
    expect(idle.timers).toBe(0);
  });

  it("an object that has nothing to do any more has no alarm and no timer", async () => {
    const world = openWorld(workers(), "crash");
    await read(start(world, "idle", HELLO));
    // The one that was set for the lease goes off once, finds nothing, and sets no other.
    const idle = await until(
      () => world.look("idle"),
      ({ alarm }) => alarm === null,
      "no alarm is set",
    );
    expect(idle).toMatchObject({ timers: 0, boots: [{ requests: 1, alarms: 1 }] });
  });

  it("a run that waits for a person without a limit has neither", async () => {
    const world = openWorld(workers(), "crash");
    const reading = read(start(world, "wait", ASKING));
    const { approvals } = await reach(world, idOf("wait"), "waiting_for_approval");
    await until(
      () => world.look("wait"),
      ({ alarm, timers }) => alarm === null && timers === 0,
      "there is neither an alarm nor a timer",
    );
    await world.client.decide(idOf("wait"), approvals[0]?.approvalId ?? "", { decision: "approve" });
    expect((await reading).at(-1)?.type).toBe("session.run.completed");
  });

  it("an object that was only asked stores nothing", async () => {
    const world = openWorld(workers(), "bare");
    const at = `/turns/${encodeURIComponent(idOf("asked"))}`;
    for (const [method, path, body] of [
      ["GET", at],
      ["GET", `${at}/events`],
      ["POST", `${at}/cancel`, {}],
      ["POST", `${at}/approvals/x`, { decision: "approve" }],
      ["GET", "/sessions/asked/turns"],
    ] as const) {
      expect((await world.request(method, path, { body })).status).toBe(path.startsWith("/sessions") ? 200 : 404);
    }
    expect(await world.look("asked")).toEqual({ boots: [], alarm: null, timers: 0, tables: [], left: 0 });
  });
});
