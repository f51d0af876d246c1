import { describe, expect, it } from "vitest";
import { portableSuites } from "./portable-suites.ts";

// The portable suites on the pinned Node, by Vitest itself, which gives better messages than the small runner.
for (const [name, suite] of Object.entries(portableSuites)) {
  describe(name, () => suite({ describe, it, expect }));
}
