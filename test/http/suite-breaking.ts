import { connect } from "node:net";
import { readTurn } from "../../src/client/index.ts";
import type { TestApi } from "../support/test-api.ts";
import { controlState, createUser, eventsOf, openGate, requestBytes, sendAndReset, until } from "./http-client.ts";
import { LIMITS } from "./test-app.ts";

const READERS = 1000;

/** Readers and requests that do not behave. */
export function describeBreaking({ describe, it, expect }: TestApi, server: () => string): void {
  const ada = () => createUser(server(), "/stored");
  const headers = { authorization: "Bearer acme/ada", "content-type": "application/json" };
  const nobodyReads = (): Promise<unknown> =>
    until(
      () => controlState(server()),
      ({ readers }) => readers === 0,
      "nobody reads",
    );

  describe("a reader", () => {
    it("that never reads holds up neither a stored turn nor the server", async () => {
      // More than the sockets of any platform take in.
      const count = 15_000;
      const wish = { sessionId: "never-reads", data: { count, size: 1000 } };
      const body = JSON.stringify({ turnIndex: 0, message: "Hello", ...wish });
      const { hostname, port } = new URL(server());
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on("error", () => undefined);
      socket.pause();
      socket.write(requestBytes(ada().url, "POST", "/turns", headers, body));
      await until(
        () => controlState(server()),
        ({ persisted }) => persisted[ada().idOf("never-reads")]?.length === count * 1000,
        "the turn has ended",
      );
      expect((await controlState(server())).readers).toBeGreaterThan(0);
      // Another reader gets everything meanwhile.
      expect(await eventsOf(await ada().start(wish))).toHaveLength(count + 5);
      socket.resetAndDestroy();
      await nobodyReads();
    }, 30_000);

    it("that never reads stops a turn that its request owns after a bounded buffer", async () => {
      const user = createUser(server(), "/bare");
      const before = await controlState(server());
      const count = 100_000;
      const body = JSON.stringify({ sessionId: "hog", turnIndex: 0, message: "Hello", data: { count, size: 1000 } });
      const { hostname, port } = new URL(server());
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on("error", () => undefined);
      socket.pause();
      socket.write(requestBytes(user.url, "POST", "/turns", headers, body));
      let last = -1;
      const still = await until(
        async () => {
          await new Promise((resolve) => setTimeout(resolve, 150));
          const { produced } = await controlState(server());
          const stands = produced === last && produced > before.produced;
          last = produced;
          return { stands, produced };
        },
        ({ stands }) => stands,
        "the turn stands still",
      );
      // Ours is 16 KiB; the rest is what sockets and the platform's server take.
      expect((still.produced - before.produced) * 1000).toBeLessThan(12_000_000 + LIMITS.maxBufferedBytes);
      socket.resetAndDestroy();
    }, 30_000);

    it("that leaves is gone from the substrate at once, and the turn goes on", async () => {
      await nobodyReads();
      const leaver = new AbortController();
      const wish = { sessionId: "leaves", data: { gate: "leaves" } };
      const response = await ada().start(wish, { signal: leaver.signal });
      await response.body?.getReader().read();
      expect((await controlState(server())).readers).toBe(1);
      leaver.abort();
      await nobodyReads();
      await openGate(server(), "leaves");
      expect((await eventsOf(await ada().start(wish))).at(-1)?.type).toBe("session.run.completed");
    });

    it(`is one of ${READERS} on one execution`, async () => {
      const wish = { sessionId: "crowd", data: { count: 20, gate: "crowd" } };
      const { calls } = await controlState(server());
      const first = await ada().start(wish);
      const at = ada().at(ada().idOf("crowd"), "/events");
      const readers = Array.from({ length: READERS }, async () => {
        const ids: string[] = [];
        for await (const { id } of readTurn(await ada().request("GET", at))) if (id !== undefined) ids.push(id);
        return ids.join();
      });
      await until(
        () => controlState(server()),
        (state) => state.readers === READERS + 1,
        "all read",
      );
      await openGate(server(), "crowd");
      const expected = (await eventsOf(first)).flatMap(({ id }) => id ?? []).join();
      expect(new Set(await Promise.all(readers))).toEqual(new Set([expected]));
      expect((await controlState(server())).calls).toBe(calls + 1);
      await nobodyReads();
    }, 60_000);
  });

  describe("a request", () => {
    const body = JSON.stringify({ sessionId: "cut", turnIndex: 0, message: "Hello", data: { count: 1 } });

    it("that is cut off at each byte of itself starts nothing", async () => {
      const before = await controlState(server());
      const bytes = requestBytes(ada().url, "POST", "/turns", headers, body);
      for (let length = 0; length < bytes.length; length++) {
        await sendAndReset(server(), bytes.slice(0, length), 0);
      }
      // A whole one still works, and is the first that starts anything.
      const whole = await eventsOf(await ada().start({ sessionId: "whole" }));
      expect(whole.at(-1)?.type).toBe("session.run.completed");
      const { calls } = await controlState(server());
      expect(calls).toBe(before.calls + 1);
    }, 30_000);

    it("that is cut off at each byte of its answer changes nothing", async () => {
      const log = await (await ada().start({ sessionId: "cut", data: { count: 1 } })).text();
      const { calls } = await controlState(server());
      const bytes = requestBytes(ada().url, "POST", "/turns", headers, body);
      for (let length = 1; length < log.length + 250; length += 1) await sendAndReset(server(), bytes, length);
      expect(await (await ada().start({ sessionId: "cut", data: { count: 1 } })).text()).toBe(log);
      expect((await controlState(server())).calls).toBe(calls);
      await nobodyReads();
    }, 60_000);

    it("whose body grows beyond the limit is answered before its end, whatever it says of its size", async () => {
      const { calls } = await controlState(server());
      const { hostname, port, host } = new URL(server());
      const piece = "x".repeat(1000);
      const answer = await new Promise<string>((resolve, reject) => {
        let said = "";
        const socket = connect({ host: hostname, port: Number(port) }, () => {
          socket.write(
            `POST /stored/turns HTTP/1.1\r\nhost: ${host}\r\nauthorization: ${headers.authorization}\r\n` +
              `content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
          );
          // More than the limit, and no end.
          const all = Array.from({ length: 30 }, () => `${piece.length.toString(16)}\r\n${piece}\r\n`).join("");
          socket.write(all);
        });
        socket.on("data", (chunk) => {
          said += String(chunk);
          if (said.includes('"retryable"')) {
            socket.destroy();
            resolve(said);
          }
        });
        socket.on("error", reject);
        socket.on("close", () => resolve(said));
      });
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer).toContain('"code":"too-large"');
      expect((await controlState(server())).calls).toBe(calls);
    });
  });
}
