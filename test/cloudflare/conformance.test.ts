import { expect, it } from "vitest";
import { projectFolder, runCommand } from "../gate/run-command.ts";
import { collectTests, type TestResult } from "../support/mini-test.ts";
import { conformanceSuite } from "./conformance-suite.ts";

it("Durable Objects in a real workerd keep what a substrate guarantees", { timeout: 120_000 }, async () => {
  const args = [`${projectFolder}test/cloudflare/run-worker-tests.ts`, "conformance.wrangler.json"];
  const { exitCode, stdout, output } = await runCommand(process.execPath, args, { timeoutMs: 110_000, env: {} });
  expect(exitCode, output).toBe(0);
  const results = JSON.parse(stdout.split("\n").findLast((line) => line.startsWith("[{")) ?? "[]") as TestResult[];
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
  const suite = conformanceSuite(() => {
    throw new Error("Only counted here");
  });
  expect(results.map(({ name }) => name)).toEqual(collectTests({ cloudflare: suite }).map(({ name }) => name));
});
