import { afterAll, expect, it } from "vitest";
import type { NewRun, RunProgress, RunStore, RunTransaction } from "../../src/run/run-store.ts";
import { memoryStore } from "../../src/run/memory-store.ts";
import { sqliteStore } from "../../src/sqlite/index.ts";
import type { ExecutionState } from "../../src/substrate/execution.ts";
import { hostileTexts, readAll, sampleRun } from "../run/sample-run.ts";
import { createRandom, type Random } from "../support/random.ts";
import { temporaryFolder } from "./temporary-folder.ts";

// Random transactions on the memory store and on SQLite: every answer must be the same. A failure names its seed.

const folder = temporaryFolder();
afterAll(() => folder.remove());

const SEEDS = 40;
const TRANSACTIONS = 60;
const firstSeed = Number(process.env["TURNWIRE_SEED"] ?? Date.now() % 1_000_000);

const states: readonly ExecutionState[] = [
  "queued",
  "claimed",
  "running",
  "waiting_for_approval",
  "resuming",
  "cancelling",
  "settling",
  "completed",
  "failed",
  "cancelled",
];
const documents = ["input", "checkpoint", "outcome"] as const;

type Step = (tx: RunTransaction) => unknown;

const sessions = ["s", "ss", "a\0b", "\ud800", "\udfff"];

function progress(random: Random): Partial<RunProgress> {
  const all: { -readonly [K in keyof RunProgress]: RunProgress[K] } = {
    state: random.pick(states),
    blocked: random.below(2) === 0,
    epoch: random.below(5),
    workerId: random.chance(0.5) ? undefined : random.pick(["w1", "w2", "w\0"]),
    wakeAt: random.chance(0.5) ? undefined : random.below(50),
    leaseUntil: random.below(50),
    attempt: 1 + random.below(3),
    recoveries: random.below(3),
    lastEventId: 0,
    trimmedThrough: 0,
    keep: random.below(9),
    queueAnnounced: random.below(2) === 0,
    deadlineAt: random.chance(0.5) ? undefined : random.below(50),
    deadlineLeftMs: random.chance(0.5) ? undefined : random.below(50),
    finishedAt: random.chance(0.5) ? undefined : random.below(50),
  };
  const chosen = Object.entries(all).filter(
    ([name]) => !/lastEventId|trimmedThrough/.test(name) && random.below(3) === 0,
  );
  return Object.fromEntries(chosen) as Partial<RunProgress>;
}

/** One thing to do, decided before any store sees it. */
function nextStep(random: Random): Step {
  const id = `p:s:${random.below(12)}`;
  const session = random.pick(sessions);
  const tenant = random.pick(["t", "u"]);
  const small = random.below(9);
  const text = random.pick(hostileTexts);
  const onRun =
    (body: (tx: RunTransaction, run: NonNullable<ReturnType<RunTransaction["getRun"]>>) => unknown): Step =>
    (tx) => {
      const run = tx.getRun(id);
      return run === undefined ? "no run" : body(tx, run);
    };
  const given: Partial<NewRun> = {
    executionId: id,
    sessionId: session,
    tenantId: tenant,
    userId: text,
    agent: random.pick(["default", "newer"]),
    priority: random.below(3),
    blocked: random.below(4) === 0,
  };
  const agents = random.pick([["default"], ["newer", "default"], []]);
  const changes = progress(random);
  const count = random.pick([1, 1, 2, 5, 300, 511, 512, 513]);
  const question = random.below(8);
  const approvalId = `a${question}`;
  const asker = `p:s:${question % 3}`;
  const filter = {
    ...(random.below(2) === 0 ? {} : { tenantId: tenant }),
    ...(random.below(2) === 0 ? {} : { sessionId: session }),
    ...(random.below(2) === 0 ? {} : { states: [random.pick(states), random.pick(states)] }),
  };
  const steps: readonly Step[] = [
    (tx) => tx.getRun(id) ?? tx.insertRun(sampleRun(small, given)),
    (tx) => tx.getRun(id) ?? tx.insertRun(sampleRun(small, given)),
    onRun((tx, run) => tx.updateRun(run, changes)),
    onRun((tx, run) => tx.updateRun(run, changes)),
    onRun((tx, run) => {
      if (run.trimmedThrough > 0) return;
      const events = Array.from({ length: count }, (_, n) => JSON.stringify({ type: "e", data: { text, n } }));
      tx.appendEvents(run, run.lastEventId + 1, events);
      tx.updateRun(run, { ...(small < 4 ? changes : {}), lastEventId: run.lastEventId + count });
    }),
    onRun((tx, run) => {
      if (small > 2 || run.lastEventId === 0) return;
      tx.trimEvents(run);
      tx.updateRun(run, { trimmedThrough: run.lastEventId });
    }),
    onRun((tx, run) => readAll(tx, run, small * 20, 1 + small * 30)),
    onRun((tx, run) => tx.putDocument(run, documents[small % 3] ?? "input", { text, count })),
    onRun((tx, run) => documents.map((name) => tx.getDocument(run, name))),
    onRun((tx) =>
      tx.putApproval({
        approvalId,
        executionId: asker,
        index: question,
        toolName: text,
        input: { text },
        status: "pending",
        consumed: false,
      }),
    ),
    (tx) => [tx.getApproval(approvalId), tx.approvals(asker)],
    (tx) =>
      tx.putTranscript({
        tenantId: tenant,
        sessionId: session,
        turnIndex: small,
        executionId: id,
        message: text,
        answer: text,
      }),
    (tx) => tx.transcript(tenant, session, small, count),
    (tx) => [tx.nextClaimable(agents), tx.waitingRuns(small), tx.liveRuns(tenant, session), tx.nextWakeAt(agents)],
    (tx) => [tx.ownedRuns("w1", changes.state ?? "running"), tx.dueRuns(small * 6, small, agents)],
    (tx) => tx.listRuns(filter, small),
    (tx) => tx.trimmableRuns(small, small % 3),
  ];
  return random.pick(steps);
}

/** What a transaction says: its answers, or that it failed. */
async function outcome(store: RunStore, steps: readonly Step[], fails: boolean): Promise<unknown> {
  try {
    return await store.transact((tx) => {
      const answers = steps.map((step) => step(tx) ?? "nothing");
      if (fails) throw new Error("on purpose");
      return answers;
    });
  } catch (error) {
    return String(error);
  }
}

it(
  `memory and SQLite give the same answers (first seed ${firstSeed}; TURNWIRE_SEED repeats it)`,
  { timeout: 120_000 },
  async () => {
    for (let seed = firstSeed; seed < firstSeed + SEEDS; seed++) {
      const random = createRandom(seed);
      const memory = memoryStore();
      const sqlite = sqliteStore({ path: `${folder.path}/${seed}.db` });
      for (let n = 0; n < TRANSACTIONS; n++) {
        const steps = Array.from({ length: 1 + random.below(6) }, () => nextStep(random));
        const fails = random.below(4) === 0;
        const expected = await outcome(memory, steps, fails);
        expect(await outcome(sqlite, steps, fails), `seed ${seed}, transaction ${n}`).toStrictEqual(expected);
      }
      await memory.close();
      await sqlite.close();
    }
  },
);
