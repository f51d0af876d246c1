import * as core from "../../src/inference/index.ts";
import type { TestApi } from "../support/test-api.ts";
import { isolationSuite } from "./suite-isolation.ts";
import { runSuite } from "./suite-runs.ts";
import { sessionSuite } from "./suite-sessions.ts";
import { toolSuite } from "./suite-tools.ts";

/** The behaviour of the inference core, in its home on the host. The same suites run inside the VM. */
export default function inferenceBehaviour(api: TestApi): void {
  sessionSuite(api, core);
  runSuite(api, core);
  toolSuite(api, core);
  isolationSuite(api, core);
}
