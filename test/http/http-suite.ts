import type { TestApi } from "../support/test-api.ts";
import { describeAccept } from "./suite-accept.ts";
import { describeBreaking } from "./suite-breaking.ts";
import { describeOwnTurns } from "./suite-own-turns.ts";
import { describeRefusals } from "./suite-refusals.ts";
import { describeRoutes } from "./suite-routes.ts";

/** What every server has to do, wherever it runs. `server` is asked for its URL when the tests run. */
export function httpSuite(api: TestApi, server: () => string): void {
  describeRoutes(api, server);
  describeAccept(api, server);
  describeRefusals(api, server);
  describeOwnTurns(api, server);
  describeBreaking(api, server);
}
