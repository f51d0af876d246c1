import { expect, it } from "vitest";
import { runCommand } from "../gate/run-command.ts";
import { requireFreshBuild } from "../package/built.ts";

it("what Cloudflare's own types say of objects, bindings and Workers fits", { timeout: 60_000 }, async () => {
  requireFreshBuild();
  const { exitCode, output } = await runCommand("tsc", ["-p", "test/cloudflare/types"], { timeoutMs: 55_000, env: {} });
  expect(exitCode, output).toBe(0);
});
