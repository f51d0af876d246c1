import turnError from "../errors/turn-error.portable.ts";
import ownerCancel from "../script/owner-cancel.portable.ts";
import ownerErrors from "../script/owner-errors.portable.ts";
import ownerOrder from "../script/owner-order.portable.ts";
import ownerShutdown from "../script/owner-shutdown.portable.ts";
import scriptAbuse from "../script/script-abuse.portable.ts";
import scriptCalls from "../script/script-calls.portable.ts";
import scriptLeaks from "../script/script-leaks.portable.ts";
import scriptLost from "../script/script-lost.portable.ts";
import scriptOrder from "../script/script-order.portable.ts";
import scriptTenants from "../script/script-tenants.portable.ts";
import type { PortableSuite } from "../support/test-api.ts";

/** Every portable suite, by the name that reports show. The runners of all runtimes read this one list. */
export const portableSuites: Readonly<Record<string, PortableSuite>> = {
  "errors/turn-error": turnError,
  "script/owner-cancel": ownerCancel,
  "script/owner-errors": ownerErrors,
  "script/owner-order": ownerOrder,
  "script/owner-shutdown": ownerShutdown,
  "script/script-abuse": scriptAbuse,
  "script/script-calls": scriptCalls,
  "script/script-leaks": scriptLeaks,
  "script/script-lost": scriptLost,
  "script/script-order": scriptOrder,
  "script/script-tenants": scriptTenants,
};
