import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { portableSuites } from "./portable-suites.ts";

it("portableSuites lists every *.portable.ts file under its path", () => {
  const files = readdirSync(fileURLToPath(new URL("..", import.meta.url)), { recursive: true, encoding: "utf8" });
  const suites = files
    .map((file) => file.replaceAll("\\", "/").match(/^(.*)\.portable\.ts$/)?.[1])
    .filter((name) => name !== undefined);
  expect(Object.keys(portableSuites).sort()).toEqual(suites.sort());
});
