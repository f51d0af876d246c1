import { closeSync, openSync } from "node:fs";
import { testRuntime, turnErrorOf } from "./script-support.ts";

// A program that has as many files open as it may when it wants a child process, and fewer later.
const source = "export default () => 'served';";
const warm = testRuntime({ isolation: "process" });
await warm.openScript({ source });
await warm.close();

const open: number[] = [];
try {
  for (;;) open.push(openSync("/dev/null", "r"));
} catch {
  // That was the last one.
}
const runtime = testRuntime({ isolation: "process" });
const { code, message } = await turnErrorOf(runtime.openScript({ source }));
console.log(`${code}: ${message}`);
for (const one of open) closeSync(one);
const script = await runtime.openScript({ source });
console.log(`then ${String(await script.call("default"))}`);
await runtime.close();
