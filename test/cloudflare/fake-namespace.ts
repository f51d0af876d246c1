import type { ObjectNamespace } from "../../src/cloudflare/index.ts";
import type { ObjectCall } from "../../src/cloudflare/object-call.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";

/** One request that reached an object. */
export interface AskedObject {
  readonly object: string;
  readonly call: ObjectCall;
  readonly signal: AbortSignal | undefined;
}

export interface FakeNamespace extends ObjectNamespace {
  readonly asked: AskedObject[];
  /** How many stubs were made. */
  readonly stubs: number;
}

/** A binding whose objects answer as a test says: the n-th request, from 0, gets the n-th answer, or the last. */
export function fakeNamespace(
  ...answers: readonly ((asked: AskedObject) => Response | Promise<Response>)[]
): FakeNamespace {
  const asked: AskedObject[] = [];
  let stubs = 0;
  return {
    asked,
    get stubs() {
      return stubs;
    },
    idFromName: (name) => ({ name }),
    get: (id) => {
      stubs++;
      let broken = false;
      return {
        async fetch(_url, { body, signal }) {
          // As the platform's: a stub that has failed stays failed.
          if (broken) throw new Error("This stub has failed before");
          const one = { object: (id as { name: string }).name, call: JSON.parse(body) as ObjectCall, signal };
          const answer = answers[Math.min(asked.length, answers.length - 1)];
          asked.push(one);
          try {
            if (answer === undefined) throw new Error("There is no answer");
            return await answer(one);
          } catch (error) {
            broken = true;
            throw error;
          }
        },
      };
    },
  };
}

export interface FakeLog {
  /** `cut` errs, `short` just ends, `open` says nothing more. */
  readonly end?: "ended" | "cut" | "short" | "open";
  readonly created?: boolean;
}

const ENDED: TurnEvent = { type: "session.run.log-ended" };

/** An object's log as its answer: these events, and then. */
export function logAnswer(events: readonly TurnEvent[], { end = "ended", created = false }: FakeLog = {}): Response {
  const lines = [...events, ...(end === "ended" ? [ENDED] : [])].map((event) => `${JSON.stringify(event)}\n`);
  const encoder = new TextEncoder();
  let sent = false;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (!sent && lines.length > 0) {
          sent = true;
          controller.enqueue(encoder.encode(lines.join("")));
          return undefined;
        }
        if (end === "open") return new Promise(() => undefined);
        if (end === "cut") controller.error(new Error("The connection is gone"));
        else controller.close();
        return undefined;
      },
    },
    { highWaterMark: 0 },
  );
  const headers = { "content-type": "application/x-ndjson", "x-turnwire-created": created ? "1" : "0" };
  return new Response(body, { headers });
}

export function eventsFrom(first: number, last: number): TurnEvent[] {
  return Array.from({ length: last - first + 1 }, (_, index) => ({
    type: "said",
    data: {},
    id: String(first + index),
  }));
}
