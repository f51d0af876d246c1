import referenceSubstrate from "../conformance/reference-substrate.portable.ts";
import turnError from "../errors/turn-error.portable.ts";
import fromSubstrate from "../turn/from-substrate.portable.ts";
import type { PortableSuite } from "../support/test-api.ts";

/** Every portable suite, by the name that reports show. The runners of all runtimes read this one list. */
export const portableSuites: Readonly<Record<string, PortableSuite>> = {
  "conformance/reference-substrate": referenceSubstrate,
  "errors/turn-error": turnError,
  "turn/from-substrate": fromSubstrate,
};
