import type { WireFormat } from "../wire/decode-stream.ts";
import { NDJSON_TYPE } from "../wire/ndjson.ts";
import { SSE_TYPE } from "../wire/sse.ts";

/**
 * How the client wants its events, by `Accept`: NDJSON, unless it likes SSE better, or as much and names it more
 * exactly. A client that accepts neither gets NDJSON too: the streams of a turn are all that there is.
 */
export function negotiateFormat(accept: string | null | undefined): WireFormat {
  const ranges = parseRanges(accept ?? "");
  const ndjson = weigh(ranges, NDJSON_TYPE);
  const sse = weigh(ranges, SSE_TYPE);
  return sse.quality > ndjson.quality || (sse.quality === ndjson.quality && sse.exactness > ndjson.exactness)
    ? "sse"
    : "ndjson";
}

interface Range {
  readonly pattern: string;
  readonly quality: number;
}

interface Weight {
  readonly quality: number;
  readonly exactness: number;
}

function parseRanges(accept: string): Range[] {
  return accept.split(",").map((text) => {
    const [range = "", ...parameters] = text.toLowerCase().split(";");
    const said = parameters.find((one) => one.trim().startsWith("q="))?.trim();
    const quality = said === undefined ? 1 : Number(said.slice(2));
    // What is no number asks for nothing.
    return { pattern: range.trim(), quality: quality >= 0 ? Math.min(quality, 1) : 0 };
  });
}

/** The range that names the type most exactly decides. */
function weigh(ranges: readonly Range[], type: string): Weight {
  const patterns = ["*/*", type.replace(/\/.*/, "/*"), type];
  let weight: Weight = { quality: 0, exactness: -1 };
  for (const { pattern, quality } of ranges) {
    const exactness = patterns.indexOf(pattern);
    if (exactness > weight.exactness) weight = { quality, exactness };
  }
  return weight;
}
