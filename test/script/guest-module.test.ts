import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { guestModule } from "../../src/script/guest/guest-module.generated.ts";
import { packageJson, projectFolder } from "../package/entries.ts";
import { version } from "../../src/inference/index.ts";
import { bundleGuest } from "./bundle-guest.ts";

// It is parsed for every context that imports it.
const MAX_GUEST_BYTES = 30_000;

it("what is generated is what the sources make now; if not, run `npm run generate`", async () => {
  for (const { path, text } of await bundleGuest()) {
    expect(readFileSync(projectFolder + path, "utf8") === text, `${path} is stale`).toBe(true);
  }
});

it("the module that scripts import keeps within its size", () => {
  expect(new TextEncoder().encode(guestModule).length).toBeLessThanOrEqual(MAX_GUEST_BYTES);
});

it("the core knows the package's version", () => {
  expect(version).toBe((packageJson as unknown as { readonly version: string }).version);
});
