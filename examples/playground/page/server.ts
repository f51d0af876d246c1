import { refusalText } from "./refusal-text.ts";

// What the page asks of the playground beside the turns themselves.

export interface About {
  readonly pid: number;
  readonly now: number;
  readonly database: string;
  readonly agents: readonly AgentInfo[];
}

export interface AgentInfo {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly example: string;
}

export interface TurnSummary {
  readonly executionId: string;
  readonly state: string;
}

export const API = "/api";

/** How far the server's clock is ahead of the page's. */
let clockOffsetMs = 0;

/** Now, by the server's clock: the one that the recorded times are from. */
export function serverNow(): number {
  return Date.now() + clockOffsetMs;
}

export async function readAbout(): Promise<About> {
  const about = (await getJson("/about")) as About;
  clockOffsetMs = about.now - Date.now();
  return about;
}

/** When the events of an execution were said, by their ids. */
export async function readTimes(executionId: string): Promise<Map<number, number>> {
  const { times } = (await getJson(`/trace/${encodeURIComponent(executionId)}`)) as { times: Record<string, number> };
  return new Map(Object.entries(times).map(([id, at]) => [Number(id), at]));
}

export async function listTurns(sessionId: string): Promise<readonly TurnSummary[]> {
  const { turns } = (await getJson(`${API}/sessions/${encodeURIComponent(sessionId)}/turns`)) as {
    turns: TurnSummary[];
  };
  return turns;
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(await refusalText(response));
  return response.json();
}
