import type { RemoteEvent } from "./remote-run.ts";

/**
 * How events are put on the wire: with a name and the payload (as the orchestrator does), with the whole event and no
 * name, with CRLF, with the JSON over several lines, or with the id behind the data.
 */
export type Framing = "named" | "unnamed" | "crlf" | "lines" | "id-last";

export function writeFrame({ id, type, data }: RemoteEvent, framing: Framing): string {
  const json = JSON.stringify(data);
  const idLine = id === undefined ? "" : `id: ${id}\n`;
  switch (framing) {
    case "named":
      return `${idLine}event: ${type}\ndata: ${json}\n\n`;
    case "unnamed":
      return `${idLine}data: ${JSON.stringify({ type, data })}\n\n`;
    case "crlf":
      return `${idLine}event: ${type}\ndata: ${json}\n\n`.replaceAll("\n", "\r\n");
    case "lines":
      return `${idLine}event: ${type}\n${JSON.stringify(data, null, 1)
        .split("\n")
        .map((line) => `data: ${line}\n`)
        .join("")}\n`;
    case "id-last":
      return `event: ${type}\ndata: ${json}\n${idLine}\n`;
  }
}
