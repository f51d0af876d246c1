import type { TurnEvent } from "../../src/index.ts";

/**
 * The answer that a log tells, worked out in another way than the library's accumulator does: by looking up what it was
 * at the place that a restart goes back to.
 */
export function textOfLog(log: readonly TurnEvent[]): string {
  const textAt = new Map<string, string>([["1", ""]]);
  let sealed = "";
  let said = "";
  let result: string | undefined;
  const text = (): string => sealed + (result ?? said);
  const beginAfter = (kept: string): void => {
    sealed = kept;
    said = "";
    result = undefined;
  };
  for (const { id = "", type, data } of log) {
    if (type === "message.part.updated") said += String(data?.["delta"]);
    if (type === "result") result = String(data?.["finalText"]);
    if (type === "run.restarted") beginAfter(textAt.get(String(data?.["keep"])) ?? "unknown place");
    if (data?.["state"] === "waiting_for_approval") beginAfter(text());
    textAt.set(id, text());
  }
  return text();
}
