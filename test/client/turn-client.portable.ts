import {
  createTurnClient,
  isTurnError,
  type TurnClient,
  type TurnClientOptions,
  type TurnEvent,
  type TurnStream,
} from "../../src/client/index.ts";
import {
  BASE,
  EXECUTION,
  problem,
  type Reply,
  type ScriptedFetch,
  scriptFetch,
  type SentRequest,
} from "../support/scripted-fetch.ts";
import { createByteSource } from "../support/byte-source.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createVirtualClock, type VirtualClock } from "../support/virtual-clock.ts";

const delta = (id: number, text: string): TurnEvent => ({
  id: String(id),
  type: "message.part.updated",
  data: { part: { type: "text" }, delta: text },
});
const started: TurnEvent = { id: "1", type: "session.run.started", data: { executionId: EXECUTION } };
const completed = (id: number): TurnEvent => ({
  id: String(id),
  type: "session.run.completed",
  data: { usage: { outputTokens: 2 } },
});
const whole = [started, delta(2, "Hel"), delta(3, "lo"), completed(4)];
const turn = { sessionId: "s", turnIndex: 0, message: "Hi" };
const at = `/turns/${encodeURIComponent(EXECUTION)}`;

interface Setting {
  readonly client: TurnClient;
  readonly clock: VirtualClock;
  readonly script: ScriptedFetch;
  readonly wake: () => void;
  readonly listening: () => number;
}

type Script = readonly (Reply | ((request: SentRequest) => Reply | Promise<Reply>))[];

function setUp(replies: Script, options: Partial<TurnClientOptions> = {}): Setting {
  const clock = createVirtualClock();
  const script = scriptFetch(replies);
  const wakers = new Set<() => void>();
  const client = createTurnClient({
    baseUrl: `${BASE}/`,
    fetch: script.fetch,
    clock,
    // The longest pause of all.
    random: () => 1,
    onWake(wake) {
      wakers.add(wake);
      return () => void wakers.delete(wake);
    },
    ...options,
  });
  return { client, clock, script, wake: () => wakers.forEach((wake) => wake()), listening: () => wakers.size };
}

interface Read {
  readonly events: TurnEvent[];
  readonly done: Promise<{ readonly error?: unknown }>;
}

function read(stream: TurnStream): Read {
  const events: TurnEvent[] = [];
  const done = (async () => {
    try {
      for await (const event of stream) events.push(event);
      return {};
    } catch (error) {
      return { error };
    }
  })();
  return { events, done };
}

const suite: PortableSuite = ({ describe, it, expect }) => {
  const failure = async (promise: Promise<unknown>): Promise<unknown> => {
    try {
      await promise;
    } catch (error) {
      return error;
    }
    throw new Error("It did not fail");
  };

  describe("start", () => {
    it("posts the turn and yields its events; text, status and outcome go with them", async () => {
      const { client, script, listening } = setUp([{ events: whole }], {
        headers: () => Promise.resolve({ authorization: "x" }),
      });
      const stream = client.start({ ...turn, attempt: 1, data: { a: 1 } });
      expect(stream.status).toBe("connecting");
      const seen: string[] = [];
      for await (const { type } of stream) seen.push(`${type} ${stream.text} ${stream.status}`);
      expect(seen).toEqual([
        "session.run.started  streaming",
        "message.part.updated Hel streaming",
        "message.part.updated Hello streaming",
        "session.run.completed Hello ended",
      ]);
      expect(await stream.executionId).toBe(EXECUTION);
      expect(await stream.finished).toEqual({
        status: "completed",
        finalText: "Hello",
        persisted: true,
        usage: { outputTokens: 2 },
      });
      expect(script.sent).toMatchObject([
        {
          method: "POST",
          path: "/turns",
          body: { ...turn, attempt: 1, data: { a: 1 } },
          headers: { authorization: "x" },
        },
      ]);
      expect(script.cancelled()).toBe(1);
      expect(listening()).toBe(0);
    });

    it("tells failed and cancelled turns", async () => {
      const failed: TurnEvent = { id: "2", type: "session.run.failed", data: { message: "No", code: "agent-failed" } };
      const one = setUp([{ events: [started, failed] }]).client.start(turn);
      expect(await one.finished).toEqual({
        status: "failed",
        finalText: "",
        persisted: false,
        failure: { message: "No", code: "agent-failed" },
      });
      const two = setUp([{ events: [started, { type: "session.run.cancelled" }] }]).client.start(turn);
      expect(await two.finished).toEqual({ status: "cancelled", finalText: "", persisted: false });
    });

    it("posts again while no answer has come, and never after one has", async () => {
      const { client, clock, script } = setUp([
        { error: new TypeError("refused") },
        problem(502, "upstream-failed", { retryable: true }),
        new Response("<h1>", { status: 503 }),
        new Response("<h1>", { headers: { "content-type": "text/html" } }),
        { events: whole.slice(0, 2), last: new Error("reset") },
        { events: whole.slice(2) },
      ]);
      const { events, done } = read(client.start(turn));
      await clock.advance(60_000);
      expect(await done).toEqual({});
      expect(events).toEqual(whole);
      expect(script.sent.map(({ method, path }) => `${method} ${path}`)).toEqual([
        ...Array.from({ length: 5 }, () => "POST /turns"),
        `GET ${at}/events?after=2`,
      ]);
    });

    it("finds the execution by its first event where the header does not reach the page", async () => {
      const { client, clock, script } = setUp([{ events: [started], executionId: null }, { events: whole.slice(1) }]);
      const stream = client.start(turn);
      const { events, done } = read(stream);
      await clock.advance(1000);
      await done;
      expect(events).toEqual(whole);
      expect(await stream.executionId).toBe(EXECUTION);
      expect(script.sent[1]?.path).toBe(`${at}/events?after=1`);
    });

    it("posts again with the cursor where nothing names the execution", async () => {
      const nameless: TurnEvent = { ...started, data: {} };
      const { client, clock, script } = setUp([{ events: [nameless], executionId: null }, { events: whole.slice(1) }]);
      const { events, done } = read(client.start(turn));
      await clock.advance(1000);
      await done;
      expect(events).toHaveLength(4);
      expect(script.sent[1]).toMatchObject({ method: "POST", path: "/turns", body: { ...turn, after: "1" } });
    });
  });

  describe("attach", () => {
    it("reads from the start or after a cursor", async () => {
      const { client, script } = setUp([{ events: whole }, { events: whole.slice(3) }]);
      const stream = client.attach(EXECUTION);
      expect(await stream.executionId).toBe(EXECUTION);
      expect(await read(stream).done).toEqual({});
      const rest = read(client.attach(EXECUTION, { after: "3" }));
      await rest.done;
      expect(rest.events).toEqual(whole.slice(3));
      expect(script.sent.map(({ path }) => path)).toEqual([`${at}/events`, `${at}/events?after=3`]);
    });

    it("learns how a turn ended of which it has all", async () => {
      const snapshot = { state: "failed", finalText: "Hel", failure: { message: "No" }, approvals: [] };
      const { client } = setUp([new Response(null, { status: 204 }), Response.json(snapshot)]);
      const stream = client.attach(EXECUTION, { after: "4" });
      const { events, done } = read(stream);
      await done;
      expect(events).toEqual([]);
      expect(await stream.finished).toEqual({
        status: "failed",
        finalText: "Hel",
        persisted: false,
        failure: { message: "No" },
      });
    });
  });

  describe("reconnecting", () => {
    for (const [name, last] of [
      ["a dropped socket", new Error("reset")],
      ["a clean end without a terminal", "end"],
      ["a stall", "hang"],
    ] as const) {
      it(`goes on after the last event: ${name}`, async () => {
        const { client, clock, script } = setUp(
          [
            { events: whole.slice(0, 2), last },
            { events: [], last },
            { events: whole.slice(2, 3), last },
            { events: whole.slice(3) },
          ],
          { stallMs: 500 },
        );
        const stream = client.start(turn);
        const { events, done } = read(stream);
        await clock.advance(last === "hang" ? 500 : 0);
        expect(stream.status).toBe("reconnecting");
        expect(stream.text).toBe("Hel");
        await clock.advance(10_000);
        expect(await done).toEqual({});
        expect(events).toEqual(whole);
        expect(script.sent.map(({ path }) => path)).toEqual([
          "/turns",
          `${at}/events?after=2`,
          `${at}/events?after=2`,
          `${at}/events?after=3`,
        ]);
        expect(clock.pending).toBe(0);
      });
    }

    it("gives up a request that is not answered in time, also where fetch does not listen", async () => {
      for (const deaf of [false, true]) {
        const { client, clock, script } = setUp([{ hang: true, deaf }, { events: whole }], { stallMs: 500 });
        const { done } = read(client.start(turn));
        await clock.advance(2000);
        expect(await done).toEqual({});
        expect(script.sent[0]?.aborted()).toBe(true);
      }
    });

    it("does not take a large event that comes slowly for a silence, and still notices one in its middle", async () => {
      const line = `${JSON.stringify(delta(2, "x".repeat(1000)))}\n`;
      const pieces = [`${JSON.stringify(started)}\n`, line.slice(0, 300), line.slice(300, 600), line.slice(600)];
      for (const cutAt of [pieces.length, 2]) {
        let cancelled = 0;
        let next = 0;
        const clock = createVirtualClock();
        const body = new ReadableStream<Uint8Array>(
          {
            pull: (controller) =>
              new Promise((resolve) => {
                if (next === cutAt) return;
                clock.after(400, () => {
                  controller.enqueue(new TextEncoder().encode(pieces[next++]));
                  resolve();
                });
              }),
            cancel: () => void cancelled++,
          },
          { highWaterMark: 0 },
        );
        const headers = { "content-type": "application/x-ndjson", "x-execution-id": EXECUTION };
        // This one does not listen to its signal: the client has to let go of the body by itself.
        const { client, script } = setUp([new Response(body, { headers }), { events: [completed(3)] }], {
          stallMs: 500,
          clock,
        });
        const { events, done } = read(client.start(turn));
        // The last byte that is heard comes after 800 ms, or after 1600.
        await clock.advance(400 * cutAt + 499);
        expect(script.sent[0]?.aborted()).toBe(false);
        await clock.advance(1000);
        expect(await done).toEqual({});
        expect(events).toHaveLength(cutAt === 2 ? 2 : 3);
        expect(script.sent.map(({ path }) => path)).toEqual(["/turns", `${at}/events?after=${cutAt === 2 ? 1 : 2}`]);
        expect([cancelled, clock.pending]).toEqual([1, 0]);
      }
    });

    it("takes half an event, and what is no event, for a broken connection", async () => {
      for (const more of ['{"type":"mess', "<html>Bad gateway</html>\n", "\u0000\n"]) {
        const { client, clock } = setUp([{ events: whole.slice(0, 2), more }, { events: whole.slice(2) }]);
        const { events, done } = read(client.start(turn));
        await clock.advance(1000);
        expect(await done).toEqual({});
        expect(events).toEqual(whole);
      }
    });

    it("waits longer each time, at most so long, and with jitter", async () => {
      const dead = { error: new TypeError("refused") };
      const times: number[] = [];
      const { client, clock } = setUp(
        Array.from({ length: 6 }, () => () => {
          times.push(clock.now());
          return dead;
        }),
        { retry: { baseMs: 100, maxMs: 500, attempts: 5 } },
      );
      const { done } = read(client.start(turn));
      await clock.advance(10_000);
      const { error } = await done;
      expect(times.map((time, index) => time - (times[index - 1] ?? time))).toEqual([0, 100, 200, 400, 500, 500]);
      expect(isTurnError(error, "connection-lost")).toBe(true);
      expect(String(error)).toMatch(/Gave up after 6 tries.*refused/);
      const half = setUp([dead, { events: whole }], { random: () => 0.5, retry: { baseMs: 100 } });
      const { done: halfDone } = read(half.client.start(turn));
      await half.clock.advance(49);
      expect(half.script.sent).toHaveLength(1);
      await half.clock.advance(1);
      expect(await halfDone).toEqual({});
    });

    it("counts only failures in a row", async () => {
      const beat: TurnEvent = { type: "session.run.heartbeat" };
      const flaky = Array.from({ length: 20 }, (): Reply => ({ events: [beat], last: new Error("reset") }));
      const { client, clock } = setUp([{ events: [started] }, ...flaky, { events: whole.slice(1) }], {
        retry: { attempts: 1 },
      });
      const { events, done } = read(client.start(turn));
      await clock.advance(60_000);
      expect(await done).toEqual({});
      expect(events.filter(({ id }) => id !== undefined)).toEqual(whole);
      expect(events.filter(({ type }) => type === beat.type)).toHaveLength(20);
    });

    it("waits as long as retry-after says, in seconds or as a date", async () => {
      for (const retryAfter of [() => "7", (clock: VirtualClock) => new Date(clock.now() + 7000).toUTCString()]) {
        const setting: Setting = setUp([
          () => problem(409, "session-busy", { retryable: true, retryAfter: retryAfter(setting.clock) }),
          { events: whole },
        ]);
        const { done } = read(setting.client.start(turn));
        await setting.clock.advance(5900);
        // Not even a page that wakes up comes before.
        setting.wake();
        await setting.clock.advance(0);
        expect(setting.script.sent).toHaveLength(1);
        await setting.clock.advance(1100);
        expect(await done).toEqual({});
      }
    });

    it("ends at once at what no second try changes", async () => {
      for (const [status, code] of [
        [400, "invalid-request"],
        [401, "unauthorized"],
        [403, "forbidden"],
        [404, "execution-not-found"],
        [409, "execution-conflict"],
        [409, "cursor-ahead"],
        [410, "cursor-gap"],
        [501, "not-supported"],
      ] as const) {
        for (const before of [[], [{ events: [started] }]]) {
          const { client, clock, script, listening } = setUp([...before, problem(status, code)]);
          const stream = client.start(turn);
          const { done } = read(stream);
          await clock.advance(10_000);
          const { error } = await done;
          expect(error).toMatchObject({ code, status });
          expect(await failure(stream.finished)).toBe(error);
          expect(script.sent).toHaveLength(before.length + 1);
          expect([stream.status, listening(), clock.pending]).toEqual(["ended", 0, 0]);
        }
      }
    });

    it("passes over the started event of a handler that wraps a raw log anew", async () => {
      const bare: TurnEvent = { type: "session.run.started", data: {} };
      const { client, clock } = setUp([
        { events: [bare, delta(1, "a")] },
        { events: [bare, delta(2, "b"), { type: "session.run.completed" }] },
      ]);
      const { events, done } = read(client.start(turn));
      await clock.advance(1000);
      await done;
      expect(events.map(({ type }) => type)).toEqual([
        bare.type,
        "message.part.updated",
        "message.part.updated",
        "session.run.completed",
      ]);
    });

    it("takes back what a restart takes back", async () => {
      const restarted: TurnEvent = { id: "3", type: "run.restarted", data: { attempt: 2, keep: "1" } };
      const { client, clock } = setUp([
        { events: [started, delta(2, "Wrong")] },
        { events: [restarted, delta(4, "Right"), completed(5)] },
      ]);
      const stream = client.start(turn);
      const { done } = read(stream);
      await clock.advance(1000);
      await done;
      expect((await stream.finished).finalText).toBe("Right");
    });
  });

  describe("a page that comes back", () => {
    it("does not wait out a pause", async () => {
      const { client, clock, script, wake } = setUp([{ error: new TypeError("offline") }, { events: whole }], {
        retry: { baseMs: 10_000 },
      });
      const { done } = read(client.start(turn));
      await clock.advance(10);
      expect(script.sent).toHaveLength(1);
      wake();
      expect(await done).toEqual({});
    });

    it("drops a connection that has been silent, and no other; one request at a time", async () => {
      const { client, clock, script, wake } = setUp(
        [{ events: [started], last: "hang" }, { hang: true }, { events: whole.slice(1) }],
        { stallMs: 20_000 },
      );
      const stream = client.start(turn);
      const { events, done } = read(stream);
      await clock.advance(999);
      wake();
      await clock.advance(0);
      expect([stream.status, script.sent.length]).toEqual(["streaming", 1]);
      await clock.advance(1);
      wake();
      wake();
      await clock.advance(250);
      expect(script.sent).toHaveLength(2);
      // While one is asked for, another is not.
      for (let i = 0; i < 5; i++) wake();
      await clock.advance(5000);
      expect(script.sent).toHaveLength(2);
      await clock.advance(20_000);
      expect(await done).toEqual({});
      expect(events).toEqual(whole);
    });
  });

  describe("leaving and stopping", () => {
    it("detach leaves at once, at any moment, and stops nothing", async () => {
      const moments: Script[] = [
        [{ hang: true }],
        [{ hang: true, deaf: true }],
        [{ error: new TypeError("refused") }],
        [{ events: [started], last: "hang" }],
        [{ events: [started] }, { hang: true }],
      ];
      for (const replies of moments) {
        const { client, clock, script, listening } = setUp(replies);
        const stream = client.start(turn);
        const { done } = read(stream);
        await clock.advance(replies.length > 1 ? 300 : 0);
        stream.detach();
        expect(await done).toEqual({});
        expect(isTurnError(await failure(stream.finished), "closed")).toBe(true);
        await clock.advance(60_000);
        expect(script.sent).toHaveLength(replies.length);
        expect([stream.status, listening(), clock.pending]).toEqual(["ended", 0, 0]);
      }
    });

    it("detach leaves at once, also where the end of a turn is asked for that has nothing left to read", async () => {
      const { client, clock, script, listening } = setUp([new Response(null, { status: 204 }), { hang: true }]);
      const stream = client.attach(EXECUTION, { after: "4" });
      const { done } = read(stream);
      await clock.advance(0);
      expect(script.sent.map(({ path }) => path)).toEqual([`${at}/events?after=4`, at]);
      stream.detach();
      expect(await done).toEqual({});
      expect(isTurnError(await failure(stream.finished), "closed")).toBe(true);
      await clock.advance(600_000);
      expect(script.sent).toHaveLength(2);
      expect(script.sent[1]?.aborted()).toBe(true);
      expect([stream.status, listening(), clock.pending]).toEqual(["ended", 0, 0]);
    });

    it("detach holds though the answer comes in the same moment", async () => {
      for (let ticks = 0; ticks < 12; ticks++) {
        let answer: ((response: Response) => void) | undefined;
        const { client, clock, script } = setUp([], {
          fetch: (url, init) => {
            void script.fetch(url, init).catch(() => undefined);
            return new Promise((resolve) => (answer = resolve));
          },
        });
        const stream = client.attach(EXECUTION);
        await clock.advance(0);
        const headers = { "content-type": "application/x-ndjson" };
        answer?.(new Response(new ReadableStream(), { headers }));
        for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
        stream.detach();
        for (let tick = 0; tick < 20; tick++) {
          expect(stream.status).toBe("ended");
          await Promise.resolve();
        }
        await clock.advance(60_000);
        expect(script.sent).toHaveLength(1);
        expect([stream.status, clock.pending]).toEqual(["ended", 0]);
      }
    });

    it("so do leaving the loop, and the signal", async () => {
      const { client, script } = setUp([
        { events: [started], last: "hang" },
        { events: [started], last: "hang" },
      ]);
      for await (const event of client.start(turn)) {
        expect(event).toEqual(started);
        break;
      }
      expect(script.cancelled()).toBe(1);
      const leaver = new AbortController();
      const { events, done } = read(client.start({ ...turn, signal: leaver.signal }));
      while (events.length === 0) await Promise.resolve();
      leaver.abort();
      expect(await done).toEqual({});
      const never = client.start({ ...turn, signal: AbortSignal.abort() });
      expect(await read(never).done).toEqual({});
      expect(script.sent).toHaveLength(2);
    });

    it("cancel stops the turn, and its end comes as an event", async () => {
      let stop: (() => void) | undefined;
      const stopped = new Promise<void>((resolve) => (stop = resolve));
      const { client, clock, script } = setUp([
        { events: [started], last: "end" },
        async () => {
          await stopped;
          return { events: [{ id: "2", type: "session.run.cancelled" }] };
        },
        () => {
          stop?.();
          return Response.json({ state: "cancelling" });
        },
      ]);
      const stream = client.start(turn);
      const { done } = read(stream);
      await clock.advance(1000);
      await stream.cancel("Enough");
      expect(script.sent[2]).toMatchObject({ method: "POST", path: `${at}/cancel`, body: { reason: "Enough" } });
      expect(await done).toEqual({});
      expect((await stream.finished).status).toBe("cancelled");
    });

    it("cancel works before the start is answered: it waits for the id, through failures", async () => {
      let sawCancel = false;
      const { client, clock } = setUp([
        { error: new TypeError("refused") },
        ({ method }) => ({ events: [started], last: "hang", executionId: method === "POST" ? EXECUTION : null }),
        ({ path }) => {
          sawCancel = path === `${at}/cancel`;
          return { error: new TypeError("refused") };
        },
        Response.json({ state: "cancelled" }),
      ]);
      const stream = client.start(turn);
      const cancelled = stream.cancel();
      await clock.advance(5000);
      await cancelled;
      expect(sawCancel).toBe(true);
      stream.detach();
    });

    it("cancel of a turn that could not be started says why", async () => {
      const { client, clock } = setUp([problem(401, "unauthorized")]);
      const stream = client.start(turn);
      const cancelled = failure(stream.cancel());
      await clock.advance(0);
      expect(await cancelled).toMatchObject({ code: "unauthorized" });
    });
  });

  describe("approvals", () => {
    it("show as waiting, and are answered through the stream", async () => {
      const state = (id: number, next: string): TurnEvent => ({
        id: String(id),
        type: "run.state.changed",
        data: { state: next },
      });
      const decided: unknown[] = [];
      const decide = ({ path, body }: SentRequest): Reply => {
        decided.push([path, body]);
        return Response.json({ state: "resuming" });
      };
      const { client, clock } = setUp([
        { events: [started, state(2, "waiting_for_approval")], last: "hang" },
        decide,
        decide,
        decide,
        { events: [state(3, "resuming"), completed(4)] },
      ]);
      const stream = client.start(turn);
      const statuses: string[] = [];
      const done = (async () => {
        for await (const _ of stream) statuses.push(stream.status);
      })();
      await clock.advance(0);
      await stream.approve("a/1");
      await stream.edit("a/1", { path: "/" });
      await stream.reject("a/1", "no");
      await clock.advance(60_000);
      await done;
      const path = `${at}/approvals/a%2F1`;
      expect(decided).toEqual([
        [path, { decision: "approve" }],
        [path, { decision: "edit", input: { path: "/" } }],
        [path, { decision: "reject", note: "no" }],
      ]);
      expect(statuses).toEqual(["streaming", "waiting", "streaming", "ended"]);
    });
  });

  describe("inspect, cancel and decide", () => {
    it("are sent again when a connection fails, and not when they are refused", async () => {
      const snapshot = { executionId: EXECUTION, state: "running", approvals: [] };
      const { client, clock, script } = setUp(
        [
          { error: new TypeError("refused") },
          { hang: true },
          new Response("<h1>", { status: 502 }),
          new Response("<h1>Not JSON</h1>"),
          Response.json(snapshot),
          problem(404, "execution-not-found"),
          problem(409, "approval-decided"),
        ],
        { stallMs: 100 },
      );
      const inspected = client.inspect(EXECUTION);
      await clock.advance(60_000);
      expect(await inspected).toEqual(snapshot);
      expect(await failure(client.cancel("x"))).toMatchObject({ code: "execution-not-found" });
      expect(await failure(client.decide("x", "y", { decision: "approve" }))).toMatchObject({
        code: "approval-decided",
      });
      expect(script.sent).toHaveLength(7);
      expect(clock.pending).toBe(0);
    });
  });

  describe("a refusal that breaks off before it has said what it is", () => {
    const headers = { "content-type": "application/problem+json" };
    it("is asked for again", async () => {
      const cut = new Response(createByteSource(['{"code":"appr'], new Error("socket closed")).stream, {
        status: 410,
        headers,
      });
      const { client, clock, script } = setUp([cut, problem(410, "approval-expired")]);
      const decided = failure(client.decide("x", "y", { decision: "approve" }));
      await clock.advance(60_000);
      expect(await decided).toMatchObject({ code: "approval-expired" });
      expect(script.sent).toHaveLength(2);
    });

    it("is final where its status says enough", async () => {
      const { client, script } = setUp([new Response(null, { status: 401, headers })]);
      expect(await failure(client.inspect("x"))).toMatchObject({ code: "unauthorized", retryable: false });
      expect(script.sent).toHaveLength(1);
    });
  });

  describe("reading", () => {
    it("goes no faster than the loop: beyond the first event nothing is read before it is wanted", async () => {
      const many = [started, ...Array.from({ length: 500 }, (_, index) => delta(index + 2, "x")), completed(502)];
      const { client, clock, script } = setUp([{ events: many }]);
      const stream = client.start(turn);
      await clock.advance(100_000);
      expect(script.pulls()).toBe(1);
      const iterator = stream[Symbol.asyncIterator]();
      for (let i = 0; i < 10; i++) await iterator.next();
      await clock.advance(100_000);
      expect(script.pulls()).toBe(10);
      expect(stream.text).toBe("x".repeat(9));
      expect(script.sent).toHaveLength(1);
      stream.detach();
    });

    it("goes to the end for `finished` alone, also of a long turn", async () => {
      const many = [started, ...Array.from({ length: 3000 }, (_, index) => delta(index + 2, "x")), completed(3002)];
      const stream = setUp([{ events: many }]).client.start(turn);
      expect((await stream.finished).finalText).toHaveLength(3000);
      // A loop that begins now would not get everything, and says so.
      expect((await read(stream).done).error).toBeInstanceOf(TypeError);
    });

    it("goes to the end for `finished` though a loop comes too late", async () => {
      let goOn: (() => void) | undefined;
      const rest = new Promise<void>((resolve) => (goOn = resolve));
      const begin = [started, ...Array.from({ length: 1500 }, (_, index) => delta(index + 2, "x"))];
      const { client, clock } = setUp([
        { events: begin },
        async () => {
          await rest;
          return { events: [delta(1502, "y"), delta(1503, "z"), completed(1504)] };
        },
      ]);
      const stream = client.start(turn);
      const finished = stream.finished;
      while (stream.status !== "reconnecting") await clock.advance(0);
      expect((await read(stream).done).error).toBeInstanceOf(TypeError);
      goOn?.();
      await clock.advance(1000);
      expect(stream.status).toBe("ended");
      expect((await finished).finalText).toHaveLength(1502);
    });

    it("goes no faster than a loop that begins after `finished` was asked for", async () => {
      const many = [started, ...Array.from({ length: 500 }, (_, index) => delta(index + 2, "x")), completed(502)];
      const { client, clock, script } = setUp([{ events: many }]);
      const stream = client.start(turn);
      stream.finished.catch(() => undefined);
      await stream[Symbol.asyncIterator]().next();
      await clock.advance(1000);
      expect(script.pulls()).toBeLessThan(20);
      stream.detach();
    });

    it("loses nothing when `finished` is asked for before the loop begins", async () => {
      for (const ticks of [0, 1, 5, 50]) {
        const stream = setUp([{ events: whole }]).client.start(turn);
        const finished = stream.finished;
        for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
        const { events, done } = read(stream);
        await done;
        expect(events).toEqual(whole);
        expect((await finished).finalText).toBe("Hello");
      }
    });
  });

  describe("createTurnClient", () => {
    it("takes a setting that is undefined for one that is not given", async () => {
      const { client, clock, script } = setUp([{ events: whole }], {
        headers: undefined,
        onWake: undefined,
        random: undefined,
        retry: undefined,
        stallMs: undefined,
      } as unknown as TurnClientOptions);
      const { events, done } = read(client.start(turn));
      await clock.advance(0);
      expect(await done).toEqual({});
      expect(events).toEqual(whole);
      expect(script.sent).toHaveLength(1);
      const plain = { baseUrl: BASE, fetch: undefined, clock: undefined } as unknown as TurnClientOptions;
      const stream = createTurnClient({ ...plain, retry: { attempts: 0 } }).attach("x", {
        signal: AbortSignal.abort(),
      });
      expect(await failure(stream.finished)).toMatchObject({ code: "closed" });
    });

    it("refuses what is no setting", () => {
      const wrong: readonly Record<string, unknown>[] = [
        {},
        { baseUrl: 5 },
        { baseUrl: "/", stallMs: 0 },
        { baseUrl: "/", retry: { attempts: -1 } },
        { baseUrl: "/", retry: { baseMs: Infinity } },
      ];
      for (const options of wrong) expect(() => createTurnClient(options as unknown as TurnClientOptions)).toThrow();
    });
  });
};

export default suite;
