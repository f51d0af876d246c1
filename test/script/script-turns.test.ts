import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTurnClient, type TurnStream } from "turnwire/client";
import type { TurnEvent } from "../../src/index.ts";
import { type RunningServer, startServer } from "../http/start-server.ts";
import { temporaryFolder } from "../sqlite/temporary-folder.ts";

// Turns that scripts answer, from end to end: a client over sockets, the routes, the run engine on a database file, the
// script's VM. Each looks at what the client was told, at what was persisted, and at what the database says afterwards.

describe("turns that scripts answer", () => {
  const folder = temporaryFolder();
  const env = { DATABASE: `${folder.path}/turns.db`, NOTES: `${folder.path}/notes` };
  let server: RunningServer;

  const start = async (): Promise<void> => {
    server = await startServer("Node", "test/script/script-turns-main.ts", { env });
  };
  beforeAll(start);
  afterAll(async () => {
    await server.stop();
    folder.remove();
  });

  const client = createTurnClient({
    baseUrl: "http://server",
    // The server has another port after a restart.
    fetch: (input, init) => fetch(String(input).replace("http://server", server.url), init),
    retry: { baseMs: 20, maxMs: 100, attempts: 200 },
  });

  let sessions = 0;
  const ask = (agent: string, message = "hello"): TurnStream =>
    client.start({ sessionId: `session-${++sessions}`, turnIndex: 0, message, agent });

  interface Note {
    readonly persist?: string;
    readonly end?: string;
    readonly finalText?: string;
    readonly outcome?: string;
    readonly tool?: string;
  }
  const notes = (): Note[] =>
    existsSync(env.NOTES)
      ? readFileSync(env.NOTES, "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as Note)
      : [];

  /** What was persisted for a turn, how it ended for its hooks and in the database, and its last event. */
  async function outcomeOf(turn: TurnStream, events: readonly TurnEvent[]) {
    const executionId = await turn.executionId;
    const { state, finalText, failure } = (await client.inspect(executionId)) ?? {};
    return {
      persisted: notes().flatMap(({ persist, finalText: text }) => (persist === executionId ? [text] : [])),
      ends: notes().flatMap(({ end, outcome }) => (end === executionId ? [outcome] : [])),
      terminals: events.flatMap(({ type }) =>
        /^session\.run\.(completed|failed|cancelled)$/.test(type) ? [type] : [],
      ),
      last: events.at(-1)?.type,
      state,
      finalText,
      code: failure?.code,
    };
  }

  /** Reads a turn to its end, and does something at its events. */
  async function read(turn: TurnStream, at: (event: TurnEvent) => unknown = () => undefined): Promise<TurnEvent[]> {
    const events: TurnEvent[] = [];
    for await (const event of turn) {
      events.push(event);
      await at(event);
    }
    return events;
  }

  const completed = (text: string) => ({
    persisted: [text],
    ends: ["completed"],
    terminals: ["session.run.completed"],
    last: "session.run.completed",
    state: "completed",
    finalText: text,
    code: undefined,
  });
  const failed = (code: string) => ({
    persisted: [],
    ends: ["failed"],
    terminals: ["session.run.failed"],
    last: "session.run.failed",
    state: "failed",
    code,
  });
  const textsOf = (events: readonly TurnEvent[]): unknown[] =>
    events.flatMap(({ data }) => (data?.["delta"] === undefined ? [] : [data["delta"]]));
  const says = (delta: string, { data }: TurnEvent): boolean => data?.["delta"] === delta;

  it("stream", async () => {
    const turn = ask("streams", "one two three");
    const events = await read(turn);
    expect(textsOf(events)).toEqual(["one.", "two.", "three."]);
    expect(await outcomeOf(turn, events)).toEqual(completed("one.two.three."));
  });

  it("use tools of the host, and an engine of the host", async () => {
    const turn = ask("usesTool");
    const events = await read(turn);
    const states = events.flatMap(({ data }) => {
      const part = data?.["part"] as { readonly type: string; readonly state?: object } | undefined;
      return part?.type === "tool" ? [part.state] : [];
    });
    expect(states).toEqual([
      { status: "running", input: { a: 40, b: 2 } },
      { status: "completed", input: { a: 40, b: 2 }, output: 42 },
    ]);
    expect(await outcomeOf(turn, events)).toEqual(completed("It is 42"));
  });

  it("ask for approval, and go on afresh: also when the server was killed while a person thought about it", async () => {
    const turn = ask("asks");
    const events = await read(turn, async ({ type, data }) => {
      if (type !== "approval.requested") return;
      await server.stop();
      await start();
      await turn.edit(String(data?.["approvalId"]), { to: "bob" });
    });
    expect(await outcomeOf(turn, events)).toEqual(completed('May I? edit {"to":"bob"}'));
  }, 60_000);

  it("are stopped in the middle of a tool, which is aborted", async () => {
    const turn = ask("inTool");
    const events = await read(turn, async ({ type }) => {
      if (type === "status") await turn.cancel("enough");
    });
    expect(textsOf(events)).toEqual(["Before"]);
    expect(await outcomeOf(turn, events)).toMatchObject({
      persisted: [],
      ends: ["cancelled"],
      terminals: ["session.run.cancelled"],
      last: "session.run.cancelled",
      state: "cancelled",
    });
    await expect.poll(() => notes().filter(({ tool }) => tool === "slow").length).toBe(1);
  });

  it("throw, and fail by what they threw", async () => {
    const turn = ask("throws");
    const events = await read(turn);
    expect(textsOf(events)).toEqual(["So far"]);
    expect(events.at(-1)?.data).toMatchObject({ code: "script-error", message: "RangeError: no way" });
    expect(await outcomeOf(turn, events)).toMatchObject(failed("script-error"));
  });

  it.each(["loops", "hangs"])("never end by themselves, and are ended: %s", async (agent) => {
    const turn = ask(agent);
    const events = await read(turn);
    expect(textsOf(events)).toEqual(["So far"]);
    expect(await outcomeOf(turn, events)).toMatchObject(failed("script-timeout"));
    // The tenant's next turn is answered as if nothing had been.
    const next = ask("streams");
    expect(await outcomeOf(next, await read(next))).toEqual(completed("hello."));
  });

  it("crash with their server: begun again from the checkpoint where that is safe, else failed; persisted once, or not", async () => {
    const turns = ["crashes", "crashesUnsafely"].map((agent) => ask(agent));
    let lost = 0;
    const all = await Promise.all(
      turns.map((turn) =>
        read(turn, async (event) => {
          if (!says("lost", event) || ++lost < turns.length) return;
          await server.stop();
          await start();
        }),
      ),
    );
    const [safe, unsafe] = await Promise.all(turns.map((turn, at) => outcomeOf(turn, all[at] ?? [])));
    expect(safe).toEqual(completed("One, kept 1, attempt 2"));
    expect(turns[0]?.text).toBe("One, kept 1, attempt 2");
    expect(unsafe).toMatchObject({
      persisted: [],
      ends: ["failed"],
      terminals: ["session.run.failed"],
      state: "failed",
    });
  }, 60_000);
});
