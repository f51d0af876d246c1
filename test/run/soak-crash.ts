import { temporaryFolder } from "../sqlite/temporary-folder.ts";
import { crashRun } from "./crash-run.ts";

// `npm run soak:crash -- --kills 300 --seed 7`: what crash.test.ts does, for longer.

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at === -1 ? fallback : Number(process.argv[at + 1]);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} must be a whole number`);
  return value;
}

const kills = option("kills", 300);
const seed = option("seed", Date.now() % 1_000_000);
const folder = temporaryFolder();
const startedAt = performance.now();
try {
  const report = await crashRun({ folder: folder.path, kills, seed });
  console.log(
    JSON.stringify({ seed, seconds: Math.round((performance.now() - startedAt) / 1000), ...report }, null, 2),
  );
  process.exitCode = report.broken.length === 0 ? 0 : 1;
} finally {
  folder.remove();
}
