import { execFile } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./mutant.ts";
import { mutants } from "./mutants.ts";

// `npm run mutants`: puts each bug into a copy of the project and demands that a test which cites its guarantee goes
// red. `npm run mutants -- T6 pump` takes only those whose guarantee or file matches every word.

const project = fileURLToPath(new URL("../..", import.meta.url));
const CHILD_TIMEOUT_MS = 30_000;

type Verdict = "killed" | "timed out" | "SURVIVED" | "NOT FOUND" | "BROKEN";
interface Result {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  readonly detail: string;
}

const words = process.argv.slice(2);
const chosen = mutants.filter(({ guarantee, file }) =>
  words.every((word) => guarantee === word || file.includes(word)),
);
const queue = [...chosen.keys()];
const results: Result[] = [];
const startedAt = performance.now();
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, (_, worker) => work(worker)));

const bad = results.filter(({ verdict }) => verdict !== "killed" && verdict !== "timed out");
for (const guarantee of new Set(chosen.map((mutant) => mutant.guarantee))) {
  const own = results.filter(({ mutant }) => mutant.guarantee === guarantee);
  console.log(`${guarantee.padEnd(4)} ${own.filter((one) => !bad.includes(one)).length} of ${own.length} killed`);
}
for (const { mutant, verdict, detail } of bad) {
  console.log(`\n${verdict}: ${mutant.guarantee} ${mutant.file}\n  - ${mutant.find}\n  + ${mutant.replace}\n${detail}`);
}
console.log(
  `\n${results.length - bad.length} of ${results.length} mutants killed in ${Math.round((performance.now() - startedAt) / 1000)} s`,
);
if (bad.length > 0 || results.length === 0) process.exitCode = 1;

/** Works the queue off in a folder of its own. */
async function work(worker: number): Promise<void> {
  const folder = `${project}.cache/mutants/${worker}/`;
  rmSync(folder, { recursive: true, force: true });
  for (const part of ["src", "test"]) cpSync(`${project}${part}`, `${folder}${part}`, { recursive: true });
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    const mutant = chosen[at];
    if (mutant === undefined) continue;
    const result = await judge(mutant, folder);
    results.push(result);
    console.log(
      `${result.verdict.padEnd(9)} ${mutant.guarantee.padEnd(3)} ${mutant.file}: ${result.detail.split("\n")[0]}`,
    );
  }
}

async function judge(mutant: Mutant, folder: string): Promise<Result> {
  const file = `${folder}src/${mutant.file}`;
  const source = readFileSync(file, "utf8");
  if (source.split(mutant.find).length !== 2) return { mutant, verdict: "NOT FOUND", detail: "" };
  writeFileSync(
    file,
    source.replace(mutant.find, () => mutant.replace),
  );
  try {
    return { mutant, ...(await runTests(folder, `${mutant.guarantee}:`)) };
  } finally {
    writeFileSync(file, source);
  }
}

function runTests(folder: string, wanted: string): Promise<{ verdict: Verdict; detail: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["test/mutants/run-suites.ts", wanted],
      { cwd: folder, timeout: CHILD_TIMEOUT_MS, killSignal: "SIGKILL", maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error?.killed === true) return resolve({ verdict: "timed out", detail: "the tests did not end" });
        const report = parseReport(stdout);
        // A mutant that does not even load shows nothing about the tests.
        if (report === undefined || report.ran === 0)
          return resolve({ verdict: "BROKEN", detail: stderr.slice(-1500) });
        const [red] = report.red;
        return resolve(
          red === undefined
            ? { verdict: "SURVIVED", detail: `${report.ran} tests stayed green` }
            : { verdict: "killed", detail: red.name },
        );
      },
    );
  });
}

function parseReport(stdout: string): { ran: number; red: { name: string }[] } | undefined {
  try {
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { ran: number; red: { name: string }[] };
  } catch {
    return undefined;
  }
}
