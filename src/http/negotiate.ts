import type { WireFormat } from "../wire/decode-stream.ts";

/**
 * How the client wants its events, by `Accept`: NDJSON, unless it likes SSE better, or as much and names it more
 * exactly. A client that accepts neither gets NDJSON too: the streams of a turn are all that there is.
 */
export function negotiateFormat(accept: string | null | undefined): WireFormat {
  const ranges = parseRanges(accept ?? "");
  const ndjson = weigh(ranges, "application", "x-ndjson");
  const sse = weigh(ranges, "text", "event-stream");
  return sse.quality > ndjson.quality || (sse.quality === ndjson.quality && sse.exactness > ndjson.exactness)
    ? "sse"
    : "ndjson";
}

interface Range {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
}

interface Weight {
  readonly quality: number;
  readonly exactness: number;
}

function parseRanges(accept: string): Range[] {
  return accept.split(",").map((text) => {
    const [range = "", ...parameters] = text.toLowerCase().split(";");
    const [type = "", subtype = ""] = range.trim().split("/");
    const said = parameters.find((one) => one.trim().startsWith("q="))?.trim();
    const quality = said === undefined ? 1 : Number(said.slice(2));
    // What is no number asks for nothing.
    return { type, subtype, quality: quality >= 0 ? Math.min(quality, 1) : 0 };
  });
}

/** The range that names the type most exactly decides. */
function weigh(ranges: readonly Range[], type: string, subtype: string): Weight {
  let weight: Weight = { quality: 0, exactness: -1 };
  for (const range of ranges) {
    const exactness =
      range.type === type && range.subtype === subtype
        ? 2
        : range.type === type && range.subtype === "*"
          ? 1
          : range.type === "*" && range.subtype === "*"
            ? 0
            : -1;
    if (exactness > weight.exactness) weight = { quality: range.quality, exactness };
  }
  return weight;
}
