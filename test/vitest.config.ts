import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import packageJson from "../package.json" with { type: "json" };

// Tests that import the package by name get its sources, as the type checker does (`paths` in tsconfig.json). Only the
// tests in test/package look at what was built.
const alias = Object.entries(packageJson.exports)
  .filter(([, target]) => typeof target === "object")
  .map(([subpath, target]) => ({
    find: new RegExp(`^${`turnwire${subpath.slice(1)}`.replaceAll("/", "\\/")}$`),
    replacement: fileURLToPath(new URL(`../${sourceOf(target)}`, import.meta.url)),
  }));

function sourceOf(target: string | { readonly default: string }): string {
  const built = typeof target === "string" ? target : target.default;
  return built.replace("./dist/", "src/").replace(/\.js$/, ".ts");
}

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  cacheDir: ".cache/vite",
  resolve: { alias },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // For tests that measure the heap after a forced collection.
    execArgv: ["--expose-gc"],
  },
});
