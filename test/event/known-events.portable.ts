import { isEvent, isTerminal, type TurnEvent } from "../../src/index.ts";
import type { PortableSuite } from "../support/test-api.ts";

const suite: PortableSuite = ({ it, expect }) => {
  it("isTerminal is true of the three ends of a turn and of nothing else", () => {
    for (const end of ["completed", "failed", "cancelled"])
      expect(isTerminal({ type: `session.run.${end}` })).toBe(true);
    for (const type of [
      "session.run.started",
      "session.run.heartbeat",
      "error",
      "result",
      "completed",
      "session.run.",
      "done",
    ]) {
      expect(isTerminal({ type })).toBe(false);
    }
  });

  it("isEvent looks at the type, and that there is a payload to read", () => {
    const event: TurnEvent = { type: "error", data: { message: "no model" } };
    expect(isEvent(event, "error") && event.data.message).toBe("no model");
    expect(isEvent(event, "status")).toBe(false);
    expect(isEvent({ type: "error" }, "error")).toBe(false);
    expect(isEvent({ type: "error", data: null as never }, "error")).toBe(false);
    expect(isEvent({ type: "error", data: "text" as never }, "error")).toBe(false);
    expect(isEvent({ type: "session.run.heartbeat", data: {} }, "session.run.heartbeat")).toBe(true);
  });
};

export default suite;
