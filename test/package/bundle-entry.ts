import { build } from "esbuild";
import { packageJson, projectFolder } from "./entries.ts";

export interface Bundle {
  readonly code: string;
  /** What the bundle leaves for others to provide: peers and built-in modules. */
  readonly externals: readonly string[];
}

/** A module of `src/` with all that it reaches, as a browser's or an edge runtime's bundler would take it. */
export async function bundle(source: string, options: { readonly minify: boolean }): Promise<Bundle> {
  const result = await build({
    absWorkingDir: projectFolder,
    entryPoints: [source],
    bundle: true,
    write: false,
    metafile: true,
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
    ],
    logLevel: "silent",
  });
  const imports = Object.values(result.metafile.outputs).flatMap((output) => output.imports);
  return {
    code: result.outputFiles.map((file) => file.text).join("\n"),
    externals: imports.filter((one) => one.external === true).map((one) => one.path),
  };
}
