import type { ScriptRuntime } from "../../src/script/index.ts";

/**
 * A script that calls the host that calls the script, `depth` times, while `others` callers wait behind the first. Answers
 * what happened, in order; the runtime is closed.
 */
export async function callbackChain(runtime: ScriptRuntime, depth: number, others: number): Promise<string[]> {
  const log: string[] = [];
  const script = await runtime.openScript({
    source: `
      export const down = async (n) => { await note("down " + n); return n === 0 ? 0 : 1 + (await back(n - 1)); };
      export const other = async (n) => { await note("other " + n); return n; };
    `,
    host: {
      note: ([line]) => void log.push(String(line)),
      back: ([n]) => script.call("down", [n]),
    },
  });
  const first = script.call("down", [depth]);
  const rest = Array.from({ length: others }, (_, n) => script.call("other", [n]));
  log.push(`result ${String(await first)}`);
  await Promise.all(rest);
  await runtime.close();
  return log;
}
