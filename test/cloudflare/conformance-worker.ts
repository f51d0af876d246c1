import type { ObjectNamespace } from "../../src/cloudflare/index.ts";
import { collectTests, runTest } from "../support/mini-test.ts";
import { conformanceSuite } from "./conformance-suite.ts";

export { TestTurnObject } from "./test-object.ts";

// Lists the conformance tests, and runs one per request, against objects of the same Worker.

interface Env {
  readonly TURNS: ObjectNamespace;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const tests = collectTests({ cloudflare: conformanceSuite(() => env.TURNS) });
    const { pathname } = new URL(request.url);
    if (pathname === "/tests") return Response.json(tests.map(({ name }) => name));
    const test = tests[Number(pathname.slice(1))];
    return test === undefined ? new Response("No such test", { status: 404 }) : Response.json(await runTest(test));
  },
};
