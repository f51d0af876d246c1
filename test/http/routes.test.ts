import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpSuite } from "./http-suite.ts";
import { type RunningServer, SERVING, type ServingRuntime, startServer } from "./start-server.ts";

// The routes on a real listening server of each runtime that can serve, spoken to from outside.

describe.each(Object.keys(SERVING) as ServingRuntime[])("chatTurnRoutes on %s", (runtime) => {
  let server: RunningServer | undefined;

  beforeAll(async () => {
    server = await startServer(runtime, "test/http/server-main.ts");
  }, 30_000);

  afterAll(() => server?.stop());

  httpSuite({ describe, it, expect }, () => server?.url ?? "");
});
