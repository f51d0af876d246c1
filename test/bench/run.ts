import { mkdirSync, writeFileSync } from "node:fs";
import { type Bench, comparison, isMissed, type Row } from "./bench.ts";
import { bench as cloudflareColdStart } from "./cloudflare-cold-start.ts";
import { bench as cloudflareCost } from "./cloudflare-cost.ts";
import { bench as cloudflareScale } from "./cloudflare-scale.ts";
import { bench as sandboxStream } from "./sandbox-stream.ts";
import { bench as scriptBridge } from "./script-bridge.ts";
import { bench as scriptContext } from "./script-context.ts";
import { bench as scriptOwner } from "./script-owner.ts";
import { bench as scriptTenants } from "./script-tenants.ts";
import { bench as httpLoad } from "./http-load.ts";
import { bench as runEngine } from "./run-engine.ts";
import { bench as store } from "./store.ts";
import { bench as turnThroughput } from "./turn-throughput.ts";
import { bench as scriptInference } from "./script-inference.ts";

// `npm run bench`, or `npm run bench -- --only turn-throughput`: prints a table, writes it as JSON, and exits with 1
// when a limit is missed. Each figure is compared with one that was measured in the same run.

const benches: Readonly<Record<string, Bench>> = {
  "turn-throughput": turnThroughput,
  store,
  "run-engine": runEngine,
  "http-load": httpLoad,
  "script-owner": scriptOwner,
  "script-bridge": scriptBridge,
  "script-context": scriptContext,
  "script-tenants": scriptTenants,
  "sandbox-stream": sandboxStream,
  "cloudflare-cost": cloudflareCost,
  "cloudflare-scale": cloudflareScale,
  "cloudflare-cold-start": cloudflareColdStart,
  "script-inference": scriptInference,
};
const reportFile = ".cache/bench.json";

const report: Record<string, Row[]> = {};
for (const name of picked(process.argv.slice(2))) {
  const bench = benches[name];
  if (bench === undefined)
    throw new Error(`No bench is called "${name}"; there are: ${Object.keys(benches).join(", ")}`);
  console.log(`\n${name}`);
  const rows = await bench();
  report[name] = rows;
  printTable(rows);
}

const all = Object.values(report).flat();
mkdirSync(".cache", { recursive: true });
writeFileSync(
  reportFile,
  `${JSON.stringify({ node: process.version, at: new Date().toISOString(), report: withRatios() }, null, 2)}\n`,
);
const missed = all.filter(isMissed).length;
const limited = all.filter(({ limit }) => limit !== undefined).length;
console.log(`\n${limited - missed} of ${limited} limits kept; ${reportFile} has the figures`);
process.exitCode = missed === 0 ? 0 : 1;

function picked(args: readonly string[]): string[] {
  if (args.length === 0) return Object.keys(benches);
  const [flag, value] = args[0]?.startsWith("--only=") === true ? args[0].split("=") : args;
  if (flag !== "--only" || value === undefined) throw new Error("Usage: npm run bench -- --only <name>");
  return value.split(",");
}

function withRatios(): Record<string, object[]> {
  return Object.fromEntries(
    Object.entries(report).map(([name, rows]) => [
      name,
      rows.map((row) => ({
        ...row,
        value: comparison(row),
        ...(row.limit === undefined ? {} : { ok: !isMissed(row) }),
      })),
    ]),
  );
}

function printTable(rows: readonly Row[]): void {
  const lines = [["", "ours", "peer", "unit", "compared", "limit", ""], ...rows.map(cells)];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  for (const line of lines) {
    const padded = line.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(`  ${padded.join("  ")}`.trimEnd());
  }
}

function cells(row: Row): string[] {
  const value = comparison(row);
  return [
    row.name,
    number(row.ours),
    number(row.peer),
    row.unit,
    value === undefined ? "" : `${row.compare === "difference" ? "+" : "×"}${number(value)}`,
    number(row.limit),
    row.limit === undefined ? "info" : isMissed(row) ? "MISSED" : "ok",
  ];
}

function number(value: number | undefined): string {
  if (value === undefined) return "";
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(3);
}
