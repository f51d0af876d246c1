import { describe, expect, it } from "vitest";
import { projectFolder, runCommand } from "../gate/run-command.ts";
import { collectTests, type TestResult } from "../support/mini-test.ts";
import { engineSuites } from "./engine-suites.ts";
import { sqliteSuites } from "./sqlite-suites.ts";

// SQLite where Vitest does not run: the store contract and the run engine on Deno and Bun, which have node:sqlite, and
// the store contract in a Durable Object.

const contract = collectTests(sqliteSuites("")).length;
const conformance = collectTests(engineSuites("")).length;
const script = "test/sqlite/script-main.ts";
const deno = ["run", "--quiet", "--allow-all", "--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-check"];

describe("SQLite", () => {
  it.each([
    {
      runtime: "Deno",
      command: "deno",
      args: [...deno, "--no-npm", script],
      env: { DENO_DIR: `${projectFolder}.cache/deno`, DENO_NO_PACKAGE_JSON: "1", DENO_NO_UPDATE_CHECK: "1" },
      tests: contract + conformance,
    },
    { runtime: "Bun", command: "bun", args: ["run", "--no-install", script], env: {}, tests: contract + conformance },
    {
      runtime: "a Durable Object",
      command: process.execPath,
      args: ["test/sqlite/durable-object-main.ts"],
      env: {},
      tests: contract / 3,
    },
  ])("keeps its promises on $runtime", { timeout: 120_000 }, async ({ command, args, env, tests }) => {
    const { exitCode, stdout, output } = await runCommand(command, args, { timeoutMs: 110_000, env });
    expect(exitCode, output).toBe(0);
    const results = JSON.parse(stdout.split("\n").findLast((line) => line.startsWith("[{")) ?? "[]") as TestResult[];
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    expect(results).toHaveLength(tests);
  });
});
