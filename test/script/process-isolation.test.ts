import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { projectFolder, runCommand } from "../gate/run-command.ts";
import type { TestResult } from "../support/mini-test.ts";
import processAgent from "./process-agent.ts";
import processIsolation from "./process-isolation.ts";

processIsolation({ describe, it, expect });
processAgent({ describe, it, expect });

const program = "test/script/process-isolation-main.ts";

describe("script: process isolation elsewhere", () => {
  it.each([
    ["deno", ["run", "--quiet", "--no-lock", "--cached-only", "--no-check", "--allow-all", program]],
    ["bun", ["run", "--no-install", program]],
  ])(
    "works on %s",
    async (command, args) => {
      const { stdout, output } = await runCommand(command, args, { timeoutMs: 90_000 });
      const last = stdout.trim().split("\n").at(-1) ?? "";
      expect(last, output).toMatch(/^\[/);
      const results = JSON.parse(last) as TestResult[];
      expect(results.filter(({ ok }) => !ok)).toEqual([]);
      expect(results.length).toBeGreaterThan(14);
    },
    100_000,
  );
});

it.runIf(existsSync("/proc/self/stat"))("a child does not outlive its program, whatever it is doing", async () => {
  const before = childPrograms();
  const { exitCode, output } = await runCommand("node", ["test/script/stuck-child-main.ts"], { timeoutMs: 30_000 });
  expect(exitCode, output).toBe(0);
  expect(childPrograms().filter((pid) => !before.includes(pid))).toEqual([]);
});

it("a child that cannot be started for want of file descriptors fails its call, not the program", async () => {
  const command = "ulimit -n 100 && exec node test/script/no-descriptors-main.ts";
  const { exitCode, stdout, output } = await runCommand("sh", ["-c", command], { timeoutMs: 30_000 });
  expect(exitCode, output).toBe(0);
  expect(stdout).toMatch("vm-lost: The child process could not be started: Error: spawn");
  expect(stdout).toMatch("then served");
});

/** Of this project: another copy of it may be tested at the same time. */
function childPrograms(): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      const command = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, "utf8") : "";
      return command.includes(`${projectFolder}src/script`) && command.includes("quickjs-child");
    } catch {
      // It ended while we looked.
      return false;
    }
  });
}
