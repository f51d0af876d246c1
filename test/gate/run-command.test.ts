import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runCommand } from "./run-command.ts";

const node = (code: string, timeoutMs = 10_000) => runCommand(process.execPath, ["-e", code], { timeoutMs });

describe("runCommand", () => {
  it("gives exit code and output", async () => {
    const result = await node('console.log("out"); console.error("err"); process.exitCode = 3;');
    expect(result).toMatchObject({ exitCode: 3, stdout: "out\n" });
    expect(result.output).toContain("err");
  });

  it("gives no input, so that a program that asks for some goes on", async () => {
    expect((await node("process.stdin.resume().on('end', () => console.log('no input'));")).stdout).toBe("no input\n");
  });

  it("ends a program whose time is up, with its children", async () => {
    const stubborn = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);";
    const parent = `const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { stdio: 'inherit' });
      console.log(child.pid); ${stubborn}`;
    const { exitCode, stdout, output } = await node(parent, 500);
    expect(exitCode).toBe(1);
    expect(output).toContain("Killed: it did not end within 0.5 s");
    await expectGone(Number(stdout));
  });

  it("does not wait for a child that a program leaves behind, and ends it", async () => {
    const child = "setInterval(() => {}, 1000);";
    const { exitCode, stdout } = await node(
      `const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' });
       console.log(child.pid); process.exit(0);`,
    );
    expect(exitCode).toBe(0);
    await expectGone(Number(stdout));
  });

  it("says what could not be started", async () => {
    const { exitCode, output } = await runCommand("no-such-program", [], { timeoutMs: 1000 });
    expect(exitCode).toBe(1);
    expect(output).toContain("Could not be started");
  });
});

async function expectGone(pid: number): Promise<void> {
  expect(pid).toBeGreaterThan(0);
  await expect.poll(() => isRunning(pid), { timeout: 5000, interval: 10 }).toBe(false);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A killed process keeps its number until its parent has asked after it, which may take the system's first one long.
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, "utf8"));
}
