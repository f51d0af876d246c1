import { describe, expect, it } from "vitest";
import { describeSubstrate } from "../../src/substrate/conformance/index.ts";
import { openReference } from "./reference-fixture.ts";
import { ReferenceSubstrate } from "./reference-substrate.ts";

for (const envelope of ["stored", "none"] as const) {
  describeSubstrate(
    `the reference substrate, envelope ${envelope}`,
    { open: async () => openReference(ReferenceSubstrate, envelope) },
    { describe, it, expect },
  );
}
