import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { projectFolder } from "../gate/run-command.ts";
import { bundle } from "../package/bundle-entry.ts";

// The entry's own size is kept by test/package; here it is what comes with the first VM.

it("turnwire/script loads QuickJS, its WebAssembly and child processes only when a VM is made", async () => {
  const { code, externals } = await bundle("src/script/index.ts", { minify: false });
  expect(externals.filter((name) => name.startsWith("@jitl"))).toEqual([]);
  for (const later of ["settingsText", "QTS_", "SIGKILL"]) expect(code.includes(later), later).toBe(false);
});

it("turnwire/script with all that a VM needs but the WebAssembly is at most 45 kB, the module for scripts included", async () => {
  const { outputFiles } = await build({
    absWorkingDir: projectFolder,
    entryPoints: ["src/script/index.ts"],
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    minify: true,
    legalComments: "none",
    conditions: ["workerd"],
    logLevel: "silent",
  });
  const bytes = gzipSync(Buffer.concat(outputFiles.map(({ contents }) => contents)), { level: 9 }).length;
  expect(bytes).toBeLessThan(45_000);
});
