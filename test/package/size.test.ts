import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { bundle } from "./bundle-entry.ts";
import { entries } from "./entries.ts";
import { sizeLimits } from "./size-limits.ts";

it("every entry has a size limit, and every limit an entry", () => {
  expect(Object.keys(sizeLimits).sort()).toEqual(entries.map(({ name }) => name).sort());
});

it.each(entries)("$name keeps within its size limit", async ({ name, source }) => {
  const { code } = await bundle(source, { minify: true });
  const size = gzipSync(code, { level: 9 }).byteLength;
  expect(size, `${name} has ${size} bytes; the limits stand in size-limits.ts`).toBeLessThanOrEqual(
    sizeLimits[name] ?? 0,
  );
  expect(size, "an entry is not empty").toBeGreaterThan(50);
});
