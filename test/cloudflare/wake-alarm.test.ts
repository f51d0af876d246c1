import { describe, expect, it } from "vitest";
import type { ObjectStorage } from "../../src/cloudflare/index.ts";
import { WakeAlarm } from "../../src/cloudflare/wake-alarm.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

/** The clock's time. */
const NOW = 1_000_000;

/** A storage that has nothing but an alarm, and notes each time that one is set. */
async function openAlarm(stored: number | null = null) {
  const clock = createVirtualClock();
  const sets: number[] = [];
  const failures: unknown[] = [];
  let refuses = false;
  const storage: Pick<ObjectStorage, "getAlarm" | "setAlarm"> = {
    getAlarm: () => Promise.resolve(stored),
    setAlarm: (at) => {
      if (refuses) return Promise.reject(new Error("No alarm today"));
      sets.push(at);
      return Promise.resolve();
    },
  };
  const alarm = new WakeAlarm(storage as ObjectStorage, clock, (error) => failures.push(error));
  await alarm.load();
  const want = (at: number | undefined): void => {
    alarm.want(at);
    alarm.set();
  };
  return { alarm, sets, failures, want, refuse: (yes: boolean) => (refuses = yes) };
}

describe("the object's alarm", () => {
  it("is set when something is wanted, and moved to an earlier time only", async () => {
    const { sets, want } = await openAlarm();
    for (const at of [undefined, NOW + 4000, NOW + 5000, NOW + 4000, NOW + 2000, undefined, NOW + 3000]) want(at);
    expect(sets).toEqual([NOW + 4000, NOW + 2000]);
  });

  it("is not set for a time that the platform refuses because it never comes", async () => {
    const { sets, want } = await openAlarm();
    for (const at of [Number.MAX_SAFE_INTEGER, 1e300, Date.UTC(2200, 0), NOW + 1000]) want(at);
    expect(sets).toEqual([NOW + 1000]);
  });

  it("is the one that an earlier instance has set", async () => {
    const { sets, want } = await openAlarm(NOW + 2000);
    want(NOW + 3000);
    expect(sets).toEqual([]);
    want(NOW + 1000);
    expect(sets).toEqual([NOW + 1000]);
  });

  it("that was set by an earlier instance and never went off holds up no other", async () => {
    const { sets, want } = await openAlarm(NOW - 100);
    want(NOW + 3000);
    expect(sets).toEqual([NOW + 3000]);
  });

  it("is not set while it is answered, and afterwards to what is wanted then", async () => {
    const { alarm, sets, want } = await openAlarm(NOW + 2000);
    await alarm.answer(async () => {
      // What is due is seen to right now.
      want(NOW);
      await Promise.resolve();
      want(NOW + 8000);
    });
    expect(sets).toEqual([NOW + 8000]);
    await alarm.answer(() => Promise.resolve(want(undefined)));
    expect(sets).toEqual([NOW + 8000]);
  });

  it("is set also when what it went off for has failed", async () => {
    const { alarm, sets, want } = await openAlarm();
    want(NOW + 1000);
    await expect(alarm.answer(() => Promise.reject(new Error("Trouble")))).rejects.toThrow("Trouble");
    expect(sets).toEqual([NOW + 1000, NOW + 1000]);
  });

  it("that could not be set is tried again with the next transaction", async () => {
    const { sets, failures, want, refuse } = await openAlarm();
    refuse(true);
    want(NOW + 1000);
    await Promise.resolve();
    await Promise.resolve();
    expect(failures).toHaveLength(1);
    refuse(false);
    want(NOW + 1000);
    expect(sets).toEqual([NOW + 1000]);
  });
});
