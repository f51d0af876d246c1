import readTurn from "../client/read-turn.portable.ts";
import turnError from "../errors/turn-error.portable.ts";
import knownEvents from "../event/known-events.portable.ts";
import textAccumulator from "../event/text-accumulator.portable.ts";
import memoryStore from "../run/memory-store.portable.ts";
import executionId from "../turn/execution-id.portable.ts";
import wireChunking from "../wire/chunking.portable.ts";
import wireBytePipe from "../wire/byte-pipe.portable.ts";
import wireDecodeStream from "../wire/decode-stream.portable.ts";
import wireLimits from "../wire/limits.portable.ts";
import wireMalformed from "../wire/malformed.portable.ts";
import wireRoundTrip from "../wire/round-trip.portable.ts";
import wireSseFrames from "../wire/sse-frames.portable.ts";
import type { PortableSuite } from "../support/test-api.ts";

/** Every portable suite, by the name that reports show. The runners of all runtimes read this one list. */
export const portableSuites: Readonly<Record<string, PortableSuite>> = {
  "client/read-turn": readTurn,
  "errors/turn-error": turnError,
  "event/known-events": knownEvents,
  "event/text-accumulator": textAccumulator,
  "run/memory-store": memoryStore,
  "turn/execution-id": executionId,
  "wire/chunking": wireChunking,
  "wire/byte-pipe": wireBytePipe,
  "wire/decode-stream": wireDecodeStream,
  "wire/limits": wireLimits,
  "wire/malformed": wireMalformed,
  "wire/round-trip": wireRoundTrip,
  "wire/sse-frames": wireSseFrames,
};
