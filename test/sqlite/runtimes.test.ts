import { describe, expect, it } from "vitest";
import { projectFolder, runCommand } from "../gate/run-command.ts";
import { collectTests, type TestResult } from "../support/mini-test.ts";
import { sqliteSuites } from "./sqlite-suites.ts";

// The store contract on SQLite where Vitest does not run: Deno and Bun, which have node:sqlite, and a Durable Object.

const perSuite = collectTests(sqliteSuites("")).length / 3;
const script = "test/sqlite/script-main.ts";
const deno = ["run", "--quiet", "--allow-all", "--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-check"];

describe("the store contract", () => {
  it.each([
    {
      runtime: "Deno",
      command: "deno",
      args: [...deno, "--no-npm", script],
      env: { DENO_DIR: `${projectFolder}.cache/deno`, DENO_NO_PACKAGE_JSON: "1", DENO_NO_UPDATE_CHECK: "1" },
      suites: 3,
    },
    { runtime: "Bun", command: "bun", args: ["run", "--no-install", script], env: {}, suites: 3 },
    {
      runtime: "a Durable Object",
      command: process.execPath,
      args: ["test/sqlite/durable-object-main.ts"],
      env: {},
      suites: 1,
    },
  ])("is kept on $runtime", { timeout: 120_000 }, async ({ command, args, env, suites }) => {
    const { exitCode, stdout, output } = await runCommand(command, args, { timeoutMs: 110_000, env });
    expect(exitCode, output).toBe(0);
    const results = JSON.parse(stdout.split("\n").findLast((line) => line.startsWith("[{")) ?? "[]") as TestResult[];
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    expect(results).toHaveLength(perSuite * suites);
  });
});
