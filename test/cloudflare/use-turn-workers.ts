import { afterAll, beforeAll } from "vitest";
import { storageFolder } from "./storage-folder.ts";
import { startTurnWorkers, type TurnWorkers } from "./turn-workers.ts";

/** The Workers and objects for the tests of one file; there from its first test on. */
export function useTurnWorkers(): () => TurnWorkers {
  const folder = storageFolder();
  let workers: TurnWorkers | undefined;

  beforeAll(async () => {
    workers = await startTurnWorkers(folder.path);
  });

  afterAll(async () => {
    await workers?.stop();
    folder.remove();
  });

  return () => {
    if (workers === undefined) throw new Error("The Workers are there once the tests run");
    return workers;
  };
}
