import { isTurnError } from "../../src/errors.ts";
import { createTextAccumulator } from "../../src/event/text-accumulator.ts";
import { isTerminal, type TurnEvent } from "../../src/event/turn-event.ts";
import { createRandom, type Random } from "../support/random.ts";
import { answerOf, decisionText, type Step, type Steps } from "./steps-agent.ts";
import { idOf, openWorld, type TurnWorkers, type TurnWorld } from "./turn-workers.ts";

export interface KillReport {
  readonly kills: number;
  readonly turns: number;
  readonly ends: Readonly<Record<string, number>>;
  readonly events: number;
  readonly restarts: number;
  /** Answers that were persisted by more than one instance. */
  readonly persistedAgain: number;
  /** What was not as promised; empty when all was. */
  readonly broken: readonly string[];
}

const IN_FLIGHT = 10;
const END_MS = 60_000;

interface Turn {
  readonly sessionId: string;
  readonly world: TurnWorld;
  readonly steps: Steps;
  /** `once`: an agent that is not begun again. */
  readonly agent: "default" | "once";
  /** How many events are read before it is stopped. */
  readonly cancelAt: number;
  read: TurnEvent[];
}

/**
 * Kills workerd at random moments while clients start turns, read them, decide and stop; then lets everything come to
 * its end, and looks at what was read, stored and persisted.
 */
export async function killAtRandom(
  workers: TurnWorkers,
  { kills, seed }: { readonly kills: number; readonly seed: number },
): Promise<KillReport> {
  const random = createRandom(seed);
  const worlds = [openWorld(workers, "crash"), openWorld(workers, "batched")];
  const turns: Turn[] = [];
  const broken: string[] = [];
  let ending = false;

  /** One reader after the other, each of a turn of its own. */
  async function keepReading(): Promise<void> {
    while (!ending) {
      const turn = newTurn(random, turns.length, worlds, seed);
      turns.push(turn);
      await readToEnd(turn).catch((error: unknown) => broken.push(`${turn.sessionId}: its reader: ${String(error)}`));
    }
  }

  const readers = Array.from({ length: IN_FLIGHT }, () => keepReading());
  for (let kill = 0; kill < kills; kill++) {
    await sleep(random.chance(0.2) ? random.below(20) : 20 + random.below(150));
    await workers.kill();
  }
  ending = true;
  const late = sleep(END_MS).then(() => "late");
  if ((await Promise.race([Promise.all(readers), late])) === "late") {
    const stuck = turns.filter(({ read }) => !read.some(isTerminal)).map(({ sessionId }) => sessionId);
    broken.push(`stuck: ${stuck.join(", ")}`);
  }

  const ends: Record<string, number> = {};
  let persistedAgain = 0;
  for (const turn of turns.filter(({ read }) => read.some(isTerminal))) {
    const { instances, end } = await check(turn, broken);
    if (instances > 1) persistedAgain++;
    const name = `${turn.agent} ${end}`;
    ends[name] = (ends[name] ?? 0) + 1;
  }
  const read = turns.flatMap((turn) => turn.read);
  const restarts = read.filter(({ type }) => type === "run.restarted").length;
  return { kills, turns: turns.length, ends, events: read.length, restarts, persistedAgain, broken };
}

function newTurn(random: Random, n: number, worlds: readonly TurnWorld[], seed: number): Turn {
  const steps: Step[] = [];
  const pause = (): void => void (random.chance(0.5) && steps.push({ pauseMs: random.below(20) }));
  const count = 3 + random.below(8);
  const checkpointAt = random.chance(0.5) ? random.below(count) : -1;
  const askAt = random.chance(0.4) ? random.below(count) : -1;
  for (let word = 0; word < count; word++) {
    pause();
    steps.push({ say: `${n}.${word} ` });
    if (random.chance(0.2)) steps.push({ tool: `tool-${word}` });
    if (word === checkpointAt) steps.push({ checkpoint: true });
    // Asked once only: a turn that is begun again after its decision goes on behind it.
    if (word === askAt) steps.push({ ask: random.chance(0.3) ? { expiresInMs: 30 } : {} }, { decision: true });
  }
  return {
    sessionId: `random-${seed}-${n}`,
    world: random.pick(worlds),
    steps,
    agent: random.chance(0.2) ? "once" : "default",
    cancelAt: random.chance(0.1) ? 3 + random.below(10) : Infinity,
    read: [],
  };
}

async function readToEnd({ world, sessionId, steps, agent, cancelAt, read }: Turn): Promise<void> {
  const turn = world.client.start({ sessionId, turnIndex: 0, message: "Hello", agent, data: steps });
  const asides: Promise<void>[] = [];
  for await (const event of turn) {
    if (event.id === undefined) continue;
    read.push(event);
    if (read.length === cancelAt) asides.push(turn.cancel("As told"));
    if (event.type === "approval.requested") {
      const decided = turn.approve(String(event.data?.["approvalId"])).catch((error: unknown) => {
        // Its time was up, or a crash or a stop has made it void.
        if (!isTurnError(error, "approval-expired") && !isTurnError(error, "approval-not-found")) throw error;
      });
      asides.push(decided);
    }
  }
  await Promise.all(asides);
}

async function check(turn: Turn, broken: string[]): Promise<{ readonly end: string; readonly instances: number }> {
  const { world, sessionId, steps, read } = turn;
  const executionId = idOf(sessionId);
  const complain = (what: string): void => void broken.push(`${sessionId}: ${what}`);

  const log = await world.log(executionId);
  if (JSON.stringify(log) !== JSON.stringify(read)) complain("its reader has read another log than the stored one");
  log.forEach(({ id }, index) => {
    if (id !== String(index + 1)) complain(`event ${id} stands at ${index + 1}`);
  });
  if (log.filter(isTerminal).length !== 1) complain("it has not one terminal event");
  const end = log.at(-1)?.type.replace("session.run.", "") ?? "nothing";
  if (end !== "completed" && end !== "failed" && end !== "cancelled") complain(`it ended with ${end}`);
  if (end === "failed" && turn.agent !== "once") complain(`it failed: ${JSON.stringify(log.at(-1)?.data)}`);
  if (end === "cancelled" && turn.cancelAt === Infinity) complain("it was cancelled by nobody");

  const notes = await world.notes(executionId);
  const persists = notes.filter(({ what }) => what === "persist");
  const instances = new Set(persists.map(({ boot }) => boot)).size;
  if (persists.length > 0 !== (end === "completed")) complain(`${end}, and persisted ${persists.length} times`);
  if (instances !== persists.length) complain("one instance has persisted it twice");
  if (!notes.some(({ what }) => what === "end")) complain("onTurnEnd never ran");
  if (end === "completed") {
    const answers = ["approve", "expired"].map((decision) => answerOf(steps, decisionText(decision)));
    const text = createTextAccumulator();
    log.forEach((event) => text.add(event));
    for (const said of [text.text(), ...persists.map(({ finalText }) => finalText ?? "")]) {
      if (!answers.includes(said)) complain(`its answer is ${JSON.stringify(said)}`);
    }
  }
  return { end, instances };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}
