import { testRuntime } from "./script-support.ts";

// A program that ends while a script holds its child process in a builtin that nothing interrupts.
const runtime = testRuntime({ isolation: "process" });
const script = await runtime.openScript({ source: "export default () => new Array(4e9).indexOf(1);" });
void script.call("default").catch(() => undefined);
setTimeout(() => process.exit(0), 100);
