import { memoryStore } from "../../src/run/index.ts";
import { describeSubstrate } from "../../src/substrate/conformance/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { openEngineFixture } from "./engine-fixture.ts";

const suite: PortableSuite = (api) => {
  for (const replay of ["safe", "unsafe"] as const) {
    describeSubstrate(
      `the run engine in memory, its agent ${replay} to replay`,
      {
        open: async () => {
          const store = memoryStore();
          return openEngineFixture({ open: () => store }, replay);
        },
      },
      api,
    );
  }
};

export default suite;
