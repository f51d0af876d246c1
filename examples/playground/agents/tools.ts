import type { TurnEvent } from "turnwire";
import type { PlaygroundAgent } from "./playground-agent.ts";
import { pause } from "./pause.ts";
import { speak } from "./speak.ts";

interface ToolCall {
  readonly callID: string;
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What a tool call is up to, as an event. */
export function toolEvent({ callID, tool, input }: ToolCall, state: Readonly<Record<string, unknown>>): TurnEvent {
  return {
    type: "message.part.updated",
    data: { part: { type: "tool", id: callID, callID, tool, state: { input, ...state } } },
  };
}

export const tools: PlaygroundAgent = {
  title: "Tools",
  about: "Looks things up first: two calls side by side, one of them tried twice.",
  example: "Should I take an umbrella to Lisbon?",
  agent: {
    replay: "safe",
    async *stream({ signal }) {
      yield* speak("Let me look that up. ", 60, signal);
      const weather: ToolCall = { callID: "call-1", tool: "weather", input: { city: "Lisbon", days: 1 } };
      const diary: ToolCall = { callID: "call-2", tool: "calendar", input: { day: "today" } };
      yield toolEvent(weather, { status: "pending" });
      yield toolEvent(diary, { status: "pending" });
      await pause(250, signal);
      yield toolEvent(weather, { status: "running" });
      await pause(200, signal);
      yield toolEvent(diary, { status: "running" });
      await pause(700, signal);
      yield toolEvent(diary, { status: "completed", output: { meetings: 2, outdoors: 1 } });
      await pause(500, signal);
      yield toolEvent(weather, { status: "error", error: "The weather service did not answer in time" });
      const again: ToolCall = { ...weather, callID: "call-3" };
      yield toolEvent(again, { status: "running" });
      await pause(900, signal);
      yield toolEvent(again, {
        status: "completed",
        output: { celsius: 19, rain: "from four o'clock", wind: "light" },
      });
      yield* speak(
        "Yes. Rain comes at four, and one of your two meetings today is outdoors. It stays mild, at 19 °C.",
        60,
        signal,
      );
    },
  },
};
