import type { TestApi } from "../support/test-api.ts";
import { createUser, eventsOf } from "./http-client.ts";

const NDJSON = "application/x-ndjson";
const SSE = "text/event-stream";

const CASES: readonly (readonly [accept: string, type: string])[] = [
  ["*/*", NDJSON],
  ["", NDJSON],
  [NDJSON, NDJSON],
  [SSE, SSE],
  ["Text/Event-Stream; charset=utf-8", SSE],
  ["text/*", SSE],
  ["application/*", NDJSON],
  [`${NDJSON}, ${SSE}`, NDJSON],
  [`${SSE}, ${NDJSON}`, NDJSON],
  [`${SSE}, */*`, SSE],
  [`${SSE};q=0.5, */*`, NDJSON],
  [`${SSE};q=0.5, ${NDJSON};q=0.4`, SSE],
  [`${SSE}; q=0.4, ${NDJSON} ;q=0.5`, NDJSON],
  [`${SSE};q=0, */*;q=0.1`, NDJSON],
  [`${NDJSON};q=0, */*;q=0.1`, SSE],
  [`${NDJSON};q=0, ${SSE};q=0`, NDJSON],
  [`${SSE};q=nonsense, ${NDJSON};q=0.1`, NDJSON],
  ["application/json", NDJSON],
  ["text/html, application/xhtml+xml", NDJSON],
  [",;,/;q", NDJSON],
];

/** Which format an `Accept` gets. Neither is NDJSON: what a turn is does not come in another shape. */
export function describeAccept({ describe, it, expect }: TestApi, server: () => string): void {
  describe("Accept", () => {
    it("chooses between NDJSON and SSE, by quality and then by exactness", async () => {
      const user = createUser(server(), "/stored");
      const all = await eventsOf(await user.start({ sessionId: "accept" }));
      for (const [accept, type] of CASES) {
        for (const response of [
          await user.start({ sessionId: "accept" }, { headers: { accept } }),
          await user.request("GET", user.at(user.idOf("accept"), "/events"), { headers: { accept } }),
        ]) {
          expect(response.headers.get("content-type"), accept).toBe(type);
          expect(await eventsOf(response), accept).toEqual(all);
        }
      }
    });

    it("writes SSE frames with the ids of stored events, and heartbeats without", async () => {
      const user = createUser(server(), "/stored");
      const response = await user.start({ sessionId: "frames" }, { headers: { accept: SSE } });
      const frames = (await response.text()).split("\n\n").filter((frame) => frame !== "");
      for (const [index, frame] of frames.entries()) {
        expect(frame).toMatch(new RegExp(`^id: ${index + 1}\\ndata: \\{.*"id":"${index + 1}"\\}$`));
      }
    });
  });
}
