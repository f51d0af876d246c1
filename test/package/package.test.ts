import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { runNpm } from "../gate/run-npm.ts";
import { requireFreshBuild } from "./built.ts";
import { packageJson, projectFolder } from "./entries.ts";

interface LockedPackage {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const lockfile = JSON.parse(readFileSync(`${projectFolder}package-lock.json`, "utf8")) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

describe("the published package", () => {
  let files: string[] = [];
  beforeAll(async () => {
    requireFreshBuild();
    const { exitCode, stdout, output } = await runNpm("pack", "--dry-run", "--json", "--ignore-scripts");
    if (exitCode !== 0) throw new Error(output);
    files = findPaths(JSON.parse(stdout));
  });

  it("holds what was built, its sources and the words about it, and nothing else", () => {
    const allowed = /^(dist\/.+|src\/.+\.ts|src\/tsconfig\.json|README\.md|LICENSE|package\.json)$/;
    expect(files.filter((file) => !allowed.test(file))).toEqual([]);
    for (const file of ["dist/index.js", "dist/index.d.ts", "src/index.ts", "README.md", "LICENSE", "package.json"]) {
      expect(files).toContain(file);
    }
  });

  it("has a module and its declarations for every source", () => {
    const sources = files.filter((file) => file.startsWith("src/") && /(?<!\.d)\.ts$/.test(file));
    const built = sources.flatMap((file) =>
      [".js", ".d.ts"].map((end) => file.replace(/^src(.*)\.ts$/, `dist$1${end}`)),
    );
    expect(built.filter((file) => !files.includes(file))).toEqual([]);
  });
});

describe("the dependencies", () => {
  it("of development are pinned exactly", () => {
    const loose = Object.entries(packageJson.devDependencies).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    expect(loose).toEqual([]);
  });

  it("are the locked ones", () => {
    expect(lockfile.packages[""]?.devDependencies).toEqual(packageJson.devDependencies);
  });

  it("are locked by content, with no address to fetch them from", () => {
    const locked = Object.entries(lockfile.packages).filter(([path]) => path !== "");
    expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
    expect(locked.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual([]);
  });
});

it("the top folder holds only what belongs there", () => {
  const allowed = [
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "wrangler.toml",
    "README.md",
    "LICENSE",
    "src",
    "test",
    "examples",
  ];
  // What git does not keep: installed, built, or left by a program.
  const ignored = /^(node_modules|dist|.*\.tgz|.*\.log)$/;
  const strangers = readdirSync(projectFolder).filter(
    (name) => !name.startsWith(".") && !ignored.test(name) && !allowed.includes(name),
  );
  expect(strangers).toEqual([]);
});

/** The paths in npm's report, which is a list of packages in some versions and an object of them in others. */
function findPaths(report: unknown): string[] {
  const packages = Object.values(report as object) as { readonly files: readonly { readonly path: string }[] }[];
  return packages.flatMap((one) => one.files.map(({ path }) => path));
}
