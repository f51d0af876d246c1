import { Agent, createServer, type IncomingMessage, request as send, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What becomes of one request on its way, and of the answer after so many lines of it. */
export type Fate =
  | { readonly kind: "pass" }
  /** The connection is reset before the server hears of the request. */
  | { readonly kind: "cut-before" }
  /** The server answers, and the client never hears of it. */
  | { readonly kind: "lose-answer" }
  /** A gateway's page instead: the server is not asked, or is and its answer thrown away. */
  | { readonly kind: "bad-gateway"; readonly asked: boolean }
  /** Somebody else's page, with status 200. */
  | { readonly kind: "foreign-page" }
  /** The same request reaches the server twice at once. */
  | { readonly kind: "duplicate" }
  /** After so many lines (and half a line more): reset, a clean end, a pause, or silence for ever. */
  | {
      readonly kind: "cut" | "truncate" | "delay" | "stall";
      readonly lines: number;
      readonly half?: boolean;
      readonly ms?: number;
    };

export interface ChaosProxy {
  readonly url: string;
  /** How many requests met each kind of fate. */
  readonly met: Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** An HTTP proxy in front of `target` that does to each request what `fateOf` says. */
export async function createChaosProxy(
  target: string,
  fateOf: (request: IncomingMessage) => Fate,
): Promise<ChaosProxy> {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const met: Record<string, number> = {};

  const server = createServer((request, response) => {
    const fate = fateOf(request);
    met[fate.kind] = (met[fate.kind] ?? 0) + 1;
    // A client that goes away in the middle is what this is all about.
    response.on("error", () => undefined);
    void readAll(request).then((body) => meet(fate, request, body, response));
  });

  function ask(
    { method, url = "/", headers }: IncomingMessage,
    body: Buffer,
    onAnswer: (answer: IncomingMessage) => void,
    onError: () => void,
  ) {
    const { host: _host, connection: _connection, ...rest } = headers;
    const upstream = send(target + url, { method: method ?? "GET", headers: rest, agent }, (answer) => {
      answer.on("error", () => undefined);
      onAnswer(answer);
    });
    upstream.on("error", onError);
    upstream.end(body);
    return upstream;
  }

  function meet(fate: Fate, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const reset = (): void => void response.socket?.resetAndDestroy();
    const page = (status: number): void => {
      response.writeHead(status, { "content-type": "text/html" });
      response.end("<h1>Hello from somewhere else</h1>");
    };
    switch (fate.kind) {
      case "cut-before":
        return reset();
      case "foreign-page":
        return page(200);
      case "bad-gateway":
        if (!fate.asked) return page(502);
        ask(
          request,
          body,
          (answer) => {
            answer.destroy();
            page(502);
          },
          () => page(502),
        );
        return;
      case "lose-answer":
        ask(
          request,
          body,
          (answer) => {
            answer.destroy();
            reset();
          },
          reset,
        );
        return;
      case "duplicate":
        ask(
          request,
          body,
          (answer) => answer.resume(),
          () => undefined,
        );
        break;
      default:
    }
    const upstream = ask(request, body, (answer) => pass(fate, answer, response), reset);
    response.on("close", () => upstream.destroy());
  }

  function pass(fate: Fate, answer: IncomingMessage, response: ServerResponse): void {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders();
    // A broken answer is passed on as one.
    answer.on("close", () => {
      if (!answer.complete) response.socket?.resetAndDestroy();
    });
    if (!("lines" in fate)) {
      answer.pipe(response);
      return;
    }
    let left = fate.lines;
    let done = false;
    const strike = (): void => {
      done = true;
      if (fate.kind === "cut") {
        // The bytes so far arrive before the reset does.
        setImmediate(() => response.socket?.resetAndDestroy());
      } else if (fate.kind === "truncate") {
        response.end();
      } else if (fate.kind === "delay") {
        answer.pause();
        setTimeout(() => answer.resume(), fate.ms ?? 5);
      }
    };
    if (left === 0 && fate.half !== true) strike();
    answer.on("data", (chunk: Buffer) => {
      if (done) {
        if (fate.kind === "delay") response.write(chunk);
        return;
      }
      let at = 0;
      while (left > 0 && at < chunk.length) {
        const end = chunk.indexOf(10, at);
        if (end === -1) break;
        at = end + 1;
        left--;
      }
      if (left > 0 || (fate.half === true && at >= chunk.length)) {
        response.write(chunk);
        return;
      }
      const upTo = fate.half === true ? at + Math.ceil((chunk.length - at) / 2) : at;
      if (upTo > 0) response.write(chunk.subarray(0, upTo));
      strike();
      if (fate.kind === "delay" && upTo < chunk.length) response.write(chunk.subarray(upTo));
    });
    answer.on("end", () => {
      if (!done || fate.kind === "delay") response.end();
    });
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    met,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    // The client has gone; so has its wish.
  }
  return Buffer.concat(chunks);
}
