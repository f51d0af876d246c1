import { type ChatTurnInput, fromEvents, fromText, handleChatTurn, runTurn } from "../../src/index.ts";
import { identity, turnOf } from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";

type ErrorClass = typeof TypeError | typeof RangeError;

const without = (field: string): object =>
  Object.fromEntries(Object.entries(turnOf({})).filter(([key]) => key !== field));
const given = (fields: object): object => ({ ...turnOf({}), ...fields });
const withIdentity = (fields: object): object => given({ identity: { ...identity, ...fields } });
const withHooks = (fields: object): object => given({ hooks: { ...turnOf({}).hooks, ...fields } });

/** What is no turn: the field that the refusal names, and the input. */
const misuses: readonly (readonly [field: string, input: unknown, type: ErrorClass])[] = [
  ["input", undefined, TypeError],
  ["input", null, TypeError],
  ["input", [], TypeError],
  ["identity", without("identity"), TypeError],
  ["identity.tenantId", withIdentity({ tenantId: 7 }), TypeError],
  ["identity.sessionId", withIdentity({ sessionId: undefined }), TypeError],
  ["identity.userId", withIdentity({ userId: null }), TypeError],
  ["identity.turnIndex", withIdentity({ turnIndex: "0" }), RangeError],
  ["identity.turnIndex", withIdentity({ turnIndex: -1 }), RangeError],
  ["identity.turnIndex", withIdentity({ turnIndex: 1.5 }), RangeError],
  ["identity.turnIndex", withIdentity({ turnIndex: NaN }), RangeError],
  ["hooks", without("hooks"), TypeError],
  ["hooks.produce", withHooks({ produce: undefined }), TypeError],
  ["hooks.persistAssistantMessage", withHooks({ persistAssistantMessage: null }), TypeError],
  ["hooks.onEvent", withHooks({ onEvent: 1 }), TypeError],
  ["hooks.transformFinalText", withHooks({ transformFinalText: "upper" }), TypeError],
  ["hooks.onTurnComplete", withHooks({ onTurnComplete: {} }), TypeError],
  ["hooks.onTurnEnd", withHooks({ onTurnEnd: {} }), TypeError],
  ["hooks.traceFlush", withHooks({ traceFlush: true }), TypeError],
  ["projectId", given({ projectId: " " }), TypeError],
  ["projectId", given({ projectId: 7, executionId: "x" }), TypeError],
  ["executionId", given({ executionId: "" }), TypeError],
  ["executionId", given({ executionId: 7 }), TypeError],
  ["lastEventId", given({ lastEventId: 7 }), TypeError],
  ["signal", given({ signal: {} }), TypeError],
  ["signal", given({ signal: null }), TypeError],
  ["signal", given({ signal: { aborted: false, addEventListener: () => undefined } }), TypeError],
  ["onDisconnect", given({ onDisconnect: "stop" }), TypeError],
  ["partialText", given({ partialText: true }), TypeError],
  ["keepAliveMs", given({ keepAliveMs: 0 }), RangeError],
  ["keepAliveMs", given({ keepAliveMs: "5" }), RangeError],
  ["hookTimeoutMs", given({ hookTimeoutMs: -1 }), RangeError],
  ["hookTimeoutMs", given({ hookTimeoutMs: NaN }), RangeError],
  ["maxBufferedBytes", given({ maxBufferedBytes: 0 }), RangeError],
  ["maxBufferedBytes", given({ maxBufferedBytes: Infinity }), RangeError],
  ["describeError", given({ describeError: "friendly" }), TypeError],
  ["waitUntil", given({ waitUntil: {} }), TypeError],
  ["log", given({ log: console }), TypeError],
  ["clock", given({ clock: 5 }), TypeError],
  ["clock.after", given({ clock: { now: () => 0 } }), TypeError],
];

const suite: PortableSuite = ({ describe, it, expect }) => {
  const refusalOf = (call: () => unknown): unknown => {
    try {
      call();
      return undefined;
    } catch (error) {
      return error;
    }
  };

  for (const [field, input, type] of misuses) {
    it(`T2: ${field} is refused at once when misused (${show(input, field)})`, () => {
      for (const call of [handleChatTurn, runTurn]) {
        const error = refusalOf(() => call(input as ChatTurnInput));
        expect(error).toBeInstanceOf(type);
        expect((error as Error).message.startsWith(`${field} must `), (error as Error).message).toBe(true);
      }
    });
  }

  describe("ids", () => {
    it("T2: a session that cannot be part of an execution id is refused at once", () => {
      const named = (sessionId: string): object => ({ ...withIdentity({ sessionId }), projectId: "p" });
      expect(refusalOf(() => handleChatTurn(named("\ud800") as ChatTurnInput))).toBeInstanceOf(TypeError);
      expect(refusalOf(() => handleChatTurn(named("x".repeat(300)) as ChatTurnInput))).toBeInstanceOf(RangeError);
    });
  });

  it("T2: fromEvents and fromText refuse at once what they cannot read", () => {
    for (const value of [undefined, null, 7, {}, "text"]) {
      expect(() => fromEvents(value as AsyncIterable<never>)).toThrow(/stream must be async iterable/);
    }
    for (const value of [undefined, null, 7, {}]) {
      expect(() => fromText(value as string)).toThrow(/text, where it is no string, must be async iterable/);
    }
  });

  it("T2: nothing was started by a turn that is refused", () => {
    let produced = 0;
    const input = { ...turnOf({ produce: () => (produced++, fromText("x")) }), keepAliveMs: -1 };
    expect(() => handleChatTurn(input)).toThrow(RangeError);
    expect(() => runTurn(input)).toThrow(RangeError);
    expect(produced).toBe(0);
  });
};

/** The value of a misused field, for the test's name. */
function show(input: unknown, field: string): string {
  let value: unknown = input;
  for (const key of field === "input" ? [] : field.split("."))
    value = (value as Record<string, unknown> | undefined)?.[key];
  if (typeof value === "number" || value === undefined) return String(value);
  return value === console ? "an object" : JSON.stringify(value);
}

export default suite;
