import { createDeferred } from "../../src/internal/deferred.ts";
import { nextMacrotask } from "../../src/internal/macrotask.ts";
import type { SubstrateFixture } from "../../src/substrate/conformance/index.ts";
import type { ReferenceDisk } from "./reference-row.ts";
import { ReferenceSubstrate } from "./reference-substrate.ts";

export type ReferenceClass = new (...args: ConstructorParameters<typeof ReferenceSubstrate>) => ReferenceSubstrate;

/** A fixture with every capability around the reference substrate or one of its mutants. */
export function openReference(
  Class: ReferenceClass = ReferenceSubstrate,
  envelope: "stored" | "none" = "stored",
): SubstrateFixture {
  const disk: ReferenceDisk = { rows: new Map() };
  const create = (): ReferenceSubstrate => new Class({ envelope, disk, slots: 4 });
  let current = create();
  let second: ReferenceSubstrate | undefined;
  return {
    substrate: current,
    slots: current.slots,
    settles: true,
    another: async () => (second = create()),
    reopen: async () => {
      current.crash();
      second?.crash();
      current = create();
      for (const row of disk.rows.values()) current.recover(row);
      current.fillSlots();
      return current;
    },
    trim: async ({ executionId }) => current.trim(executionId),
    stall: async ({ executionId }) => {
      const frozen = createDeferred<void>();
      current.freeze(frozen.promise);
      const successor = create();
      const row = disk.rows.get(executionId);
      if (row !== undefined) successor.recover(row);
      successor.fillSlots();
      return {
        successor,
        wake: async () => {
          frozen.resolve();
          for (let turn = 0; turn < 5; turn++) await nextMacrotask();
        },
      };
    },
    close: () => {
      current.crash();
      second?.crash();
    },
  };
}
