import { expect, it } from "vitest";
import { defineTurnObject, type ObjectState } from "../../src/cloudflare/index.ts";

// A log that throws, as one does that writes JSON of an error with a cycle in it.

/** An object that something was opened in, and whose storage has failed since. */
function brokenState(alarms: number[]): ObjectState {
  const fail = (): never => {
    throw new Error("disk I/O error");
  };
  return {
    storage: {
      sql: {
        exec: (query) => (query.includes("sqlite_master") ? { toArray: () => [{ 1: 1 }], rowsWritten: 0 } : fail()),
      },
      transactionSync: fail,
      getAlarm: () => Promise.resolve(null),
      setAlarm(at) {
        alarms.push(at);
        return Promise.resolve();
      },
    },
    blockConcurrencyWhile: (body) => body(),
  };
}

it("does not keep an alarm that did nothing from being set again, nor a caller from its answer", async () => {
  const alarms: number[] = [];
  const told: string[] = [];
  const TurnObject = defineTurnObject({
    agents: {
      default: async function* () {
        yield { type: "status" };
      },
    },
    log: (message) => {
      told.push(message);
      throw new TypeError("Converting circular structure to JSON");
    },
  });
  const object = new TurnObject(brokenState(alarms), {});
  await object.alarm();
  expect(alarms).toHaveLength(1);
  expect(told).toContain("The object's alarm did nothing; it is set again");
  const call = JSON.stringify({ call: "inspect", executionId: "p:s:0" });
  const answer = await object.fetch(new Request("https://object/", { method: "POST", body: call }));
  expect(await answer.json()).toMatchObject({ code: "store-failed" });
});
