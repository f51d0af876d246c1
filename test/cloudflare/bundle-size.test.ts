import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { bundleWorker, type WorkerBundle } from "./bundle-worker.ts";

// What `wrangler deploy --minify` uploads. A kB has 1000 bytes.

const MAX_GZIP_BYTES = 60_000;

async function bundleOf(name: string): Promise<{ readonly bundle: WorkerBundle; readonly gzipBytes: number }> {
  const bundle = await bundleWorker(new URL(`./bundle/${name}-worker.ts`, import.meta.url), { minify: true });
  const gzipBytes = bundle.reduce((sum, { bytes }) => sum + gzipSync(bytes).byteLength, 0);
  return { bundle, gzipBytes };
}

it("a Worker with routes and a Durable Object has at most 60 kB, gzipped", async () => {
  const { bundle, gzipBytes } = await bundleOf("plain");
  expect(bundle.map(({ name }) => name)).toEqual(["worker.js"]);
  expect(gzipBytes, `it has ${gzipBytes} bytes`).toBeLessThanOrEqual(MAX_GZIP_BYTES);
  expect(gzipBytes, "it has all its parts").toBeGreaterThan(20_000);
});

it("a script's Worker carries QuickJS once, as a module of its own", async () => {
  const { bundle, gzipBytes } = await bundleOf("script");
  expect(bundle.map(({ kind }) => kind)).toEqual(["esModule", "wasm"]);
  expect(gzipBytes, `it has ${gzipBytes} bytes`).toBeLessThanOrEqual(400_000);
});
