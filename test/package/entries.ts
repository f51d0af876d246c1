import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const projectFolder: string = fileURLToPath(new URL("../..", import.meta.url));

/** A module that users can import. */
export interface Entry {
  /** As users write it: `turnwire/client`. */
  readonly name: string;
  readonly source: string;
  readonly declarations: string;
}

interface PackageJson {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  /** Names of our own for files of declared packages. */
  readonly imports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export const packageJson: PackageJson = JSON.parse(readFileSync(`${projectFolder}package.json`, "utf8")) as PackageJson;

/** All of package.json's `exports` that are code. */
export const entries: readonly Entry[] = Object.entries(packageJson.exports).flatMap(([subpath, target]) =>
  typeof target === "string"
    ? []
    : {
        name: `${packageJson.name}${subpath.slice(1)}`,
        source: target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts"),
        declarations: target.types.replace("./", ""),
      },
);
