import { describeSubstrate } from "../../src/substrate/conformance/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { openReference } from "./reference-fixture.ts";
import { ReferenceSubstrate } from "./reference-substrate.ts";

const suite: PortableSuite = (api) => {
  for (const envelope of ["stored", "none"] as const) {
    describeSubstrate(
      `the reference, envelope ${envelope}`,
      { open: async () => openReference(ReferenceSubstrate, envelope) },
      api,
    );
  }
  describeSubstrate(
    "the reference, with gates that nobody can open",
    {
      open: async () => ({ ...openReference(), gateMs: 20 }),
      skip: { stall: "its test needs a gate that stays shut", settles: "the same", reopen: "the same" },
    },
    api,
  );
};

export default suite;
