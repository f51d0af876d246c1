import {
  fromSubstrate,
  handleChatTurn,
  type TurnEvent,
  TurnError,
  type ChatTurnInput,
  type SettledTurn,
} from "../../src/index.ts";
import { readTurn } from "../../src/client/index.ts";
import { conformanceCalls, openConformanceGate } from "../../src/substrate/conformance/index.ts";
import { type ConformanceStep, parsePiece, scriptData } from "../../src/substrate/conformance/conformance-script.ts";
import type { Substrate } from "../../src/substrate/index.ts";
import { ReferenceSubstrate } from "../conformance/reference-substrate.ts";
import type { PortableSuite } from "../support/test-api.ts";

let turns = 0;

const createSubstrate = (envelope: "stored" | "none" = "none"): ReferenceSubstrate =>
  new ReferenceSubstrate({ envelope, disk: { rows: new Map() }, slots: 4 });

interface Handled {
  readonly events: readonly TurnEvent[];
  readonly persisted: readonly SettledTurn[];
  readonly logged: readonly string[];
}

/** A turn of a request handler, from the request to the last byte. */
async function handle(
  substrate: Substrate,
  steps: ConformanceStep[],
  more: Partial<Omit<ChatTurnInput, "hooks">> & { onEvent?: (event: TurnEvent) => void } = {},
): Promise<Handled> {
  const persisted: SettledTurn[] = [];
  const logged: string[] = [];
  const { onEvent, ...input } = more;
  const { body, finished } = handleChatTurn({
    identity: { tenantId: "acme", sessionId: "thread-abc", userId: "ada", turnIndex: 0 },
    executionId: `raw-${++turns}`,
    log: (message) => void logged.push(message),
    hooks: {
      produce: fromSubstrate(substrate, { input: { message: "Hello", data: scriptData(steps) } }),
      persistAssistantMessage: (turn) => void persisted.push(turn),
      ...(onEvent === undefined ? {} : { onEvent }),
    },
    ...input,
  });
  const events: TurnEvent[] = [];
  for await (const event of readTurn(body)) events.push(event);
  await finished;
  return { events, persisted, logged };
}

const piecesOf = (events: readonly TurnEvent[]): number[] => events.flatMap((event) => parsePiece(event)?.n ?? []);
const idOf = (events: readonly TurnEvent[], n: number): string =>
  events.find((event) => parsePiece(event)?.n === n)?.id ?? "missing";

const suite: PortableSuite = ({ describe, it, expect }) => {
  describe("fromSubstrate", () => {
    it("refuses a substrate whose log holds whole turns, at once, and names what to use", () => {
      const options = { input: { message: "Hello" } };
      expect(() => fromSubstrate(createSubstrate("stored"), options)).toThrow(TypeError);
      expect(() => fromSubstrate(createSubstrate("stored"), options)).toThrow("substrate.open");
    });

    it("refuses what is no substrate and no input, naming it", () => {
      const none = undefined as unknown as Substrate;
      expect(() => fromSubstrate(none, { input: { message: "" } })).toThrow("substrate must be an object");
      expect(() => fromSubstrate({ ...none } as Substrate, { input: { message: "" } })).toThrow("substrate.envelope");
      expect(() => fromSubstrate(createSubstrate(), {} as { input: { message: string } })).toThrow("options.input");
    });

    it("needs an execution id, and says how to give it", async () => {
      const produce = fromSubstrate(createSubstrate(), { input: { message: "Hello" } });
      const identity = { tenantId: "acme", sessionId: "s", userId: "ada", turnIndex: 0 };
      await expect(produce({ identity, signal: new AbortController().signal })).rejects.toThrow(
        "projectId or executionId",
      );
    });

    it("wraps the raw events into a turn, and its hooks get the whole answer (S8)", async () => {
      const steps: ConformanceStep[] = [
        { do: "say", count: 3 },
        { do: "emit", type: "result", data: { finalText: "All of it", tokenUsage: { outputTokens: 3 } } },
      ];
      const { events, persisted } = await handle(createSubstrate(), steps, { executionId: "raw-whole" });
      expect(events.map(({ type }) => type)).toEqual([
        "session.run.started",
        "message.part.updated",
        "message.part.updated",
        "message.part.updated",
        "result",
        "session.run.completed",
      ]);
      expect(piecesOf(events)).toEqual([0, 1, 2]);
      expect(persisted).toMatchObject([
        { executionId: "raw-whole", finalText: "All of it", outcome: "completed", usage: { outputTokens: 3 } },
      ]);
    });

    it("starts the execution once; the next handler attaches, sends what the client lacks, and has the whole answer", async () => {
      const substrate = createSubstrate();
      const steps: ConformanceStep[] = [{ do: "say", count: 5 }];
      const first = await handle(substrate, steps, { executionId: "raw-again" });
      for (const n of [0, 2, 4]) {
        const lastEventId = idOf(first.events, n);
        const { events, persisted } = await handle(substrate, steps, { executionId: "raw-again", lastEventId });
        expect(piecesOf(events)).toEqual([0, 1, 2, 3, 4].slice(n + 1));
        expect(persisted).toMatchObject([{ finalText: first.persisted[0]?.finalText }]);
      }
      const fromStart = await handle(substrate, steps, { executionId: "raw-again", lastEventId: "0" });
      expect(piecesOf(fromStart.events)).toEqual([0, 1, 2, 3, 4]);
      expect(conformanceCalls("raw-again").starts).toBe(1);
    });

    it("a stop cancels the execution in the substrate, with its reason", async () => {
      const substrate = createSubstrate();
      const stop = new AbortController();
      const { events } = await handle(substrate, [{ do: "say", count: 2 }, { do: "hang" }], {
        executionId: "raw-stop",
        signal: stop.signal,
        onEvent: (event) => {
          if (parsePiece(event)?.n === 1) stop.abort("Enough");
        },
      });
      expect(events.at(-1)).toMatchObject({ type: "session.run.cancelled", data: { reason: "Enough" } });
      expect(await settled(substrate, "raw-stop")).toBe("cancelled");
      expect(conformanceCalls("raw-stop").stops).toBe(1);
    });

    it("T9: a stop keeps the whole text so far, also where the client had the beginning already", async () => {
      for (const n of [0, 1]) {
        const substrate = createSubstrate();
        const steps: ConformanceStep[] = [
          { do: "say", count: 2 },
          { do: "emit", type: "status", data: {} },
          { do: "hang" },
        ];
        const { events } = await substrate.open({
          executionId: `raw-keep-${n}`,
          identity: { tenantId: "acme", sessionId: "thread-abc", userId: "ada", turnIndex: 0 },
          input: { message: "Hello", data: scriptData(steps) },
        });
        const seen: TurnEvent[] = [];
        for await (const event of events) if (seen.push(event) === 2) break;
        const stop = new AbortController();
        const { persisted } = await handle(substrate, steps, {
          executionId: `raw-keep-${n}`,
          lastEventId: idOf(seen, n),
          partialText: "keep",
          signal: stop.signal,
          onEvent: ({ type }) => {
            if (type === "status") stop.abort();
          },
        });
        expect(persisted).toMatchObject([{ outcome: "cancelled", finalText: "0.1 1.1 " }]);
      }
    });

    it("a stop while the substrate still opens cancels what it opens", async () => {
      const substrate = createSubstrate();
      const stop = new AbortController();
      const open = substrate.open.bind(substrate);
      substrate.open = async (request) => {
        stop.abort();
        return open(request);
      };
      const { events } = await handle(substrate, [{ do: "hang" }], { executionId: "raw-early", signal: stop.signal });
      expect(events.at(-1)?.type).toBe("session.run.cancelled");
      expect(await settled(substrate, "raw-early")).toBe("cancelled");
    });

    it("tells the log of a stop that could not reach the substrate", async () => {
      const substrate = createSubstrate();
      substrate.cancel = () => Promise.reject(new TurnError("connection-lost", "The substrate is away"));
      const stop = new AbortController();
      const { events, logged } = await handle(substrate, [{ do: "say", count: 1 }, { do: "hang" }], {
        signal: stop.signal,
        onEvent: (event) => {
          if (parsePiece(event) !== undefined) stop.abort();
        },
      });
      expect(events.at(-1)?.type).toBe("session.run.cancelled");
      // The log hears of it when the substrate has answered, which nobody waits for.
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(logged).toEqual(["The producer's return() failed"]);
    });

    it("a stop after the stream has ended cancels nothing", async () => {
      const substrate = createSubstrate();
      let cancels = 0;
      substrate.cancel = () => Promise.reject(new Error(`cancelled ${++cancels}`));
      const stop = new AbortController();
      await handle(substrate, [{ do: "say", count: 1 }], { signal: stop.signal });
      stop.abort();
      await Promise.resolve();
      expect(cancels).toBe(0);
    });

    it("a client that leaves stops nothing: the answer is persisted (T5)", async () => {
      const substrate = createSubstrate();
      const persisted: SettledTurn[] = [];
      const steps: ConformanceStep[] = [
        { do: "say", count: 1 },
        { do: "gate", name: "left" },
        { do: "say", count: 1 },
      ];
      const { body, finished } = handleChatTurn({
        identity: { tenantId: "acme", sessionId: "thread-abc", userId: "ada", turnIndex: 0 },
        executionId: "raw-leave",
        hooks: {
          produce: fromSubstrate(substrate, { input: { message: "Hello", data: scriptData(steps) } }),
          persistAssistantMessage: (turn) => void persisted.push(turn),
        },
      });
      const reader = body.getReader();
      await reader.read();
      await reader.cancel();
      openConformanceGate({ executionId: "raw-leave", name: "left" });
      await finished;
      expect(persisted).toMatchObject([{ finalText: "0.1 1.1 ", outcome: "completed" }]);
    });

    it("what the substrate throws fails the turn, with its code: on opening, and in the middle", async () => {
      const lost = new TurnError("connection-lost", "The substrate is away");
      const closed = createSubstrate();
      closed.open = () => Promise.reject(lost);
      const failed = await handle(closed, []);
      expect(failed.events.at(-1)).toMatchObject({ type: "session.run.failed", data: { code: "connection-lost" } });

      const severed = createSubstrate();
      const open = severed.open.bind(severed);
      severed.open = async (request) => {
        const attachment = await open(request);
        async function* cut(): AsyncGenerator<TurnEvent, void, void> {
          for await (const event of attachment.events) {
            yield event;
            throw lost;
          }
        }
        return { ...attachment, events: cut() };
      };
      const { events, persisted } = await handle(severed, [{ do: "say", count: 3 }]);
      expect(piecesOf(events)).toEqual([0]);
      expect(events.at(-1)).toMatchObject({ type: "session.run.failed", data: { code: "connection-lost" } });
      expect(persisted).toEqual([]);
    });

    it("a turn that is refused the execution leaves it to those whose it is", async () => {
      const substrate = createSubstrate();
      const executionId = "raw-conflict";
      const steps: ConformanceStep[] = [
        { do: "say", count: 1 },
        { do: "gate", name: "refused" },
        { do: "say", count: 1 },
      ];
      let refused: Promise<Handled> | undefined;
      const first = await handle(substrate, steps, {
        executionId,
        onEvent: (event) => {
          if (parsePiece(event)?.n !== 0) return;
          refused = handle(substrate, [{ do: "say", count: 3 }], { executionId });
          void refused.then(() => openConformanceGate({ executionId, name: "refused" }));
        },
      });
      const failed = (await refused)?.events.at(-1);
      expect(failed).toMatchObject({ type: "session.run.failed", data: { code: "execution-conflict" } });
      expect(first.persisted).toMatchObject([{ finalText: "0.1 1.1 ", outcome: "completed" }]);
      expect(conformanceCalls(executionId).stops).toBe(0);
    });

    it("a turn whose reading breaks off stops nothing: the same turn again reads on", async () => {
      const substrate = createSubstrate();
      const executionId = "raw-broken";
      const open = substrate.open.bind(substrate);
      substrate.open = async (request) => {
        const attachment = await open(request);
        async function* cut(): AsyncGenerator<TurnEvent, void, void> {
          for await (const event of attachment.events) {
            yield event;
            throw new TurnError("connection-lost", "The substrate is away");
          }
        }
        return { ...attachment, events: cut() };
      };
      const steps: ConformanceStep[] = [
        { do: "say", count: 1 },
        { do: "gate", name: "broken" },
        { do: "say", count: 1 },
      ];
      const broken = await handle(substrate, steps, { executionId });
      expect(broken.events.at(-1)).toMatchObject({ type: "session.run.failed", data: { code: "connection-lost" } });
      substrate.open = open;
      openConformanceGate({ executionId, name: "broken" });
      const again = await handle(substrate, steps, { executionId });
      expect(again.persisted).toMatchObject([{ finalText: "0.1 1.1 ", outcome: "completed" }]);
      expect(conformanceCalls(executionId)).toMatchObject({ starts: 1, stops: 0 });
    });

    it("a cursor of an execution that is gone starts nothing, one that never comes fails the turn (S4)", async () => {
      const substrate = createSubstrate();
      const gone = await handle(substrate, [{ do: "say", count: 1 }], { executionId: "raw-gone", lastEventId: "7" });
      expect(gone.events.at(-1)).toMatchObject({ type: "session.run.failed", data: { code: "cursor-ahead" } });
      expect(await substrate.inspect("raw-gone")).toBeUndefined();
      await handle(substrate, [{ do: "say", count: 1 }], { executionId: "raw-ahead" });
      const ahead = await handle(substrate, [{ do: "say", count: 1 }], { executionId: "raw-ahead", lastEventId: "7" });
      expect(ahead.events.at(-1)).toMatchObject({ type: "session.run.failed", data: { code: "cursor-ahead" } });
    });
  });
};

/** The state of an execution once it is no longer on its way. */
async function settled(substrate: Substrate, executionId: string): Promise<string | undefined> {
  for (;;) {
    const state = (await substrate.inspect(executionId))?.state;
    if (state !== "running" && state !== "cancelling") return state;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

export default suite;
