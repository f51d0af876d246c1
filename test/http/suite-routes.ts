import { isTerminal, type TurnEvent } from "../../src/index.ts";
import type { ExecutionSnapshot } from "../../src/substrate/index.ts";
import { readTurn } from "../../src/client/index.ts";
import type { TestApi } from "../support/test-api.ts";
import { controlState, createUser, eventsOf, openGate, until } from "./http-client.ts";

/** What the routes do when all is well. */
export function describeRoutes({ describe, it, expect }: TestApi, server: () => string): void {
  const ada = () => createUser(server(), "/stored");
  const snapshotOf = async (response: Response): Promise<ExecutionSnapshot> => {
    expect(response.status).toBe(200);
    return (await response.json()) as ExecutionSnapshot;
  };

  describe("POST /turns", () => {
    it("starts a turn and streams it, with its id and with headers that keep proxies from buffering", async () => {
      const response = await ada().start({ sessionId: "start" });
      expect(response.status).toBe(200);
      const { headers } = response;
      expect(headers.get("x-execution-id")).toBe("acme@test:start:0");
      expect(headers.get("content-type")).toBe("application/x-ndjson");
      expect(headers.get("cache-control")).toBe("no-store, no-transform");
      expect(headers.get("x-accel-buffering")).toBe("no");
      const events = await eventsOf(response);
      expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => String(index + 1)));
      expect(events[0]?.data).toEqual({
        sessionId: "start",
        tenantId: "acme",
        turnIndex: 0,
        executionId: "acme@test:start:0",
      });
      expect(events.at(-1)?.type).toBe("session.run.completed");
      expect((await controlState(server())).persisted["acme@test:start:0"]).toBe("word0 word1 word2 ");
    });

    it("attaches when the turn exists, also many times at once", async () => {
      const before = await controlState(server());
      const answers = await Promise.all(
        Array.from({ length: 20 }, async () => eventsOf(await ada().start({ sessionId: "again" }))),
      );
      answers.push(await eventsOf(await ada().start({ sessionId: "again" })));
      for (const answer of answers) expect(answer).toEqual(answers[0]);
      expect((await controlState(server())).calls).toBe(before.calls + 1);
    });

    it("keeps tenants apart that name their sessions alike", async () => {
      const evil = createUser(server(), "/stored", "evil", "eve");
      const [mine, theirs] = await Promise.all([
        ada().start({ sessionId: "alike" }),
        evil.start({ sessionId: "alike", message: "Other" }),
      ]);
      expect(theirs.headers.get("x-execution-id")).toBe("evil@test:alike:0");
      expect((await eventsOf(theirs))[0]?.data?.["tenantId"]).toBe("evil");
      expect((await eventsOf(mine))[0]?.data?.["tenantId"]).toBe("acme");
    });

    it("runs a turn again under another attempt", async () => {
      const first = await ada().start({ sessionId: "attempt" });
      await eventsOf(first);
      const second = await ada().start({ sessionId: "attempt", attempt: 1, message: "Other" });
      expect(second.headers.get("x-execution-id")).toBe("acme@test:attempt:0~1");
      expect((await eventsOf(second)).at(-1)?.type).toBe("session.run.completed");
    });

    it("reads on after `after`, and after Last-Event-ID where there is one", async () => {
      const all = await eventsOf(await ada().start({ sessionId: "after" }));
      expect(await eventsOf(await ada().start({ sessionId: "after", after: "4" }))).toEqual(all.slice(4));
      const headers = { "last-event-id": "5" };
      expect(await eventsOf(await ada().start({ sessionId: "after", after: "2" }, { headers }))).toEqual(all.slice(5));
      expect(await eventsOf(await ada().start({ sessionId: "after", after: "" }))).toEqual(all);
    });

    it("takes a message of parts, and any id that a session may have", async () => {
      const message = [
        { type: "text", text: "Look" },
        { type: "image", url: "data:," },
      ];
      const sessionId = "thread/1 ü%2F@:~";
      const events = await eventsOf(await ada().start({ sessionId, message }));
      expect(events[0]?.data?.["sessionId"]).toBe(sessionId);
      const id = ada().idOf(sessionId);
      expect((await snapshotOf(await ada().request("GET", ada().at(id)))).sessionId).toBe(sessionId);
      const listed = await ada().request("GET", `/sessions/${encodeURIComponent(sessionId)}/turns`);
      expect(((await listed.json()) as { turns: unknown[] }).turns).toHaveLength(1);
    });

    it("tells a failure as events", async () => {
      const events = await eventsOf(await ada().start({ sessionId: "failing", agent: "failing" }));
      expect(events.slice(-2).map(({ type, data }) => [type, data?.["message"]])).toEqual([
        ["error", "The model is away"],
        ["session.run.failed", "The model is away"],
      ]);
    });
  });

  describe("GET /turns/:executionId/events", () => {
    it("replays after a cursor; Last-Event-ID comes before `after`", async () => {
      const all = await eventsOf(await ada().start({ sessionId: "replay" }));
      const at = ada().at(ada().idOf("replay"), "/events");
      const get = async (query: string, headers = {}): Promise<TurnEvent[]> =>
        eventsOf(await ada().request("GET", at + query, { headers }));
      expect(await get("")).toEqual(all);
      expect(await get("?after=")).toEqual(all);
      expect(await get("?after=0")).toEqual(all);
      expect(await get("?after=3")).toEqual(all.slice(3));
      expect(await get("", { "last-event-id": "3" })).toEqual(all.slice(3));
      expect(await get("?after=1", { "last-event-id": "5" })).toEqual(all.slice(5));
      expect(await get("", { accept: "text/event-stream" })).toEqual(all);
    });

    it("has nothing for who has all: 204, at which an EventSource stops asking", async () => {
      const all = await eventsOf(await ada().start({ sessionId: "nothing-more" }));
      const at = ada().at(ada().idOf("nothing-more"), `/events?after=${all.length}`);
      for (const accept of ["text/event-stream", "application/x-ndjson"]) {
        const response = await ada().request("GET", at, { headers: { accept } });
        expect([response.status, await response.text()]).toEqual([204, ""]);
      }
    });

    it("follows a turn live, with heartbeats in its silences that are in nobody's log", async () => {
      const wish = { sessionId: "live", data: { gate: "live" } };
      const starter = await ada().start(wish);
      const reader = await ada().request("GET", ada().at(ada().idOf("live"), "/events"));
      const seen: TurnEvent[] = [];
      for await (const event of readTurn(reader)) {
        seen.push(event);
        if (event.type !== "session.run.heartbeat") continue;
        expect(event.id).toBeUndefined();
        await openGate(server(), "live");
      }
      expect(seen.some(({ type }) => type === "session.run.heartbeat")).toBe(true);
      const log = await eventsOf(await ada().start(wish));
      expect(log.some(({ type }) => type === "session.run.heartbeat")).toBe(false);
      expect(seen.filter(({ id }) => id !== undefined)).toEqual(log);
      expect((await eventsOf(starter)).filter(({ id }) => id !== undefined)).toEqual(log);
    });

    it("sends headers at once, also when nothing is said yet", async () => {
      void (await ada().start({ sessionId: "quiet", data: { gate: "quiet" } })).body?.cancel();
      const at = ada().at(ada().idOf("quiet"), "/events");
      const first: string[] = [];
      for await (const event of readTurn(await ada().request("GET", at))) {
        first.push(event.id ?? "");
        if (first.length === 3) break;
      }
      const startedAt = performance.now();
      const last = await until(
        async () =>
          ((await (await ada().request("GET", ada().at(ada().idOf("quiet")))).json()) as ExecutionSnapshot)
            .lastEventId ?? "",
        (id) => Number(id) >= 6,
        "the agent has said everything",
      );
      const response = await ada().request("GET", `${at}?after=${last}`);
      expect(response.status).toBe(200);
      expect(performance.now() - startedAt).toBeLessThan(2000);
      await openGate(server(), "quiet");
      expect((await eventsOf(response)).at(-1)?.type).toBe("session.run.completed");
    });
  });

  describe("HEAD", () => {
    it("answers like GET without a body, and leaves no reader behind", async () => {
      void (await ada().start({ sessionId: "head", data: { gate: "head" } })).body?.cancel();
      const id = ada().idOf("head");
      const before = await until(
        () => controlState(server()),
        ({ readers }) => readers === 0,
        "nobody reads",
      );
      for (const path of ["", "/events", "/events?after=2"]) {
        const head = await ada().request("HEAD", ada().at(id, path));
        expect(head.status).toBe(200);
        expect(await head.text()).toBe("");
        if (path !== "") expect(head.headers.get("x-execution-id")).toBe(id);
      }
      expect((await ada().request("HEAD", "/sessions/head/turns")).status).toBe(200);
      expect((await ada().request("HEAD", ada().at(id, "/events?after=99"))).status).toBe(409);
      expect((await ada().request("HEAD", ada().at(ada().idOf("none")))).status).toBe(404);
      const { readers, calls } = await controlState(server());
      expect([readers, calls]).toEqual([before.readers, before.calls]);
      await openGate(server(), "head");
    });
  });

  describe("the other routes", () => {
    it("inspect and stop", async () => {
      const starter = await ada().start({ sessionId: "stop", data: { gate: "never" } });
      const id = ada().idOf("stop");
      const running = await until(
        async () => snapshotOf(await ada().request("GET", ada().at(id))),
        ({ state }) => state === "running",
        "it runs",
      );
      expect([running.executionId, running.tenantId, running.sessionId]).toEqual([id, "acme", "stop"]);
      const stopped = await snapshotOf(
        await ada().request("POST", ada().at(id, "/cancel"), { body: { reason: "Enough" } }),
      );
      expect(["cancelling", "cancelled"]).toContain(stopped.state);
      const last = (await eventsOf(starter)).at(-1);
      expect([last?.type, last?.data?.["reason"]]).toEqual(["session.run.cancelled", "Enough"]);
      // A second stop changes nothing, and needs no body.
      expect((await snapshotOf(await ada().request("POST", ada().at(id, "/cancel"), { body: "" }))).state).toBe(
        "cancelled",
      );
    });

    it("stop also where the reason was cut off in the middle of an emoji", async () => {
      const starter = await ada().start({ sessionId: "stop-cut", data: { gate: "never" } });
      const path = ada().at(ada().idOf("stop-cut"), "/cancel");
      const response = await ada().request("POST", path, { body: { reason: "Enough \ud83d" } });
      expect(response.status).toBe(200);
      await response.body?.cancel();
      const last = (await eventsOf(starter)).at(-1);
      expect([last?.type, last?.data?.["reason"]]).toEqual(["session.run.cancelled", "Enough \ufffd"]);
    });

    for (const [decision, expected] of [
      [{ decision: "approve" }, "approve null"],
      [{ decision: "edit", input: { path: "/home" }, note: "not there" }, 'edit {"path":"/home"}'],
      [{ decision: "reject" }, "reject null"],
    ] as const) {
      it(`decide: ${decision.decision}`, async () => {
        const sessionId = `asking-${decision.decision}`;
        const starter = await ada().start({ sessionId, agent: "asking" });
        const id = ada().idOf(sessionId);
        const { approvals } = await until(
          async () => snapshotOf(await ada().request("GET", ada().at(id))),
          ({ state }) => state === "waiting_for_approval",
          "it waits",
        );
        expect(approvals).toMatchObject([{ toolName: "rm", input: { path: "/tmp" }, status: "pending" }]);
        const at = ada().at(id, `/approvals/${encodeURIComponent(approvals[0]?.approvalId ?? "")}`);
        await snapshotOf(await ada().request("POST", at, { body: decision }));
        expect((await eventsOf(starter)).filter(isTerminal).map(({ type }) => type)).toEqual(["session.run.completed"]);
        expect((await snapshotOf(await ada().request("GET", ada().at(id)))).finalText).toBe(`May I? ${expected}`);
        // Decided once: the same again is the same, another is refused.
        await snapshotOf(await ada().request("POST", at, { body: decision }));
        const other = decision.decision === "reject" ? "approve" : "reject";
        expect((await ada().request("POST", at, { body: { decision: other } })).status).toBe(409);
      });
    }

    it("list a session's turns, by state", async () => {
      for (const turnIndex of [0, 1]) await eventsOf(await ada().start({ sessionId: "listed", turnIndex }));
      void (await ada().start({ sessionId: "listed", turnIndex: 2, data: { gate: "listed" } })).body?.cancel();
      const list = async (query: string): Promise<string[]> => {
        const response = await ada().request("GET", `/sessions/listed/turns${query}`);
        const { turns } = (await response.json()) as { turns: ExecutionSnapshot[] };
        return turns.map(({ executionId }) => executionId);
      };
      const ids = [2, 1, 0].map((turnIndex) => ada().idOf("listed", turnIndex));
      expect(await list("")).toEqual(ids);
      expect(await list("?state=completed")).toEqual(ids.slice(1));
      expect(await list("?state=completed&state=queued,failed")).toEqual(ids.slice(1));
      expect(await list("?state=claimed,running")).toEqual(ids.slice(0, 1));
      await openGate(server(), "listed");
    });
  });
}
