import { handleChatTurn } from "../../src/index.ts";
import { readTurn } from "../../src/client/index.ts";
import type { TurnEvent } from "../../src/index.ts";
import { identity } from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";

/** A handler as products have written them: no project, a synchronous produce, an answer kept beside the stream. */
function handler(options: { readonly fails?: boolean } = {}) {
  const rows: { identity: unknown; finalText: string }[] = [];
  const notes: string[] = [];
  const handed: Promise<unknown>[] = [];
  const log = (message: string, meta?: Record<string, unknown>): void =>
    void notes.push(`log ${message} ${typeof meta}`);
  const result = handleChatTurn({
    identity,
    hooks: {
      produce() {
        let text = "";
        async function* stream(): AsyncGenerator<TurnEvent> {
          for (const delta of ["My card is ", "4242"]) {
            text += delta;
            yield { type: "message.part.updated", data: { part: { type: "text", text }, delta } };
          }
          if (options.fails === true) throw new Error("no model");
        }
        return { stream: stream(), finalText: () => text };
      },
      async persistAssistantMessage({ identity: whose, finalText }) {
        rows.push({ identity: whose, finalText });
      },
      async onTurnComplete({ finalText }) {
        notes.push(`complete ${finalText}`);
      },
      onEvent(event) {
        notes.push(event.type);
      },
      transformFinalText: (text) => text.replace(/\d+/, "****"),
      async traceFlush() {
        notes.push("flush");
      },
    },
    waitUntil: (promise) => handed.push(promise),
    log,
  });
  return { ...result, rows, notes, handed };
}

const suite: PortableSuite = ({ it, expect }) => {
  it("T3: a handler written for today's engine runs unchanged", async () => {
    const { body, contentType, rows, notes, handed, finished } = handler();
    expect(contentType).toBe("application/x-ndjson");
    const events: TurnEvent[] = [];
    for await (const event of readTurn(new Response(body, { headers: { "content-type": contentType } }))) {
      events.push(event);
    }
    await Promise.all(handed);
    expect(handed.length).toBe(1);
    expect(rows).toEqual([{ identity, finalText: "My card is ****" }]);
    expect(events.map(({ type, data }) => [type, Object.keys(data ?? {})])).toEqual([
      ["session.run.started", ["sessionId", "tenantId", "turnIndex"]],
      ["message.part.updated", ["part", "delta"]],
      ["message.part.updated", ["part", "delta"]],
      ["session.run.completed", ["sessionId"]],
    ]);
    const types = events.map(({ type }) => type);
    expect(notes).toEqual([...types.slice(0, -1), "complete My card is ****", "session.run.completed", "flush"]);
    expect(await finished).toStrictEqual({ status: "completed", finalText: "My card is ****", persisted: true });
  });

  it("T9: its failures end in error and failed, with the keys of the contract", async () => {
    const { body, rows, notes } = handler({ fails: true });
    const events: TurnEvent[] = [];
    for await (const event of readTurn(body)) events.push(event);
    expect(events.slice(-2)).toStrictEqual([
      { type: "error", data: { message: "no model" } },
      { type: "session.run.failed", data: { sessionId: identity.sessionId, message: "no model" } },
    ]);
    expect(rows).toEqual([]);
    expect(notes.includes("complete")).toBe(false);
  });

  it("T5: what used to lose its answer, a client that leaves, keeps it", async () => {
    const { body, rows, handed, notes } = handler();
    const reader = body.getReader();
    await reader.read();
    await reader.cancel();
    await Promise.all(handed);
    expect(rows.length).toBe(1);
    expect(notes.at(-1)).toBe("flush");
  });
};

export default suite;
