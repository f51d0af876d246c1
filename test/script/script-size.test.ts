import { gzipSync } from "node:zlib";
import { build, type Metafile, type OutputFile } from "esbuild";
import { describe, expect, it } from "vitest";
import { projectFolder } from "../gate/run-command.ts";

// What `turnwire/script` costs a user, minified and gzipped; a kB has 1000 bytes. QuickJS's glue and the WebAssembly come
// with the first VM, children with the first process, so they stand in chunks of their own.

interface Chunks {
  readonly files: readonly OutputFile[];
  readonly outputs: Metafile["outputs"];
}

async function bundle(): Promise<Chunks> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: projectFolder,
    entryPoints: ["src/script/index.ts"],
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    outdir: "out",
    format: "esm",
    platform: "neutral",
    target: "es2022",
    minify: true,
    legalComments: "none",
    conditions: ["workerd"],
    logLevel: "silent",
  });
  return { files: outputFiles, outputs: metafile.outputs };
}

/** The entry with all that it imports statically. */
function entryChunks({ outputs }: Chunks): string[] {
  const reached = new Set(Object.keys(outputs).filter((name) => outputs[name]?.entryPoint === "src/script/index.ts"));
  for (const name of reached) {
    for (const { path, kind } of outputs[name]?.imports ?? []) if (kind === "import-statement") reached.add(path);
  }
  return [...reached];
}

describe("turnwire/script", () => {
  it("is at most 15 kB without QuickJS, which is loaded only by those who make a VM", async () => {
    const chunks = await bundle();
    const entry = entryChunks(chunks);
    const inputs = entry.flatMap((name) => Object.keys(chunks.outputs[name]?.inputs ?? {}));
    expect(inputs.filter((name) => /prelude\.ts|bridge|quickjs-|@jitl|process-vm/.test(name))).toEqual([]);
    const files = chunks.files.filter(({ path }) => entry.some((name) => path.endsWith(name)));
    expect(files.length).toBe(entry.length);
    const size = gzipSync(Buffer.concat(files.map(({ contents }) => contents)), { level: 9 }).length;
    expect(size).toBeLessThan(15_000);
  });

  it("is at most 26 kB with all of it but the WebAssembly", async () => {
    const { files } = await bundle();
    expect(gzipSync(Buffer.concat(files.map(({ contents }) => contents)), { level: 9 }).length).toBeLessThan(26_000);
  });
});
