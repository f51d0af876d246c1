import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** One file of a Worker as it is uploaded. */
export interface WorkerModule {
  readonly name: string;
  readonly kind: "esModule" | "wasm";
  readonly bytes: Uint8Array;
}

/** The files of a Worker, the main one first. */
export type WorkerBundle = readonly [WorkerModule, ...WorkerModule[]];

/**
 * Bundles a Worker as `wrangler deploy` does (its own bundler is the same one) with the settings of our `wrangler.toml`:
 * one module, and beside it the WebAssembly that it imports.
 */
export async function bundleWorker(
  entry: URL,
  { minify = false }: { readonly minify?: boolean } = {},
): Promise<WorkerBundle> {
  const wasm: WorkerModule[] = [];
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    define: { "process.env.NODE_ENV": '"production"' },
    keepNames: false,
    minify,
    legalComments: "none",
    external: ["node:*", "cloudflare:*"],
    logLevel: "error",
    plugins: [
      {
        name: "wasm",
        setup(plugins) {
          plugins.onResolve({ filter: /\.wasm$|\/wasm$/ }, async ({ path, resolveDir, kind, pluginData }) => {
            if (pluginData === "asked") return undefined;
            const found = await plugins.resolve(path, { resolveDir, kind, pluginData: "asked" });
            if (!found.path.endsWith(".wasm")) return found;
            const name = `./module-${wasm.length}.wasm`;
            wasm.push({ name, kind: "wasm", bytes: await readFile(found.path) });
            return { path: name, external: true };
          });
        },
      },
    ],
  });
  const [main] = outputFiles;
  if (main === undefined) throw new Error(`${entry.href} made no bundle`);
  return [{ name: "worker.js", kind: "esModule", bytes: main.contents }, ...wasm];
}
