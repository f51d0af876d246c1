import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { portableSuites } from "./portable-suites.ts";

// The portable suites on the pinned Node, by Vitest itself, which gives better messages than the small runner.
for (const [name, suite] of Object.entries(portableSuites)) {
  describe(name, () => suite({ describe, it, expect }));
}

it("lists every portable suite under its path", () => {
  const files = readdirSync(fileURLToPath(new URL("..", import.meta.url)), { recursive: true, encoding: "utf8" });
  const suites = files
    .map((file) => file.replaceAll("\\", "/").match(/^(.*)\.portable\.ts$/)?.[1])
    .filter((name) => name !== undefined);
  expect(Object.keys(portableSuites).sort()).toEqual(suites.sort());
});
