import type { JsonValue } from "../../event/json.ts";
import { describeValue } from "../../internal/describe-value.ts";

/** A question of {@link ConformanceStep}'s `ask`, as `approval.requested` carries it. */
export type ConformanceQuestion = {
  toolName: string;
  input: JsonValue;
  reason?: string;
  expiresInMs?: number;
};

/**
 * One thing that the conformance agent does. Plain JSON, because it travels in the turn's input to wherever the agent
 * is. In words: say `count` numbered pieces of text; emit an event as it is; wait until a gate is opened (or, with
 * `afterMs`, so long); ask a person and end; throw; hang until stopped (a deaf agent does not even stop then); keep the
 * turn in its settling until a gate is opened.
 */
export type ConformanceStep =
  | { do: "say"; count: number; bytes?: number }
  | { do: "emit"; type: string; data: { [key: string]: JsonValue } }
  | { do: "gate"; name: string; afterMs?: number }
  | { do: "ask"; questions: ConformanceQuestion[] }
  | { do: "fail"; message: string }
  | { do: "hang"; deaf?: boolean }
  | { do: "settleLater"; gate: string; afterMs?: number };

/** The `data` of a turn's input that carries a script. */
export function scriptData(steps: readonly ConformanceStep[]): JsonValue {
  return { conformance: [...steps] };
}

/** The script in a turn's input; refuses an input without one. */
export function parseScript(data: JsonValue | undefined): readonly ConformanceStep[] {
  const steps = typeof data === "object" && data !== null && !Array.isArray(data) ? data["conformance"] : undefined;
  if (!Array.isArray(steps)) {
    throw new TypeError(`The conformance agent answers only its own suite: no script in ${describeValue(data)}`);
  }
  return steps as ConformanceStep[];
}

/** A numbered piece of text, `n` counting from 0 along the script and `run` counting how often the script was begun. */
export function pieceText(n: number, run: number, bytes = 0): string {
  return `${n}.${run}${"-".repeat(bytes)} `;
}

/** The number and the run of a piece of text; undefined for any other event. */
export function parsePiece(event: {
  readonly type: string;
  readonly data?: Readonly<Record<string, unknown>>;
}): { readonly n: number; readonly run: number } | undefined {
  const delta = event.type === "message.part.updated" ? event.data?.["delta"] : undefined;
  const [, n, run] = /^(\d+)\.(\d+)-* $/.exec(typeof delta === "string" ? delta : "") ?? [];
  return n === undefined || run === undefined ? undefined : { n: Number(n), run: Number(run) };
}

/** What the agent says so that {@link parseSettleGate} finds it in the final text. */
export function settleGateText(gate: string, afterMs: number | undefined): string {
  return `settle:${gate}:${afterMs ?? ""};`;
}

export function parseSettleGate(finalText: string): { readonly name: string; readonly afterMs?: number } | undefined {
  const [, name, afterMs] = /settle:([^:;]+):(\d*);/.exec(finalText) ?? [];
  if (name === undefined) return undefined;
  return afterMs === undefined || afterMs === "" ? { name } : { name, afterMs: Number(afterMs) };
}
