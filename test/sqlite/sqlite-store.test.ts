import { afterAll, describe, expect, it } from "vitest";
import { sqliteSuites } from "./sqlite-suites.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

for (const [name, suite] of Object.entries(sqliteSuites(folder.path)))
  describe(name, () => suite({ describe, it, expect }));
