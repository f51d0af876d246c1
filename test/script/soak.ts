import { abuseCases, stuckBuiltins } from "./abuse-cases.ts";
import { churnContexts, mostBlocks } from "./churn-contexts.ts";
import { abuseRuntime, runAbuseCase } from "./run-abuse-case.ts";
import { testRuntime } from "./script-support.ts";

// `npm run soak:script`, minutes long: ten thousand contexts with all memory looked at, then the whole corpus in child
// processes. Ends with 1 when anything grew or ended otherwise than it should.

const CONTEXTS = Number(process.argv[2] ?? 10_000);
const STEPS = 10;
const MB = 1e6;
const MAX_GROWTH_BYTES = 8 * MB;

let failures = 0;

function check(name: string, holds: boolean, figures: string): void {
  console.log(`${holds ? "ok  " : "FAIL"} ${name}: ${figures}`);
  if (!holds) failures += 1;
}

function memory(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss;
}

const runtime = testRuntime({ limits: { memoryBytes: 16 * 1024 * 1024 } });
await churnContexts(runtime, CONTEXTS / STEPS);
const blocksBefore = await mostBlocks(runtime);
const rss = [memory()];
for (let step = 0; step < STEPS; step++) {
  await churnContexts(runtime, CONTEXTS / STEPS);
  rss.push(memory());
}
const blocksAfter = await mostBlocks(runtime);
const { vms, scripts, calls } = runtime.stats();
await runtime.close();
const shown = rss.map((bytes) => (bytes / MB).toFixed(0)).join(" ");
// The host's heap grows until its collector has found its pace; a leak would go on after that.
const growth = (rss.at(-1) ?? 0) - (rss[STEPS / 2] ?? 0);
check(
  `${CONTEXTS} contexts leave the VM as roomy as it was`,
  blocksAfter === blocksBefore,
  `${blocksBefore} → ${blocksAfter} blocks of 16 kB`,
);
check(
  `${CONTEXTS} contexts in one VM that was never lost`,
  vms === 1 && scripts === 0 && calls === 0,
  JSON.stringify({ vms, scripts, calls }),
);
check(`${CONTEXTS} contexts leave the process's memory flat`, growth < MAX_GROWTH_BYTES, `RSS in MB: ${shown}`);

const apart = abuseRuntime({ isolation: "process", limits: { sliceMs: 300, killGraceMs: 300 } });
let ended = 0;
for (const abuse of [...abuseCases, ...stuckBuiltins]) {
  const { outcome } = await runAbuseCase(apart, abuse);
  const found = "code" in outcome ? outcome.code : "value";
  const isRight =
    "value" in abuse.ends
      ? JSON.stringify(outcome) === JSON.stringify({ value: abuse.ends.value })
      : abuse.ends.includes(found);
  if (isRight) ended += 1;
  else check(abuse.name, false, JSON.stringify(outcome));
}
await apart.close();
check(
  "the abuse corpus ends in child processes as it should",
  ended === abuseCases.length + stuckBuiltins.length,
  `${ended} cases`,
);
process.exitCode = failures === 0 ? 0 : 1;
