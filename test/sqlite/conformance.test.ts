import { afterAll, describe, expect, it } from "vitest";
import { engineSuites } from "./engine-suites.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

for (const suite of Object.values(engineSuites(folder.path))) suite({ describe, it, expect });
