import { readTurn } from "../../src/client/index.ts";
import type { TestApi } from "../support/test-api.ts";
import { controlState, createUser, eventsOf, openGate, problemOf, until } from "./http-client.ts";

/** Turns that the routes own: over a substrate whose log has no envelope, and with a bare `produce`. */
export function describeOwnTurns({ describe, it, expect }: TestApi, server: () => string): void {
  describe("a substrate without an envelope", () => {
    const ada = () => createUser(server(), "/raw");

    it("gets one from the routes, which run the hooks", async () => {
      for (const accept of ["application/x-ndjson", "text/event-stream"]) {
        const sessionId = `raw-${accept.slice(0, 4)}`;
        const response = await ada().start({ sessionId }, { headers: { accept } });
        expect(response.headers.get("x-execution-id")).toBe(ada().idOf(sessionId));
        const types = (await eventsOf(response)).map(({ type }) => type);
        expect([types[0], types.at(-1)]).toEqual(["session.run.started", "session.run.completed"]);
        expect((await controlState(server())).persisted[ada().idOf(sessionId)]).toBe("word0 word1 word2 ");
      }
    });

    it("is attached to after a cursor, and keeps the answer there too", async () => {
      const first = await eventsOf(await ada().start({ sessionId: "raw-again" }));
      const words = first.filter(({ id }) => id !== undefined);
      expect(words).toHaveLength(3);
      const at = ada().at(ada().idOf("raw-again"), "/events");
      const { calls } = await controlState(server());
      const rest = await eventsOf(await ada().request("GET", `${at}?after=${words[0]?.id}`));
      expect(rest.filter(({ id }) => id !== undefined)).toEqual(words.slice(1));
      expect(rest.at(-1)?.type).toBe("session.run.completed");
      expect((await ada().request("HEAD", at)).headers.get("x-execution-id")).toBe(ada().idOf("raw-again"));
      expect((await controlState(server())).calls).toBe(calls);
      expect((await ada().request("GET", ada().at(ada().idOf("raw-none"), "/events"))).status).toBe(404);
    });

    it("runs on without its client, and can be stopped", async () => {
      const leaver = await ada().start({ sessionId: "raw-left", data: { gate: "raw-left" } });
      await leaver.body?.cancel();
      await openGate(server(), "raw-left");
      await until(
        () => controlState(server()),
        ({ persisted }) => persisted[ada().idOf("raw-left")] !== undefined,
        "the answer is kept",
      );
      const stopped = await ada().start({ sessionId: "raw-stopped", data: { gate: "never" } });
      const id = ada().idOf("raw-stopped");
      await until(
        async () => (await ada().request("POST", ada().at(id, "/cancel"), { body: {} })).status,
        (status) => status === 200,
        "it is stopped",
      );
      expect((await eventsOf(stopped)).at(-1)?.type).toMatch(/^session\.run\./);
    });

    it("says so where it cannot list", async () => {
      const response = await ada().request("GET", "/sessions/x/turns");
      expect([response.status, (await problemOf(response)).code]).toEqual([501, "not-supported"]);
    });
  });

  describe("a bare produce", () => {
    const ada = () => createUser(server(), "/bare");

    it("answers, keeps the answer, and has heartbeats", async () => {
      const response = await ada().start({ sessionId: "bare", data: { gate: "bare" } });
      expect(response.headers.get("x-execution-id")).toBe(ada().idOf("bare"));
      const types: string[] = [];
      for await (const { type } of readTurn(response)) {
        types.push(type);
        if (type === "session.run.heartbeat") await openGate(server(), "bare");
      }
      expect([types[0], types.at(-1)]).toEqual(["session.run.started", "session.run.completed"]);
      expect(types).toContain("session.run.heartbeat");
      expect((await controlState(server())).persisted[ada().idOf("bare")]).toBe("word0 word1 word2 ");
    });

    it("has no other routes: 501", async () => {
      const id = ada().idOf("bare");
      for (const [method, path] of [
        ["GET", ada().at(id)],
        ["GET", ada().at(id, "/events")],
        ["POST", ada().at(id, "/cancel")],
        ["POST", ada().at(id, "/approvals/x")],
        ["GET", "/sessions/bare/turns"],
      ] as const) {
        const response = await ada().request(method, path);
        expect(response.status).toBe(501);
        expect(await problemOf(response)).toMatchObject({ code: "not-supported", retryable: false });
      }
    });

    it("goes on when its client leaves, or is stopped by that, as onDisconnect says", async () => {
      for (const [mount, kept] of [
        ["/bare", true],
        ["/bare-cancel", false],
      ] as const) {
        const user = createUser(server(), mount);
        const sessionId = `left${mount}`;
        const leaver = await user.start({ sessionId, data: { count: 2, gate: sessionId.replace("/", "-") } });
        const reader = leaver.body?.getReader();
        await reader?.read();
        await reader?.cancel();
        if (kept) {
          await openGate(server(), sessionId.replace("/", "-"));
          await until(
            () => controlState(server()),
            ({ persisted }) => user.idOf(sessionId) in persisted,
            "it is kept",
          );
        } else {
          // Another turn that is read to its end shows that there was time enough.
          await eventsOf(await user.start({ sessionId: "after-left" }));
          await openGate(server(), sessionId.replace("/", "-"));
          await eventsOf(await user.start({ sessionId: "after-left-2" }));
          expect(user.idOf(sessionId) in (await controlState(server())).persisted).toBe(false);
        }
      }
    });
  });
}
