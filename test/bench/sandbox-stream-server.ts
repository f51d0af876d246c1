import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

// The far end of the sandbox bench, in a process of its own: sends a run of so many events as fast as the socket takes
// them, from bytes that were made beforehand.

const events = Number(process.argv[2]);
/** `run`: parts with cumulative text beside each delta, and the backend's raw events between them, as runs look on the
 * wire. `deltas`: nothing but the shortest deltas, which no sandbox sends. */
const kind = process.argv[3];
const CHUNK_EVENTS = 200;
/** How long an answer grows before its next part: cumulative text of up to 3 kB. */
const PART_WORDS = 300;

function eventOf(id: number): [type: string, data: object] {
  const word = `word ${id} `;
  if (kind === "deltas") return ["message.part.updated", { part: { id: "t", type: "text" }, delta: word }];
  const nth = Math.floor(id / 2);
  const partId = `prt_${Math.floor(nth / PART_WORDS)}`;
  const text = word.repeat(nth % PART_WORDS);
  const part = { id: partId, type: "text", messageID: "msg_1", sessionID: "ses_1", text };
  const time = { start: 1_764_000_000_000 + id };
  if (id % 2 === 1) return ["message.part.updated", { part: { ...part, time }, delta: word }];
  // The backend's own event, which says the same again.
  return ["raw", { backend: "opencode", event: { type: "message.part.updated", properties: { part, time } } }];
}

const chunks: Buffer[] = [];
for (let from = 1; from <= events; from += CHUNK_EVENTS) {
  let text = "";
  for (let id = from; id < Math.min(events + 1, from + CHUNK_EVENTS); id++) {
    const [type, data] = eventOf(id);
    text += `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  }
  chunks.push(Buffer.from(text));
}
const end = `id: ${events + 1}\nevent: result\ndata: {"outcome":"completed"}\n\nid: ${events + 2}\nevent: done\ndata: {}\n\n`;
chunks.push(Buffer.from(end));

const server = createServer((request, response) => {
  request.resume();
  if (request.method === "GET") {
    response.writeHead(404, { "content-type": "application/json" });
    response.end('{"error":{"code":"execution_not_found"}}');
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  let next = 0;
  const send = (): void => {
    for (let chunk = chunks[next++]; chunk !== undefined; chunk = chunks[next++]) {
      if (response.write(chunk)) continue;
      response.once("drain", send);
      return;
    }
    response.end();
  };
  send();
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
