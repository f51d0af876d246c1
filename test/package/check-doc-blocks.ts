import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { runCommand } from "../gate/run-command.ts";
import { projectFolder } from "./entries.ts";
import type { DocBlock } from "./extract-doc-blocks.ts";

/** What is wrong with each block, in the order of the blocks; undefined where nothing is. */
export type Verdicts = readonly (string | undefined)[];

export interface CheckOptions {
  /** A folder of its own below `.cache/`, for checks that run at the same time. */
  readonly folder: string;
  /** How long one block may take to run. */
  readonly timeoutMs: number;
}

/**
 * Compiles all blocks in one run of the compiler and runs them in one child process, as modules that import this
 * package by its name, so that they get what was built.
 */
export async function checkDocBlocks(blocks: readonly DocBlock[], options: CheckOptions): Promise<Verdicts> {
  const folder = `${projectFolder}.cache/${options.folder}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  blocks.forEach((block, index) => writeFileSync(`${folder}/${moduleName(index)}`, asModule(block)));
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(TSCONFIG));
  const [mistyped, failing] = await Promise.all([compile(blocks, folder), run(blocks, folder, options.timeoutMs)]);
  return blocks.map((_, index) => mistyped[index] ?? failing[index]);
}

// Without `paths`, the package's name leads through its `exports` to dist/.
const TSCONFIG = {
  extends: "../../tsconfig.json",
  compilerOptions: { paths: {}, moduleDetection: "force" },
  include: ["*.ts"],
  exclude: [],
};

const moduleName = (index: number): string => `block-${index}.ts`;

/** Empty lines in front, so that the compiler and stack traces tell the line in the original file. */
const asModule = ({ line, code }: DocBlock): string => "\n".repeat(line - 1) + code;

async function compile(blocks: readonly DocBlock[], folder: string): Promise<Verdicts> {
  const { exitCode, output } = await runCommand("tsc", ["-p", folder, "--pretty", "false"], { timeoutMs: 60_000 });
  const errors: (string | undefined)[] = blocks.map(() => undefined);
  for (const [, index, place, text] of output.matchAll(/block-(\d+)\.ts\((\d+),\d+\): (.*)/g)) {
    const at = Number(index);
    errors[at] = [errors[at], `${blocks[at]?.file}:${place}: ${text}`].filter(Boolean).join("\n");
  }
  // Errors that no block is to blame for, as in the configuration, stop everything.
  if (exitCode !== 0 && errors.every((error) => error === undefined)) throw new Error(output);
  return errors;
}

async function run(blocks: readonly DocBlock[], folder: string, timeoutMs: number): Promise<Verdicts> {
  const toRun = blocks.flatMap((block, index) => (block.run ? [{ index, path: routeOf(block.code) }] : []));
  const jobs = toRun.map(({ index, path }) => ({ index, file: `${folder}/${moduleName(index)}`, path }));
  writeFileSync(`${folder}/jobs.json`, JSON.stringify({ jobs, timeoutMs }));
  const main = `${projectFolder}test/package/doc-blocks-main.ts`;
  const limits = { timeoutMs: (jobs.length + 1) * timeoutMs + 10_000 };
  const { output } = await runCommand(process.execPath, [main, `${folder}/jobs.json`], limits);
  const results = new Map<number, string>();
  for (const [, index, verdict] of output.matchAll(/^doc-block (\d+) (.*)$/gm)) {
    results.set(Number(index), String(JSON.parse(verdict ?? "")));
  }
  return blocks.map(({ file, line, run: wanted }, index) => {
    const verdict = wanted ? (results.get(index) ?? `the process ended before it was done:\n${output}`) : "";
    return verdict === "" ? undefined : `${file}:${line}: ${verdict}`;
  });
}

/** Where to post to: the first route that the block itself defines. */
const routeOf = (code: string): string => /\.post\(\s*["']([^"']+)["']/.exec(code)?.[1] ?? "/";
