import { build } from "esbuild";
import { packageJson, projectFolder } from "./entries.ts";

export interface Bundle {
  readonly code: string;
  /** What the bundle leaves for others to provide: peers and built-in modules. */
  readonly externals: readonly string[];
}

/** A module of `src/` with all that it imports statically, as a browser's or an edge runtime's bundler would take it. */
export async function bundle(source: string, options: { readonly minify: boolean }): Promise<Bundle> {
  const result = await build({
    absWorkingDir: projectFolder,
    entryPoints: [source],
    bundle: true,
    write: false,
    metafile: true,
    // What is imported when it is first needed is not what the entry costs: it stands in chunks of its own.
    splitting: true,
    outdir: "out",
    format: "esm",
    platform: "neutral",
    target: "es2022",
    minify: options.minify,
    legalComments: "none",
    external: [
      ...Object.keys(packageJson.peerDependencies ?? {}),
      "quickjs-emscripten",
      "quickjs-emscripten-core",
      "node:*",
      ...Object.keys(packageJson.imports ?? {}),
    ],
    logLevel: "silent",
  });
  const { outputs } = result.metafile;
  const loaded = new Set(Object.keys(outputs).filter((name) => outputs[name]?.entryPoint === source));
  for (const name of loaded) {
    for (const { path, kind, external } of outputs[name]?.imports ?? []) {
      if (kind === "import-statement" && external !== true) loaded.add(path);
    }
  }
  const imports = [...loaded].flatMap((name) => outputs[name]?.imports ?? []);
  const files = result.outputFiles.filter(({ path }) => [...loaded].some((name) => path.endsWith(name)));
  return {
    code: files.map((file) => file.text).join("\n"),
    externals: imports.filter((one) => one.external === true).map((one) => one.path),
  };
}
