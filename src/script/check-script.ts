import { TurnError } from "../errors.ts";
import { checkDuration, checkFunction, checkName, checkObject, checkString } from "../internal/check-argument.ts";
import { describeValue } from "../internal/describe-value.ts";
import { utf8Bytes } from "./crossing.ts";
import type { HostFunction } from "./host-function.ts";
import type { OpenScriptOptions } from "./script-runtime-contract.ts";
import type { ScriptSource } from "./vm/vm.ts";

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** What is to be evaluated, from what a caller gave: a misuse is a `TypeError`, too much is `script-limit`. */
export function checkScript(
  options: OpenScriptOptions,
  runtimeHost: Readonly<Record<string, HostFunction>>,
  sourceBytes: number,
): ScriptSource {
  checkObject("options", options);
  const { source, fileName = "script.js", modules = {}, host = {} } = options;
  checkString("source", source);
  checkName("fileName", fileName);
  checkObject("modules", modules);
  checkHost(host);
  if (options.tenant !== undefined) checkString("tenant", options.tenant);
  if (options.timeoutMs !== undefined) checkDuration("timeoutMs", options.timeoutMs);
  let bytes = 0;
  for (const [name, text] of [[fileName, source], ...Object.entries(modules)] as const) {
    checkString(`The source of ${name}`, text);
    // The engine reads sources as C strings, to the first zero.
    if (text.includes("\0")) throw new TurnError("script-error", `${name}: a source cannot hold a NUL character`);
    bytes += text.length > sourceBytes ? text.length : utf8Bytes(text);
  }
  if (bytes > sourceBytes) {
    throw new TurnError("script-limit", `The script has ${bytes} bytes, the limit is ${sourceBytes} (sourceBytes)`);
  }
  const hosts = [...new Set([...Object.keys(runtimeHost), ...Object.keys(host)])];
  return { fileName, source, modules: Object.entries(modules), hosts };
}

/** Host functions become globals of scripts, so their names have to be names. */
export function checkHost(host: Readonly<Record<string, HostFunction>> | undefined): void {
  if (host === undefined) return;
  checkObject("host", host);
  for (const [name, fn] of Object.entries(host)) {
    if (!IDENTIFIER.test(name)) throw new TypeError(`host: ${describeValue(name)} is no name for a global function`);
    checkFunction(`host.${name}`, fn);
  }
}
