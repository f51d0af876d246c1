import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectTests, type TestResult } from "../support/mini-test.ts";
import { conformanceSuite } from "./conformance-suite.ts";
import { startWorkerd, type Workerd } from "./start-workerd.ts";
import { storageFolder } from "./storage-folder.ts";

const suite = conformanceSuite(() => {
  throw new Error("Only inside of workerd");
});
const names = collectTests({ cloudflare: suite }).map(({ name }) => name);
// Above the suite's own limit for a test.
const ANSWER_MS = 20_000;

describe("Durable Objects in a real workerd keep what a substrate guarantees", () => {
  const folder = storageFolder();
  let workerd: Workerd;

  beforeAll(async () => {
    const TURNS = { service: "tests", className: "TestTurnObject" };
    const tests = {
      entry: "conformance-worker.ts",
      objects: [TURNS.className],
      bindings: { TURNS },
      listens: true,
    };
    workerd = await startWorkerd({ tests }, { folder: folder.path });
  }, 30_000);
  afterAll(async () => {
    await workerd.kill();
    folder.remove();
  });

  const ask = async <T>(path: string): Promise<T> => {
    // Each on a connection of its own: a kept one may be closed at the moment in which it is used again.
    const init = { headers: { connection: "close" }, signal: AbortSignal.timeout(ANSWER_MS) };
    return (await (await fetch(`${workerd.urls["tests"]}/${path}`, init)).json()) as T;
  };

  it("there are the same tests inside", async () => {
    expect(await ask("tests")).toEqual(names);
  });

  it.each(names.map((name, index) => ({ title: name.split(" > ").slice(2).join(" > "), index })))(
    "$title",
    { timeout: 2 * ANSWER_MS },
    async ({ index }) => {
      expect(await ask<TestResult>(String(index))).toMatchObject({ ok: true });
    },
  );
});
