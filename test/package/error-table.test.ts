import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { isTurnErrorCode } from "../../src/errors.ts";
import { TurnError, type TurnErrorCode } from "../../src/index.ts";
import { projectFolder } from "./entries.ts";

const read = (file: string): string => readFileSync(`${projectFolder}${file}`, "utf8");

it("the README's table of errors is the code's, whole", () => {
  const rows = [...read("README.md").matchAll(/^\| `([a-z-]+)` +\| (\d{3}) +\| (yes|no) +\|/gm)];
  const told = rows.map(([, code, status, retryable]) => `${code} ${status} ${retryable}`);
  // The declared union is in the snapshot of the API, in whatever way the code spells it.
  const union = /type TurnErrorCode = ([^;]*);/.exec(read("test/package/snapshots/turnwire.snap"))?.[1] ?? "";
  const codes = [...union.matchAll(/"([a-z-]+)"/g)].map(([, code]) => code as TurnErrorCode);
  expect(codes.length).toBeGreaterThan(30);
  expect(codes.filter((code) => !isTurnErrorCode(code))).toEqual([]);
  const real = codes
    .map((code) => new TurnError(code, ""))
    .map(({ code, status, retryable }) => `${code} ${status} ${retryable ? "yes" : "no"}`);
  expect(told.sort()).toEqual(real.sort());
});
