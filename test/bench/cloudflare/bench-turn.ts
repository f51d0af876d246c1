import { Agent, request } from "node:http";
import { deriveExecutionId } from "turnwire";
import type { BenchTurn } from "./bench-agent.ts";

// Plays turns over HTTP without parsing what is not asked for, so that the client is not what is measured.

const agent = new Agent({ maxSockets: Infinity, keepAlive: false });

export interface PlayedTurn {
  readonly lines: number;
  /** Whether its last line is the terminal event of a turn that completed. */
  readonly completed: boolean;
}

export interface TurnAddress {
  readonly url: string;
  readonly sessionId: string;
  readonly turnIndex: number;
}

export function startTurn(
  { url, sessionId, turnIndex }: TurnAddress,
  turn: BenchTurn,
  onChunk?: (chunk: Buffer) => void,
): Promise<PlayedTurn> {
  return play("POST", `${url}/turns`, JSON.stringify({ sessionId, turnIndex, message: JSON.stringify(turn) }), onChunk);
}

export function attachTurn({ url, sessionId, turnIndex }: TurnAddress): Promise<PlayedTurn> {
  const id = deriveExecutionId({ tenantId: "acme", projectId: "bench", sessionId, turnIndex });
  return play("GET", `${url}/turns/${encodeURIComponent(id)}/events`);
}

/** Any request whose answer is lines. */
export function play(
  method: "GET" | "POST",
  url: string,
  body?: string,
  onChunk?: (chunk: Buffer) => void,
): Promise<PlayedTurn> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const sent = request(url, { method, agent, headers }, (response) => {
      let lines = 0;
      let end: Buffer = Buffer.alloc(0);
      response.on("data", (chunk: Buffer) => {
        for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++;
        end = chunk.length >= 300 ? chunk : Buffer.concat([end, chunk]);
        onChunk?.(chunk);
      });
      response.on("error", (cause) =>
        reject(new Error(`${method} ${url} was cut off after ${lines} lines`, { cause })),
      );
      response.on("end", () => {
        const text = end.toString();
        if (response.statusCode === 200) resolve({ lines, completed: text.includes('"session.run.completed"') });
        else reject(new Error(`${method} ${url}: HTTP ${response.statusCode} ${text.slice(0, 300)}`));
      });
    });
    sent.on("error", (cause) => reject(new Error(`${method} ${url} was cut off`, { cause })));
    sent.end(body);
  });
}
