import { execFile } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./mutant.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
const CHILD_TIMEOUT_MS = 30_000;

type Verdict = "killed" | "timed out" | "SURVIVED" | "NOT FOUND" | "BROKEN";

/** What the tests made of a mutant. */
export interface Judgement {
  readonly verdict: "killed" | "SURVIVED";
  readonly detail: string;
}

interface Result {
  readonly mutant: Mutant<string>;
  readonly verdict: Verdict;
  readonly detail: string;
}

/** How mutants are tried: what is run in a copy of the project that has one of them, and how its output is read. */
export interface Trial {
  /** Names the copies' folder. */
  readonly name: string;
  readonly mutants: readonly Mutant<string>[];
  /** What Node is given. */
  readonly command: (mutant: Mutant<string>) => readonly string[];
  /** Undefined for an output that shows nothing: a mutant that does not even load is none. */
  readonly read: (stdout: string) => Judgement | undefined;
}

/** Puts each mutant into a copy of the project, demands that it is found, and prints what became of it. */
export async function tryMutants({ name, mutants, command, read }: Trial): Promise<void> {
  const queue = [...mutants];
  const results: Result[] = [];
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, (_, worker) => work(worker)));

  const bad = results.filter(({ verdict }) => verdict !== "killed" && verdict !== "timed out");
  for (const guarantee of new Set(mutants.map((mutant) => mutant.guarantee))) {
    const own = results.filter(({ mutant }) => mutant.guarantee === guarantee);
    console.log(`${guarantee.padEnd(4)} ${own.filter((one) => !bad.includes(one)).length} of ${own.length} killed`);
  }
  for (const { mutant, verdict, detail } of bad) {
    console.log(
      `\n${verdict}: ${mutant.guarantee} ${mutant.file}\n  - ${mutant.find}\n  + ${mutant.replace}\n${detail}`,
    );
  }
  console.log(
    `\n${results.length - bad.length} of ${results.length} mutants killed in ${Math.round((performance.now() - startedAt) / 1000)} s`,
  );
  if (bad.length > 0 || results.length === 0) process.exitCode = 1;

  /** Works the queue off in a folder of its own. */
  async function work(worker: number): Promise<void> {
    const folder = `${project}.cache/${name}/${worker}/`;
    rmSync(folder, { recursive: true, force: true });
    for (const part of ["src", "test", "package.json"])
      cpSync(`${project}${part}`, `${folder}${part}`, { recursive: true });
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const result = await judge(mutant, folder);
      results.push(result);
      const [detail] = result.detail.split("\n");
      console.log(`${result.verdict.padEnd(9)} ${mutant.guarantee.padEnd(3)} ${mutant.file}: ${detail}`);
    }
  }

  async function judge(mutant: Mutant<string>, folder: string): Promise<Result> {
    const file = `${folder}src/${mutant.file}`;
    const source = readFileSync(file, "utf8");
    if (source.split(mutant.find).length !== 2) return { mutant, verdict: "NOT FOUND", detail: "" };
    writeFileSync(
      file,
      source.replace(mutant.find, () => mutant.replace),
    );
    try {
      return { mutant, ...(await runTests(folder, mutant)) };
    } finally {
      writeFileSync(file, source);
    }
  }

  function runTests(folder: string, mutant: Mutant<string>): Promise<{ verdict: Verdict; detail: string }> {
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [...command(mutant)],
        { cwd: folder, timeout: CHILD_TIMEOUT_MS, killSignal: "SIGKILL", maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => {
          if (error?.killed === true) return resolve({ verdict: "timed out", detail: "the tests did not end" });
          resolve(read(stdout) ?? { verdict: "BROKEN", detail: stderr.slice(-1500) });
        },
      );
    });
  }
}
