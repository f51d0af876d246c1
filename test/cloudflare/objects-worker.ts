import { probedObject } from "./probed-object.ts";

// The Worker that holds the objects of these tests. Nobody reaches it but through bindings.

export { LedgerObject } from "./ledger-object.ts";

/** Recovery's time is short here, so that no test waits for a minute. */
const SOON = { leaseMs: 300, recovery: { maxAttempts: 1000 } };

/** As a product's: every setting is the default. */
export class PlainObject extends probedObject({}) {}
/** Every event is stored alone, as far as the engine does not tie it to another. */
export class CrashObject extends probedObject({ ...SOON, appendEveryMs: 0 }, { paced: true }) {}
/** Events wait for each other as in a product. */
export class BatchedObject extends probedObject({ ...SOON }) {}
export class EnqueueObject extends probedObject({ session: "enqueue" }) {}
export class InterruptObject extends probedObject({ session: "interrupt" }) {}
export class ParallelObject extends probedObject({ session: "parallel" }) {}
export class TrimmedObject extends probedObject({ ...SOON, retention: { maxAgeMs: 400 } }) {}
/** Writes nothing of the tests' own. */
export class BareObject extends probedObject({ ...SOON }, { records: false }) {}

export default { fetch: (): Response => new Response("The objects are reached by their bindings", { status: 404 }) };
