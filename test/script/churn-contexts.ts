import type { ScriptRuntime } from "../../src/script/index.ts";

const source = `
  const kept = [];
  export const ok = async (value) => { kept.push(value, new Map([[value, () => value]])); return await note(value, () => 1); };
  export const fail = async (value) => { setTimeout(() => {}, 100_000); await note(value); throw new Error("planned"); };
  export const hang = (value) => { setInterval(() => {}, 100_000); return hold(value, () => 2); };
`;

/** Opens, uses and closes contexts one after the other: a third succeeds, a third fails, a third is canceled. */
export async function churnContexts(runtime: ScriptRuntime, rounds: number): Promise<void> {
  const host = {
    note: async ([value]: readonly unknown[]) => value,
    hold: () => new Promise<never>(() => {}),
  };
  for (let i = 0; i < rounds; i++) {
    const script = await runtime.openScript({ source, host });
    const abort = new AbortController();
    const name = ["ok", "fail", "hang"][i % 3] ?? "ok";
    const call = script.call(name, [{ round: i }], { signal: abort.signal }).then(
      (value) => JSON.stringify(value),
      (error: unknown) => (error as Error).message,
    );
    if (name === "hang") {
      await script.call("ok", [1]);
      abort.abort();
    }
    const outcome = await call;
    const wanted = [JSON.stringify({ round: i }), "Error: planned", "call hang was canceled"][i % 3];
    if (outcome !== wanted) throw new Error(`Round ${i}: ${outcome}`);
    await script.close();
  }
}

/** How many blocks of 16 kB a script can still have: what a leak in the VM would make fewer. */
export async function mostBlocks(runtime: ScriptRuntime): Promise<number> {
  const blocks = "export default (n) => Array.from({ length: n }, () => new ArrayBuffer(16384)).length;";
  const script = await runtime.openScript({ source: blocks });
  let fits = 0;
  for (let step = 1024; step >= 1; step /= 2) {
    const worked = await script.call("default", [fits + step]).then(
      () => true,
      () => false,
    );
    if (worked) fits += step;
  }
  await script.close();
  return fits;
}
