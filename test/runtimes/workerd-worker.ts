import { collectTests, describeError, runTest, type CollectedTest } from "../support/mini-test.ts";
import { quickJsWasm } from "../../src/script/workerd/index.ts";
import { provideWasm } from "../script/test-engine.ts";
import { portableSuites } from "./portable-suites.ts";

// The Worker that workerd runs: it lists the portable tests, and runs one per request, because timers and streams work
// only while a request is answered.

// Nothing can be compiled here, so the suites are given what the bundle carries.
provideWasm(quickJsWasm);

let tests: readonly CollectedTest[] | undefined;
const strayErrors: string[] = [];

globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  strayErrors.push(`unhandledrejection: ${describeError(event.reason)}`);
});

export default {
  async fetch(request: Request): Promise<Response> {
    tests ??= collectTests(portableSuites);
    const { pathname } = new URL(request.url);
    if (pathname === "/tests") return Response.json(tests.map(({ name }) => name));
    if (pathname === "/stray-errors") return Response.json(strayErrors);
    const test = tests[Number(pathname.match(/^\/tests\/(\d+)$/)?.[1])];
    return test === undefined ? new Response("No such test", { status: 404 }) : Response.json(await runTest(test));
  },
};
