export type { TurnEvent } from "../event/turn-event.ts";
export { type BytePipe, createBytePipe } from "./byte-pipe.ts";
export { decodeStream, type WireFormat } from "./decode-stream.ts";
export type { DecoderLimits, EventDecoder } from "./event-decoder.ts";
export { MAX_EVENT_BYTES, MAX_EVENT_DEPTH, stringifyEvent } from "./event-json.ts";
export { createNdjsonDecoder, encodeNdjson, NDJSON_TYPE } from "./ndjson.ts";
export { createSseDecoder, encodeSse, SSE_TYPE, sseFrame } from "./sse.ts";
export { type SseFrame, SseFrameReader } from "./sse-frames.ts";
